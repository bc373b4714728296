# SPDX-License-Identifier: BSD-2-Clause
"""What a Linux boot costs in Freehold, beside the same kernel and initrd on the bare emulator; and that
both stock kernels come to their shells on the other beds."""
import os
import subprocess

import pytest
from conftest import GUESTS, ROOT
from kernel_stamp import initrd_with, stamped
from linux_guest import Guest, exits, partitions

import beds

# From the kernel's 64-bit entry to the first instruction of the first process, in instructions.
COST_RATIO = 1.03
EXITS = 15_000

CMDLINE = "console=ttyS0 quiet rdinit=/boot_init"
CONFIG = """
create linux vcpus=1 memory=512M kernel=kernel initrd=initrd cmdline="{cmdline}"
start linux
"""
MEASURED = r"entry ([0-9a-f]{16}) init ([0-9a-f]{16})\n"


@pytest.fixture(scope="module")
def boot_images(linux_images, tmp_path_factory):
    """The cloud kernel that tells when it was entered, and an initrd whose init tells when it began."""
    folder = tmp_path_factory.mktemp("boot")
    program = folder / "boot_init"
    subprocess.run(["gcc", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-nostdlib", "-static",
                    "-ffreestanding", "-fno-stack-protector", "-o", program,
                    os.path.join(ROOT, "tests", "guests", "linux", "boot_init.c")], check=True)
    with open(linux_images["cloud-kernel"], "rb") as kernel:
        (folder / "kernel").write_bytes(stamped(kernel.read()))
    with open(linux_images["cloud-initrd"], "rb") as initrd:
        (folder / "initrd").write_bytes(
            initrd_with(initrd.read(), {"boot_init": (0o755, program.read_bytes())}))
    return {"kernel": str(folder / "kernel"), "initrd": str(folder / "initrd")}


def read_cost(bed):
    entry, init = (int(word, 16) for word in bed.expect(MEASURED, 120).groups())
    assert 0 < entry < init
    return init - entry


def bare_cost(boot, images):
    command = ["qemu-system-x86_64", "-accel", "tcg", "-icount", "shift=0,sleep=off", "-cpu", "EPYC",
               "-machine", "q35", "-smp", "1", "-m", "512M", "-display", "none", "-nic", "none",
               "-kernel", images["kernel"], "-initrd", images["initrd"], "-append", CMDLINE]
    return read_cost(boot.start(beds.QemuBed, None, command=command))


def our_cost(boot, images, cmdline):
    """(instructions, {exit: count}) of a boot in Freehold."""
    bed = boot(config=CONFIG.format(cmdline=cmdline), images=images, cpus=1, icount=True)
    bed.expect_prompt()
    bed.send_line("console linux")
    cost = read_cost(bed)
    bed.send("\x1d")
    bed.expect_prompt()
    count = exits(bed, "linux")
    bed.stop()
    return cost, count


def test_boot_costs_little(boot, boot_images):
    """A guest is told the rate of its APIC timer, which the bare kernel waits 0.1 s to measure: to be
    fair, it is to cost no more when it measures, too."""
    bare = bare_cost(boot, boot_images)
    for cmdline in (CMDLINE, CMDLINE + " lapic=notscdeadline"):
        ours, count = our_cost(boot, boot_images, cmdline)
        print(f"{cmdline}: {ours} instructions, bare {bare}: {ours / bare:.3f}; "
              f"{sum(count.values())} exits: {count}")
        assert ours / bare <= COST_RATIO
        assert sum(count.values()) <= EXITS


def come_to_shell(boot, bed=beds.QemuBed, kernel="cloud", timeout=60, **options):
    images = {"kernel": os.path.join(GUESTS, kernel, "vmlinuz"),
              "initrd": os.path.join(GUESTS, f"initrd-{kernel}.gz")}
    machine = boot(bed, images=images, config=CONFIG.format(
        cmdline="console=ttyS0 quiet hostname=linux"), **options)
    machine.expect_prompt()
    guest = Guest(machine, "linux")
    guest.wait_shell(timeout)
    assert guest.run("expr 6 '*' 7; uname -m", timeout) == ["42", "x86_64"]
    assert kernel != "amd64" or "cloud" not in guest.run("uname -r", timeout)[0]
    guest.detach()
    answer = machine.command("stop linux", timeout=120)
    assert not any("force" in line for line in answer), answer
    assert partitions(machine) == {"linux": "stopped"}


def test_shell_from_uefi(boot):
    come_to_shell(boot, firmware="uefi", cpus=2, mem="1G")


@pytest.mark.long
def test_shell_of_the_big_kernel(boot):
    come_to_shell(boot, kernel="amd64", cpus=2, mem="1G", timeout=120)


@pytest.mark.long
@pytest.mark.parametrize("kernel", ["cloud", "amd64"])
def test_shell_in_bochs(boot, kernel):
    come_to_shell(boot, beds.BochsBed, kernel, model="ryzen", mem=1024, timeout=900, deadline=1500)
