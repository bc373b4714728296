# SPDX-License-Identifier: BSD-2-Clause
"""How guests are started: each protocol's guest tells what it was handed. Linux and PVH are everybody else's;
here are Multiboot 1 and 2, the boot sector, the flat binary, and Freehold itself as a guest."""
import gzip
import os
import re
import struct

import pytest
from arena import ESCAPES

import beds

BEDS = {"qemu": (beds.QemuBed, {"cpus": 2}),
        "ryzen": (beds.BochsBed, {"model": "ryzen"}),
        "skylake": (beds.BochsBed, {"model": "corei7_skylake_x"})}
IMAGES = ("sector", "flat", "multiboot", "multiboot2", "both", "real")
MODULES = 'module=env module="env NR_CPUS=2 a  b"'
ENV = "TEST_DEVICE=0\n"
UPPER = f"{(16 - 1) * 1024:08x}"

# name: (keys, exit code, what it prints)
CASES = {
    # CS, DL and SP as a BIOS has them; INT 13h: CF, IF as it was, and AH = 86h; INT 8 is the timer's.
    "sector": ("kernel=sector", 7, "sector cs dl sp 0000 0080 7c00\nint 13 ci0086\nticks\n"),
    "flat": ('kernel=flat load=0x30000 cmdline="x y" ' + MODULES, 9,
             "eax 2badb002\nmode 00000001\ncmdline flat x y\nmodule 0000000e env\n"
             f"module 0000000e env NR_CPUS=2 a  b\nupper {UPPER}\nend\n"),
    "multiboot": ('kernel=multiboot cmdline="x y" ' + MODULES, 9,
                  "eax 2badb002\nmode 00000001\ncmdline multiboot x y\nmodule 0000000e env\n"
                  f"module 0000000e env NR_CPUS=2 a  b\nupper {UPPER}\nend\n"),
    "multiboot2": ('kernel=multiboot2 cmdline="x y" ' + MODULES, 9,
                   "eax 36d76289\nmode 00000001\ncmdline multiboot2 x y\nmodule 0000000e env\n"
                   f"module 0000000e env NR_CPUS=2 a  b\nupper {UPPER}\nrsdp 20445352\nend\n"),
    "both": ("kernel=both", 9,
             f"eax 36d76289\nmode 00000001\ncmdline both\nupper {UPPER}\nrsdp 20445352\nend\n"),
    "chosen": ("kernel=both boot=multiboot", 9,
               f"eax 2badb002\nmode 00000001\ncmdline both\nupper {UPPER}\nend\n"),
}
# What is not what the operator says: why it stops. Nothing of it runs.
REFUSED = {
    "kernel=flat": "nor a boot sector's mark; load= starts it as a flat binary",
    "kernel=multiboot boot=multiboot2": "it has no Multiboot2 header: boot=multiboot2",
    "kernel=multiboot2 boot=multiboot": "it has no Multiboot header: boot=multiboot",
    "kernel=gz": "it is compressed by gzip: unpack it first",
    "kernel=gz boot=linux": "it is compressed by gzip: unpack it first",
    "kernel=multiboot boot=linux": "it is no Linux bzImage: boot=linux",
    "kernel=multiboot boot=pvh": "it is no ELF file with a PVH note: boot=pvh",
    "kernel=multiboot boot=sector": "its first 512 bytes do not end in 55h, AAh: boot=sector",
    "kernel=flat load=0x9fb00": "it is loaded below 1 MiB and ends above 90000h",
    "kernel=flat load=0x1000": "it is loaded too low: other things stand there",
    # Its Multiboot header says so, which create does not read.
    "kernel=high": "a segment does not fit into the partition's memory: 4 KiB at 4000000h; "
                   "it needs memory=65M or more",
    "kernel=flat load=0x100000 entry=0x100": "entry= is not inside of the image, or not below 4 GiB",
}
WRONG = {
    "kernel=flat load=64M": "load=64M: must be an address, as in 0x100000",
    "kernel=flat entry=0x100000": "entry= goes with load= only: other images say it themselves",
    "kernel=flat boot=flat": "boot=flat: load= is missing",
    "kernel=flat boot=pvh load=0x100000": "load= goes with boot=flat only: other images say it themselves",
    "kernel=flat boot=bios": "boot=bios: must be linux, pvh, multiboot2, multiboot, sector or flat",
    "kernel=flat load=0x4000000": "kernel=flat: needs memory=65M or more, and memory=16M is less: ",
    'kernel=flat module="none at all"': "there is no such image",
}


