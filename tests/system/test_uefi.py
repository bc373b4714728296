# SPDX-License-Identifier: BSD-2-Clause
"""freehold.efi starts Freehold from UEFI firmware with no other loader, or says why not and returns."""
import os

import beds
import machine
import mkesp
import mkiso
import pytest

# Five seconds of the shell's countdown and a busy host.
PATIENCE = 200
SHELL_PROGRAM = "freehold\\freehold.efi"


def start(boot, tree, mem="1G", cpus=2):
    """Boots the tree as a FAT disk. Without a BOOTX64.EFI the firmware's shell runs its startup.nsh. What the
    firmware writes there, its variables, does not go into the tree: that QEMU now and then gets wrong."""
    command = ["qemu-system-x86_64", "-machine", "q35", *machine.qemu_accel("EPYC", False),
               "-smp", str(cpus), "-m", mem, "-display", "none", "-nic", "none",
               "-bios", machine.UEFI_FIRMWARE, "-drive", f"file=fat:{tree},format=raw,snapshot=on"]
    return boot.start(beds.QemuBed, None, command=command)


def make_tree(build, folder, config="# nothing to start\n", images=None):
    with open(folder / "conf", "w", encoding="ascii") as text:
        text.write(config)
    mkesp.build(os.path.join(build, "freehold.efi"), str(folder / "conf"), images or {},
                str(folder / "esp"))
    return folder / "esp"


def start_by_shell(boot, tree, *lines):
    """The firmware's shell runs these lines. On a busy host the firmware now and then gives its shell up,
    since the serial line, one of its consoles, is slow. That is no matter of ours: it is started again."""
    os.rename(tree / mkesp.MARK, tree / "freehold" / "freehold.efi")
    (tree / "startup.nsh").write_text("".join(f"{line}\r\n" for line in ("fs0:", *lines)))
    for _ in range(4):
        bed = start(boot, tree)
        said = bed.expect(r"freehold: UEFI loader|No bootable option or device was found", PATIENCE)
        if said.group(0).startswith("freehold"):
            return bed
        bed.stop()
    raise AssertionError("the firmware's shell did not come up")


# With 6 GiB the firmware's own things lie above 4 GiB, where the kernel's entry could not run.
@pytest.mark.parametrize("mem", ["1G", "6G"])
def test_starts(boot, build, tmp_path, mem):
    image = tmp_path / "image"
    image.write_bytes(bytes(range(256)) * 20000)
    bed = start(boot, make_tree(build, tmp_path, images={"some-image": str(image)}), mem)
    bed.expect_prompt(PATIENCE)
    log = bed.command("log")
    assert any("loader: freehold.efi" in line for line in log), log
    assert any("image some-image: 5120000 bytes" in line for line in log), log
    ram = next(int(line.split("memory: ")[1].split()[0]) for line in log if "memory: " in line)
    assert ram > int(mem[:-1]) * 1024 * 1024 * 0.95, log
    assert len([line for line in bed.command("host") if line.startswith("cpu ")]) == 2


def test_load_options(boot, build, tmp_path):
    tree = make_tree(build, tmp_path)
    bed = start_by_shell(boot, tree, SHELL_PROGRAM + " smt=share")
    bed.expect_prompt(PATIENCE)
    log = bed.command("log")
    assert any("cpu: smt=share: " in line for line in log), log


# What is done to the tree, and what is said of it.
REFUSALS = {
    "no-configuration": (lambda tree: os.remove(tree / "freehold" / "freehold.conf"),
                         "there is no .freehold.freehold.conf on the volume"),
    "empty-configuration": (lambda tree: (tree / "freehold" / "freehold.conf").write_text(""),
                            "freehold.conf: it is empty"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusal_returns_to_the_firmware(boot, build, tmp_path, name):
    spoil, sentence = REFUSALS[name]
    tree = make_tree(build, tmp_path)
    spoil(tree)
    bed = start_by_shell(boot, tree, SHELL_PROGRAM, "echo the shell goes on")
    bed.expect(sentence, PATIENCE)
    bed.expect("not started; back to the firmware")
    bed.expect("the shell goes on")


def test_a_bad_image_is_left_out(boot, build, tmp_path):
    """The others are worth starting. What is wrong stands on the firmware's screen and in the log."""
    good = os.path.join(build, "tiny", "hello.elf")
    tree = make_tree(build, tmp_path, "create here cpus=1 memory=4M kernel=good\n"
                     "create gone cpus=1 memory=4M kernel=hollow\n", {"good": good})
    (tree / "freehold" / "images" / "hollow").touch()
    (tree / "freehold" / "images" / "blank in it").write_text("x")
    (tree / "freehold" / "images" / ("long" * 10)).write_text("x")
    bed = start(boot, tree)
    bed.expect("images.hollow: it is empty; I go on without it", PATIENCE)
    bed.expect_prompt(PATIENCE)
    assert "its name has blanks, or what is not ASCII; I go on" in bed.serial.all
    assert "its name is longer than 31 characters; I go on" in bed.serial.all
    log = bed.command("log")
    assert any('module "hollow" at 0x0 refused: it is empty, or the loader could not' in line
               for line in log), log
    assert [line.split()[0] for line in bed.command("list")[1:]] == ["here"]
    assert any(line.startswith("good ") for line in bed.command("images"))


def test_no_foreign_tree_is_replaced(build, tmp_path):
    """Made twice it is the second one; with another's loader beside it, it is left alone."""
    image = tmp_path / "conf"
    tree = make_tree(build, tmp_path)
    tree = make_tree(build, tmp_path, images={"once": str(image)})
    make_tree(build, tmp_path)
    assert os.listdir(tree / "freehold" / "images") == []
    (tree / "EFI" / "debian").mkdir()
    (tree / "EFI" / "debian" / "grubx64.efi").write_bytes(b"MZ")
    with pytest.raises(mkiso.Refused, match="holds more than a tree"):
        make_tree(build, tmp_path)
    assert (tree / mkesp.MARK).exists()


def test_names_that_are_one_on_fat(build, tmp_path):
    with pytest.raises(mkiso.Refused, match="'linux' and 'Linux' are one file on FAT"):
        mkesp.build(os.path.join(build, "freehold.efi"), __file__,
                    {"linux": __file__, "Linux": __file__}, str(tmp_path / "esp"))
