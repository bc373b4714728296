# SPDX-License-Identifier: BSD-2-Clause
"""What else of Debian's boots by Multiboot: Xen up to its complaint that it has no dom0, GNU Mach up to its
own, and grub-invaders, which plays its game for a screen that is not there."""
import os
import re

import pytest
from conftest import GUESTS
from linux_guest import exits, partitions

import beds

BEDS = {"qemu": (beds.QemuBed, {"cpus": 2}),
        "ryzen": (beds.BochsBed, {"model": "ryzen"}),
        "skylake": (beds.BochsBed, {"model": "corei7_skylake_x"})}
XEN = """
create xen vcpus=1 memory=64M kernel=xen cmdline="com1=115200,8n1 console=com1 noreboot" {boot}
start xen
"""
SHIM = 'create xen vcpus=1 memory=128M kernel=xen boot=pvh testdev=on\nstart xen\n'
SHIM_IMAGE = os.path.join(GUESTS, "xen-utils/usr/lib/xen-4.17/boot/xen-shim")
MACH = 'create mach vcpus=1 memory=64M kernel=mach cmdline="console=com0"\nstart mach\n'
INVADERS = "create invaders vcpus=1 memory=16M kernel=invaders\nstart invaders\n"

# Where grub-invaders asks the keyboard controller whether a key was pressed, once in each picture.
KEY_PORT = r"port +rip 0*10023b code \w+ info 0x64\w*"
# A picture is 80 by 25 characters, written one by one.
PICTURE = 80 * 25


@pytest.mark.parametrize("protocol", ["boot=multiboot2",
                                      pytest.param("boot=multiboot", marks=pytest.mark.long)])
@pytest.mark.parametrize("name", BEDS)
def test_xen_misses_its_dom0(boot, name, protocol):
    """By Multiboot2, which its image would be started by anyway, and by Multiboot 1."""
    bed_class, options = BEDS[name]
    bed = boot(bed_class, config=XEN.format(boot=protocol),
               images={"xen": os.path.join(GUESTS, "xen/xen.elf")}, **options)
    bed.expect_prompt()
    bed.send_line("console xen")
    bed.expect(r"\(XEN\) Xen version 4\.17\.")
    bed.expect(r"\(XEN\) Command line: com1=115200,8n1 console=com1 noreboot\n")
    bed.expect(r"\(XEN\) +No VGA detected\n")
    bed.expect(r"Panic on CPU 0:\n\(XEN\) dom0 kernel not specified\. Check bootloader configuration\n")
    bed.expect(r"\(XEN\) Manual reset required \('noreboot' specified\)")
    bed.send("\x1d")
    bed.expect_prompt()
    assert partitions(bed) == {"xen": "running"}


@pytest.mark.parametrize("name", BEDS)
def test_xen_by_pvh_misses_the_xen_below(boot, name):
    """The Xen that runs below a single guest of Xen's: it takes what PVH hands it, finds that nobody answers
    its hypercalls, and asks the keyboard controller for a reset. It says so on the debug port."""
    bed_class, options = BEDS[name]
    bed = boot(bed_class, config=SHIM, images={"xen": SHIM_IMAGE}, **options)
    bed.expect_prompt()
    bed.command("wait xen /Panic on CPU 0/ 60s")
    bed.command("wait xen /Xen BUG at arch.x86.guest.xen.pvh-boot/ 60s")
    said = bed.command("logs xen")
    assert any(re.search(r"RIP: +e008:\[<[0-9a-f]+>\] pvh_init\+", line) for line in said), said


@pytest.mark.parametrize("name", BEDS)
def test_mach_misses_its_bootstrap(boot, name):
    """Of 1985's making, in 32 bits with segments and the 8259: it measures the 8254, reads the RTC, and
    asks for the Hurd. Its lines end with LF, CR."""
    bed_class, options = BEDS[name]
    bed = boot(bed_class, config=MACH, images={"mach": os.path.join(GUESTS, "mach/mach.elf")}, **options)
    bed.expect_prompt()
    bed.command("wait mach /No bootstrap code loaded/ 60s")
    said = [line[24:] for line in bed.command("logs mach")]
    assert any(line.startswith("GNU Mach 1.8") for line in said), said
    assert "biosmem: 000000000000100000:000000000004000000, available" in said
    assert any(line.startswith("RTC time is 2026-01-01 ") for line in said)
    assert said[-1].endswith("bootstrap_create: No bootstrap code loaded with the kernel!"), said
    assert partitions(bed) == {"mach": "running"}


@pytest.mark.parametrize("name", ["qemu", "skylake"])
def test_invaders_play(boot, name):
    """It draws picture after picture, and asks for keys in between."""
    bed_class, options = BEDS[name]
    bed = boot(bed_class, config=INVADERS, deadline=600,
               images={"invaders": os.path.join(GUESTS, "invaders/boot/invaders.exec")}, **options)
    bed.expect_prompt()
    drawn = exits(bed, "invaders").get("mmio", 0)
    while exits(bed, "invaders").get("mmio", 0) < drawn + 4 * PICTURE:
        pass
    while not any(re.match(KEY_PORT, line.strip()) for line in bed.command("debug vcpu invaders")):
        pass
    assert partitions(bed) == {"invaders": "running"}