@pytest.fixture(scope="session")
def images(build, tmp_path_factory):
    env = tmp_path_factory.mktemp("protocols") / "env"
    env.write_text(ENV)
    found = {name: os.path.join(build, "tiny", "protocols", name + ".bin") for name in IMAGES}
    packed = env.with_name("gz")
    with open(found["flat"], "rb") as image:
        packed.write_bytes(gzip.compress(image.read(), mtime=0))
    high, to = env.with_name("high"), 64 << 20
    flags = 1 << 16  # the addresses are there
    high.write_bytes(struct.pack("<3I5I", 0x1badb002, flags, -(0x1badb002 + flags) & 0xffffffff,
                                 to, to, 0, 0, to).ljust(4096, b"\0"))
    return dict(found, env=str(env), gz=str(packed), high=str(high))


def output(bed, name):
    bed.send_line(f"console {name}")
    text = bed.expect(rf"\[attached to {name}[^\n]*\n((?:.|\n)*?)\[{name} is (?:stopped|failed)", 60).group(1)
    bed.expect_prompt()
    return ESCAPES.sub("", text).rstrip("\n") + "\n"


@pytest.mark.parametrize("where", BEDS)
def test_what_is_handed_over(boot, images, where):
    bed_class, options = BEDS[where]
    bed = boot(bed_class, images=images, **options)
    bed.expect_prompt()
    for name, (keys, code, text) in CASES.items():
        assert bed.command(f"create {name} vcpus=1 memory=16M testdev=on {keys}") == [
            f"{name}: created with 16 MiB and 1 pool vCPU"]
        bed.send_line(f"start {name}")
        bed.expect(rf"\[{name} stopped: [^\n]*\]")
        bed.command("#")
        assert output(bed, name) == text, name
        show = bed.command(f"show {name}")
        assert any(re.match(rf"exit code +{code} ", line) for line in show), show
        bed.command(f"destroy {name} --yes")
    assert bed.command("audit")[0].endswith(" 0 violations")


@pytest.mark.parametrize("where", BEDS)
def test_real_mode_and_its_bios(boot, images, where):
    """At 8000h, and back to real mode: kvm-unit-tests' realmode is so. Its jump to F000:FFF0 is a reset."""
    bed_class, options = BEDS[where]
    bed = boot(bed_class, images=images, **options)
    bed.expect_prompt()
    assert "created" in bed.command("create real vcpus=1 memory=16M kernel=real")[0]
    bed.send_line("start real")
    bed.expect(r"\[real stopped: 6 resets in 60 s; it is not started again by itself\]", 120)
    bed.command("#")
    assert output(bed, "real").count("int 11\nno BIOS\n639 KiB\nback\n") == 6
    bed.command("destroy real --yes")
    assert bed.command("audit")[0].endswith(" 0 violations")


def test_what_is_refused(boot, images):
    """THREATS L06, L07 at the console: the object, and why."""
    bed = boot(images=images)
    bed.expect_prompt()
    for keys, why in WRONG.items():
        answer = bed.command(f"create a vcpus=1 memory=16M {keys}")
        assert len(answer) == 1 and answer[0].startswith("error: create a: ") and why in answer[0], answer
    for keys, why in REFUSED.items():
        assert "created" in bed.command(f"create a vcpus=1 memory=16M {keys}")[0], keys
        image = re.search(r"kernel=(\w+)", keys).group(1)
        answer = bed.command("start a")
        assert answer[0].startswith(f"error: start a: its VMM refused to start it: image {image}: "), answer
        assert why in answer[0], answer  # whole, however long
        report = re.sub(r"\n +", " ", "\n".join(bed.command("show a")))  # of its lines those go on
        assert f"image {image}: " in report and why in report, report
        bed.command("destroy a --yes")


@pytest.mark.parametrize("where", BEDS)
def test_freehold_in_freehold(boot, build, where):
    """By Multiboot2. No guest is offered SVM or VMX, so the inner one says why it can run none."""
    bed_class, options = BEDS[where]
    inner = os.path.join(build, "freehold.elf")
    bed = boot(bed_class, images={"freehold": inner}, deadline=600,
               config="create inner vcpus=1 memory=128M kernel=freehold\nstart inner\n", **options)
    bed.expect_prompt()
    bed.send_line("console inner")
    bed.expect(r"\[no guest can run on this machine: [^\n]*(?:SVM|VMX)", 240)
    bed.expect(r"^freehold> ", 60)
    bed.send("list\r")
    bed.expect(r"^freehold> ", 60)
    bed.send("create a vcpus=1 memory=8M kernel=none\r")
    bed.expect(r"error: create a: this machine cannot run guests: ", 60)
    bed.send("\x1d")
    bed.expect(r"detached from inner")
