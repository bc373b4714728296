# SPDX-License-Identifier: BSD-2-Clause
"""Machines of every shape come to the prompt: by BIOS and UEFI, by GRUB and freehold.efi, with much and with
little. `make test` boots a spread of them. Bochs's shapes, with x2APIC and without, are in test_boot.py."""
import itertools
import os
import re

import beds
import isos
import machine
import pytest
import test_screen
import test_uefi

CONFIG = "# nothing to start\n"
PATIENCE = 240
WAYS = {"bios-grub": None, "uefi-grub": machine.UEFI_FIRMWARE, "uefi-native": machine.UEFI_FIRMWARE}
MACHINES = ("q35", "pc")
CPUS = (1, 2, 4, 16, 64)
HOST_CPUS_MAX = 16
# Much of it is never touched, so that the emulator's own machine need not have it.
MEMORIES = ("256M", "1G", "3G", "4G", "64G")
LACKING = ("nothing", "serial", "hpet", "display")
SPREAD, FIRST = 12, 4  # so that all values of each come, and the dearest, 64 CPUs, once


def shapes():
    """All but memory in every combination, and the sizes in turns, so that each meets all others; 64 CPUs,
    which keep an emulator's host busy for a minute, lack nothing."""
    combinations = (shape for shape in itertools.product(WAYS, MACHINES, CPUS, LACKING)
                    if shape[2] <= HOST_CPUS_MAX or shape[3] == "nothing")
    for number, (way, kind, cpus, lacking) in enumerate(combinations):
        memory = MEMORIES[(number + number // len(MEMORIES)) % len(MEMORIES)]
        marks = () if number % SPREAD == FIRST else (pytest.mark.long,)
        yield pytest.param(way, kind, cpus, memory, lacking, marks=marks,
                           id=f"{way}-{kind}-{cpus}-{memory}-without-{lacking}")


def bytes_of(memory):
    return int(memory[:-1]) << (30 if memory[-1] == "G" else 20)


def command_of(way, kind, cpus, memory, lacking, medium):
    command = ["qemu-system-x86_64", *machine.qemu_accel("EPYC", False), "-smp", str(cpus),
               "-m", memory, "-display", "none", "-nic", "none",
               "-object", f"memory-backend-ram,id=ram,size={memory},reserve=off",
               "-machine", f"{kind},memory-backend=ram,hpet={'off' if lacking == 'hpet' else 'on'}"]
    if WAYS[way]:
        command += ["-bios", WAYS[way]]
    command += ["-drive", f"file=fat:{medium},format=raw,snapshot=on"] if way == "uefi-native" else \
        ["-cdrom", medium, "-boot", "d"]
    return command + (["-vga", "none"] if lacking == "display" else [])


def check_cpus(lines, cpus):
    """All run. Where many share few of the emulator's host, one may be late; then that is said."""
    text = "\n".join(lines)
    running = int(re.search(rf"cpu: (\d+) of {cpus} run", text).group(1))
    assert running == cpus or cpus > HOST_CPUS_MAX, text
    assert text.count(": left out") == cpus - running, text


def check_by_screen(bed, way, cpus):
    """Nobody can ask: it shows by itself how many CPUs run, and that it is ready."""
    lines = test_screen.wait_for(bed, way != "bios-grub", "freehold>", PATIENCE)
    check_cpus(lines, cpus)
    assert bed.serial.all.count("freehold>") == 0


def check_by_line(bed, way, cpus, memory, lacking):
    bed.expect_prompt(PATIENCE)
    log = bed.command("log")
    assert any(("loader: freehold.efi" if way == "uefi-native" else "loader: GRUB") in line
               for line in log), log
    assert any("display: the loader gave none" in line for line in log) == \
        (lacking == "display"), log
    ram = next(int(line.split("memory: ")[1].split()[0]) << 10 for line in log if "memory: " in line)
    assert 0.9 * bytes_of(memory) < ram <= bytes_of(memory), log
    check_cpus(log, cpus)
    assert sum(line.startswith("cpu ") for line in bed.command("host")) == cpus
    assert bed.command("audit")[-1].endswith(" 0 violations")


@pytest.mark.parametrize("way,kind,cpus,memory,lacking", shapes())
def test_comes_up(boot, build, tmp_path, way, kind, cpus, memory, lacking):
    medium = test_uefi.make_tree(build, tmp_path) if way == "uefi-native" else \
        isos.get(build, CONFIG)
    uart = ("-serial", "none", "-device", "pci-serial,chardev=com1") if lacking == "serial" else \
        ("-serial", "chardev:com1")
    bed = boot.start(beds.QemuBed, None, uart=uart, deadline=PATIENCE + 60,
                     command=command_of(way, kind, cpus, memory, lacking, str(medium)))
    if lacking == "serial":
        check_by_screen(bed, way, cpus)
    else:
        check_by_line(bed, way, cpus, memory, lacking)


def test_no_acpi(boot):
    """Without tables there is one CPU, and that is said. OVMF does not start on such a machine."""
    bed = boot(config=CONFIG, extra=["-machine", "pc,acpi=off"], cpus=2, firmware="bios")
    bed.expect_prompt()
    assert any("acpi: no tables: one CPU, no power-off" in line for line in bed.command("log"))
    assert os.path.exists(bed.serial_log)


def test_spread_has_everything():
    """What `make test` boots has each value of each dimension."""
    spread = [shape for number, shape in enumerate(shapes()) if number % SPREAD == FIRST]
    for index, values in enumerate((WAYS, MACHINES, CPUS, MEMORIES, LACKING)):
        assert {shape.values[index] for shape in spread} == set(values), index
