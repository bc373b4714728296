# SPDX-License-Identifier: BSD-2-Clause
"""ISOs whose GRUB says what a test wants: a table of ours in place of the firmware's, odd modules, words."""
import os
import shutil
import struct

import mkiso

GRUB_CFG = """\
serial --unit=0 --speed=115200
terminal_output serial console
{lines}
boot
"""
LINES = """\
insmod acpi
acpi --exclude={signature} /boot/table.aml
multiboot2 /boot/freehold.elf
module2 /boot/freehold.conf freehold.conf"""
LOCAL_APIC, IOAPIC = 0xfee00000, 0xfec00000
ISA_LEVEL = (5, 9, 10, 11)  # PCI's, as the firmware of PCs has them: level-triggered, active high


def table(signature, revision, body):
    """ACPI 6.5 5.2.6 "System Description Table Header", with the sum that it wants."""
    data = bytearray(struct.pack("<4sIBB6s8sI4sI", signature.encode(), 36 + len(body), revision, 0,
                                 b"TEST  ", b"FREEHOLD", 1, b"TEST", 1) + body)
    data[9] = -sum(data) & 0xff
    return bytes(data)


def madt(apic_ids):
    """ACPI 6.5 5.2.12 "Multiple APIC Description Table (MADT)": these CPUs, all enabled."""
    body = struct.pack("<II", LOCAL_APIC, 1)
    for number, apic_id in enumerate(apic_ids):
        body += struct.pack("<BBBBI", 0, 8, number & 0xff, apic_id, 1)
    body += struct.pack("<BBBBII", 1, 12, 0, 0, IOAPIC, 0)
    body += struct.pack("<BBBBIH", 2, 10, 0, 0, 2, 0)
    for line in ISA_LEVEL:
        body += struct.pack("<BBBBIH", 2, 10, 0, line, line, 0xd)
    return table("APIC", 3, body)


def make_with(build, folder, lines, files):
    """The path of an ISO whose GRUB runs these lines; files: {name in /boot: content}."""
    tree = str(folder / "tree")
    os.makedirs(tree + "/boot/grub")
    shutil.copy(os.path.join(build, "freehold.elf"), tree + "/boot/freehold.elf")
    for name, content in {"freehold.conf": b"# nothing\n", **files,
                          "grub/grub.cfg": GRUB_CFG.format(lines=lines).encode()}.items():
        with open(f"{tree}/boot/{name}", "wb") as file:
            file.write(content)
    iso = str(folder / "test.iso")
    mkiso.run_mkrescue(tree, iso, mkiso.GRUB_MODULES + " acpi")
    return iso


def make(build, folder, signature, data):
    """The path of an ISO that starts Freehold with an empty configuration and that table."""
    return make_with(build, folder, LINES.format(signature=signature), {"table.aml": data})
