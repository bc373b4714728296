# SPDX-License-Identifier: BSD-2-Clause
"""A stock kernel in a partition too small for it: refused when it is configured, with the memory that would
do; and that does: the kernel unpacks itself and speaks."""
import re

import pytest

import beds

BEDS = {"qemu": (beds.QemuBed, {"cpus": 2}),
        "skylake": (beds.BochsBed, {"model": "corei7_skylake_x", "deadline": 600}),
        "ryzen": (beds.BochsBed, {"model": "ryzen", "deadline": 600})}
KERNEL = "kernel=cloud-kernel"
CMDLINE = 'cmdline="console=ttyS0 earlyprintk=ttyS0"'


def refused(bed, command, subject, image):
    """The MiB that it asks for."""
    answer = bed.command(command)
    found = re.fullmatch(rf"error: {subject}: {image}: needs memory=(\d+)M or more, and memory=\d+M is less: "
                         r"the kernel takes [\d.]+ MiB from [\d.]+ MiB on(?:, the other images take "
                         r"[\d.]+ [KM]iB)? \[rule 13\]", " ".join(line.strip() for line in answer))
    assert found, answer
    return int(found.group(1))


def check_starts(bed, name):
    """It is loaded, unpacks itself, and says its first words. It may find it too little to live."""
    bed.send_line(f"start {name}")
    bed.expect(rf"^{name}: started", 120)
    bed.expect_prompt()
    assert not any(line.startswith("error") for line in bed.command(f"wait {name} /Linux version/ 120", 240))
    bed.command(f"stop {name} --force")


@pytest.mark.parametrize("where", BEDS)
def test_kernel_needs_memory(boot, linux_images, where):
    bed_class, options = BEDS[where]
    bed = boot(bed_class, images=linux_images, **options)
    bed.expect_prompt()
    free = bed.command("host")
    wanted = refused(bed, f"create a memory=8M {KERNEL}", "create a", KERNEL)
    assert refused(bed, f"run a memory=8M {KERNEL}", "run a", KERNEL) == wanted
    assert refused(bed, f"create a memory={wanted - 1}M {KERNEL}", "create a", KERNEL) == wanted
    both = refused(bed, f"create a memory=8M {KERNEL} initrd=cloud-initrd", "create a", KERNEL)
    assert refused(bed, f"create a memory={both - 1}M {KERNEL} initrd=cloud-initrd", "create a",
                   r"(?:kernel=cloud-kernel|initrd=cloud-initrd)") == both >= wanted
    # Nothing has been made, and the memory is free.
    assert bed.command("list") == ["there is no partition"] or len(bed.command("list")) == 1
    key = "memory free"
    assert [line for line in free if line.startswith(key)][0].split(" in ")[0] == [
        line for line in bed.command("host") if line.startswith(key)][0].split(" in ")[0]

    assert "created" in bed.command(f"create a memory={wanted}M {KERNEL} {CMDLINE}")[0]
    check_starts(bed, "a")
    exported = bed.command("export")
    assert refused(bed, "set a memory=8M", "set a", KERNEL) == wanted
    assert bed.command("export") == exported
    assert bed.command(f"set a memory={both}M initrd=cloud-initrd") == ["a: changed"]
    check_starts(bed, "a")
    assert refused(bed, f"set a memory={wanted - 1}M", "set a", r"\S+") == both
    assert bed.command("audit")[-1].endswith(" 0 violations")


def test_candidate_is_checked(boot, linux_images):
    bed = boot(images=linux_images, cpus=2)
    bed.expect_prompt()
    bed.command(f"create a memory=128M {KERNEL}")
    exported = bed.command("export")
    bed.send_line("edit")
    bed.expect(r"^freehold\(edit\)> ")
    for line, error in (("set a memory=8M", None), (f"create b memory=16M {KERNEL}", None),
                        ("check", "check"), ("commit", "commit")):
        bed.send_line(line)
        for name in "ab" if error else "":
            bed.expect(rf"^error: {error} {name}: {KERNEL}: needs memory=\d+M or more, and")
        bed.expect(r"^freehold\(edit\)> ")
    bed.command("discard")
    assert bed.command("export") == exported
