# SPDX-License-Identifier: BSD-2-Clause
"""Which UART is the operator's line: the command line's, the one that ACPI's SPCR names, else COM1."""
import struct

import pytest
import screen
import test_screen

COM2 = ("-serial", "none", "-serial", "chardev:com1")
ISA = ("-serial", "none", "-device", "isa-serial,iobase=0x3e0,irq=5,chardev=com1")
PCI = ("-serial", "none", "-device", "pci-serial,addr=04.0,chardev=com1")
COM1 = ("-serial", "chardev:com1")
SPACE_MEMORY, SPACE_IO = 0, 1


def spcr(tmp_path, address, *, space=SPACE_IO, access=1, kind=0x12, irq=3, gsi=3, baud=7):
    """The arguments for a table that names that UART. "Serial Port Console Redirection Table", revision 2."""
    body = struct.pack("<B3xBBBBQBBIBBBBBBHHBBBIBI", kind, space, 8, 0, access, address,
                       3, irq, gsi, baud, 0, 1, 0, 0, 0, 0xffff, 0xffff, 0, 0, 0, 0, 0, 0)
    path = tmp_path / "spcr"
    path.write_bytes(body)
    return ["-acpitable", f"sig=SPCR,rev=2,data={path}"]


def serial_lines(bed):
    return [line.split("] ", 1)[1] for line in bed.command("log") if "] serial: " in line
            or "] warning: serial: " in line]


CASES = {
    "com1": (COM1, "", None, ["serial: by default, com1: used"], "by interrupt"),
    "com2": (COM2, "serial=com2", None,
             ["serial: by the command line, com2: used", "serial: by default, com1: not needed"],
             "by interrupt"),
    "com2-at-38400": (COM2, "serial=com2,38400", None, ["serial: by the command line, com2: used"],
                      "by interrupt"),
    "isa": (ISA, "serial=io:0x3e0", None, ["serial: by the command line, port 0x3e0: used"], "polled"),
    "pci": (PCI, "serial=pci:00:04.0", None, ["serial: by the command line, PCI 00:04.0: used"],
            "polled"),
    "spcr": (COM2, "", {"address": 0x2f8},
             ["serial: by ACPI's SPCR, com2: used", "serial: by default, com1: not needed"],
             "by interrupt"),
    "word-before-spcr": (COM1, "serial=com1", {"address": 0x2f8},
                         ["serial: by the command line, com1: used",
                          "serial: by ACPI's SPCR, com2: not needed"], "by interrupt"),
    "spcr-lies": (COM1, "", {"address": 0x2f8},
                  ["warning: serial: by ACPI's SPCR, com2: does not answer",
                   "serial: by default, com1: used"], "by interrupt"),
    "spcr-in-ram": (COM1, "", {"address": 0x800000, "space": SPACE_MEMORY},
                    ["warning: serial: by ACPI's SPCR, memory 0x800000: lies in memory",
                     "serial: by default, com1: used"], "by interrupt"),
    "no-16550": (COM1, "", {"address": 0x2f8, "kind": 3},
                 ["warning: serial: SPCR names a UART of kind 0x3, which is no 16550",
                  "serial: by default, com1: used"], "by interrupt"),
    "no-device": (COM1, "serial=pci:00:1e.7", None,
                  ["warning: serial: by the command line, PCI 00:1e.7: is not there",
                   "serial: by default, com1: used"], "by interrupt"),
    "no-uart": (COM1, "serial=pci:00:00.0", None,
                ["warning: serial: by the command line, PCI 00:00.0: is no serial port",
                 "serial: by default, com1: used"], "by interrupt"),
}


@pytest.mark.parametrize("name", CASES)
def test_line(boot, tmp_path, name):
    uart, words, table, expected, how = CASES[name]
    extra = spcr(tmp_path, **table) if table else []
    bed = boot(config="# nothing\n", cmdline=words, uart=uart, extra=extra)
    bed.expect_prompt()
    lines = serial_lines(bed)
    for line in expected:
        assert any(told.startswith(line) for told in lines), lines
    assert how in lines[-1], lines
    # In both directions, more than a FIFO of it.
    assert len(bed.command("help")) > 20


def test_wrong_word(boot):
    bed = boot(config="# nothing\n", cmdline="serial=com9")
    bed.expect_prompt()
    assert any("serial=com9: none, com1 to com4, " in line and line.endswith("it is passed over")
               for line in bed.command("log"))


def test_no_uart_at_all(boot):
    """The machine boots, and its screen says that nobody can type."""
    bed = boot(config="# nothing\n", firmware="bios",
               uart=("-serial", "none", "-device", "pci-serial,chardev=com1"))
    lines = test_screen.wait_for(bed, False, "freehold>", 120)
    assert any("serial: no UART: nobody can type commands" in line for line in lines), lines
    assert screen.read(bed, False)
    assert bed.serial.all == ""
