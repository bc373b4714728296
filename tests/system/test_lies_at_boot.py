# SPDX-License-Identifier: BSD-2-Clause
"""What a loader and firmware may say that is not true (L03, L04, L08): the log tells of each, and the machine
comes to its prompt with what can be believed."""
import acpi_iso
import beds
import pytest


def damaged(data, at, value):
    """A byte changed, and the sum made good, so that it is the content that is judged."""
    data = bytearray(data)
    data[at] = value
    data[9] = 0
    data[9] = -sum(data) & 0xff
    return bytes(data)


MADT = acpi_iso.madt([0, 1])
FIRST_ENTRY = 44  # type, length
# The table, how many of how many CPUs run, and what is said.
TABLES = {
    "length-0": (damaged(MADT, FIRST_ENTRY + 1, 0), "1 of 1", "acpi: APIC: no CPU"),
    "length-1": (damaged(MADT, FIRST_ENTRY + 1, 1), "1 of 1", "acpi: APIC: no CPU"),
    "length-255": (damaged(MADT, FIRST_ENTRY + 1, 255), "1 of 1", "acpi: APIC: no CPU"),
    "odd-length": (damaged(MADT, FIRST_ENTRY + 1, 7), "1 of 1",
                   "acpi: APIC: an entry of type 0 is too short, ignored"),
    "5000-cpus": (acpi_iso.madt([0, 1] + [1] * 5000), "2 of 2",
                  "acpi: APIC: 5000 CPUs occur twice, the first ones count"),
}


@pytest.mark.parametrize("name", TABLES)
def test_madt(boot, build, tmp_path, name):
    data, running, said = TABLES[name]
    bed = boot.start(beds.QemuBed, acpi_iso.make(build, tmp_path, "APIC", data), cpus=2)
    bed.expect_prompt()
    log = bed.command("log")
    assert any(f"cpu: {running} run" in line for line in log), log
    assert any(said in line for line in log), log


# Lines of grub.cfg, and what is said.
SAYINGS = {
    "long-command-line": ("multiboot2 /boot/freehold.elf " + "word " * 1200,
                          "boot: command line: cut"),
    "odd-command-line": ("multiboot2 /boot/freehold.elf '\x01\xc3\xa4' smt serial=com1 serial= nothing=known",
                         "serial=: none, com1 to com4"),
    "module-twice": ("multiboot2 /boot/freehold.elf\nmodule2 /boot/a a\nmodule2 /boot/b a",
                     'module "a" at 0x'),
    "module-without-name": ("multiboot2 /boot/freehold.elf\nmodule2 /boot/a", 'refused: it has no name'),
    "module-name-too-long": ("multiboot2 /boot/freehold.elf\nmodule2 /boot/a " + "x" * 40,
                             "refused: its name is too long"),
    "two-configurations": ("multiboot2 /boot/freehold.elf\nmodule2 /boot/a freehold.conf",
                           'module "freehold.conf" at 0x'),
}


@pytest.mark.parametrize("name", SAYINGS)
def test_loader(boot, build, tmp_path, name):
    lines, said = SAYINGS[name]
    iso = acpi_iso.make_with(build, tmp_path, lines + "\nmodule2 /boot/freehold.conf freehold.conf",
                             {"a": b"a" * 5000, "b": b"b"})
    bed = boot.start(beds.QemuBed, iso, cpus=2)
    bed.expect_prompt()
    log = bed.command("log")
    assert any(said in line for line in log), log
    assert any("cpu: 2 of 2 run" in line for line in log), log
