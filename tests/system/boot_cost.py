# SPDX-License-Identifier: BSD-2-Clause
"""What a Linux boot costs, in TSC ticks: Debian's cloud kernel, from its 64-bit entry to the first
instruction of the first process, in Freehold and on the bare emulator, of the same kernel and initrd."""
import os
import shutil
import subprocess
import tempfile

import kernel_stamp
import linux_guest

import beds
import isos
import mkiso

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

CMDLINE = "console=ttyS0 quiet rdinit=/boot_init"
CONFIG = """
create linux vcpus=1 memory=512M kernel=kernel initrd=initrd cmdline="{cmdline}"
start linux
"""
MEASURED = r"entry ([0-9a-f]{16}) init ([0-9a-f]{16})\n"
TIMEOUT = 1500  # a boot takes Bochs minutes
# Bochs's instructions a second. Few make timer ticks frequent, many make waits dear, on both sides alike.
IPS = 400_000_000
# Bochs copies a CPUID leaf that tells of 3.5 GHz. The bare kernel believes it, and every wait is too long.
TRUE_CLOCK = {"corei7_skylake_x": f" tsc_early_khz={IPS // 1000}"}

GRUB_CFG = """\
set timeout=0
serial --unit=0 --speed=115200
terminal_input serial console
terminal_output serial console
menuentry "Linux" {{
\tlinux /boot/kernel {cmdline}
\tinitrd /boot/initrd
}}
"""


def make_images(build, folder):
    """The kernel that tells when it was entered, and an initrd whose init tells when it began."""
    guests = os.path.join(build, "guests")
    program = os.path.join(folder, "boot_init")
    subprocess.run(["gcc", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-nostdlib", "-static",
                    "-ffreestanding", "-fno-stack-protector", "-o", program,
                    os.path.join(ROOT, "tests", "guests", "linux", "boot_init.c")], check=True)
    images = {name: os.path.join(folder, name) for name in ("kernel", "initrd")}
    with open(os.path.join(guests, "cloud", "vmlinuz"), "rb") as kernel, \
            open(images["kernel"], "wb") as out:
        out.write(kernel_stamp.stamped(kernel.read()))
    with open(program, "rb") as init, open(images["initrd"], "wb") as out, \
            open(os.path.join(guests, "initrd-cloud.gz"), "rb") as initrd:
        out.write(kernel_stamp.initrd_with(initrd.read(), {"boot_init": (0o755, init.read())}))
    return images


def read(bed):
    entry, init = (int(word, 16) for word in bed.expect(MEASURED, TIMEOUT).groups())
    assert 0 < entry < init
    return init - entry


def bare_qemu_command(images, cmdline):
    return ["qemu-system-x86_64", "-accel", "tcg", "-icount", "shift=0,sleep=off", "-cpu", "EPYC",
            "-machine", "q35", "-smp", "1", "-m", "512M", "-display", "none", "-nic", "none",
            "-kernel", images["kernel"], "-initrd", images["initrd"], "-append", cmdline]


def bare_iso(build, images, cmdline):
    """An ISO on which GRUB starts Linux: Bochs has no other way."""
    key = isos.digest([mkiso.__file__, *images.values()], [GRUB_CFG, cmdline])
    iso = os.path.join(build, "iso", f"linux-{key}.iso")
    if not os.path.exists(iso):
        with tempfile.TemporaryDirectory() as tree:
            os.makedirs(tree + "/boot/grub")
            for name, path in images.items():
                shutil.copyfile(path, f"{tree}/boot/{name}")
            with open(tree + "/boot/grub/grub.cfg", "w", encoding="ascii") as menu:
                menu.write(GRUB_CFG.format(cmdline=cmdline))
            mkiso.run_mkrescue(tree, iso, mkiso.GRUB_MODULES + " linux")
    return iso


def bare(start, build, images, model=None, cmdline=CMDLINE):
    """model: of Bochs; None: QEMU. start(bed class, iso, options) boots a bed."""
    if model is None:
        bed = start(beds.QemuBed, None, command=bare_qemu_command(images, cmdline))
    else:
        iso = bare_iso(build, images, cmdline + TRUE_CLOCK.get(model, ""))
        bed = start(beds.BochsBed, iso, model=model, mem=512, ips=IPS, ignore_bad_msrs=True,
                    deadline=TIMEOUT + 300)
    ticks = read(bed)
    bed.stop()
    return ticks


def freehold(start, build, images, model=None, cmdline=CMDLINE):
    """(ticks, {exit: count}) of a boot on a machine with one CPU."""
    iso = isos.get(build, CONFIG.format(cmdline=cmdline), images)
    if model is None:
        bed = start(beds.QemuBed, iso, cpus=1, icount=True)
    else:
        bed = start(beds.BochsBed, iso, model=model, mem=768, ips=IPS, deadline=TIMEOUT + 300)
    bed.expect_prompt(600)
    bed.send_line("console linux")
    ticks = read(bed)
    bed.send("\x1d")
    bed.expect_prompt()
    exits = linux_guest.exits(bed, "linux")
    bed.stop()
    return ticks, exits
