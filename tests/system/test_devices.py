# SPDX-License-Identifier: BSD-2-Clause
"""The devices as the drivers of a stock kernel find them: PCI by both mechanisms, both serial ports, the
clocks, and nothing that is not there."""
import os

import boot_cost
from conftest import GUESTS
from linux_guest import Guest


def test_linux_finds_the_devices(boot):
    images = {"kernel": os.path.join(GUESTS, "amd64", "vmlinuz"),
              "initrd": os.path.join(GUESTS, "initrd-amd64.gz")}
    machine = boot(images=images, cpus=1, config=boot_cost.CONFIG.format(
        cmdline="console=ttyS0 quiet hostname=linux"))
    machine.expect_prompt()
    guest = Guest(machine, "linux")
    guest.wait_shell(120)
    devices = guest.run('cd /sys/bus/pci/devices; for i in *; do '
                        'echo $i $(cat $i/vendor $i/device $i/class); done')
    assert devices == ["0000:00:00.0 0x8086 0x1237 0x060000", "0000:00:01.0 0x8086 0x7000 0x060100"]
    log = "\n".join(guest.run("dmesg"))
    assert "PCI: MMCONFIG for domain 0000 [bus 00-00] at [mem 0xe0000000-0xe00fffff]" in log
    assert "reserved in ACPI motherboard resources" in log
    for name, port, irq in ("S0", "3f8", 4), ("S1", "2f8", 3):
        assert f"tty{name} at I/O 0x{port} (irq = {irq}, base_baud = 115200) is a 16550A" in log
    assert "hpet" not in log
    assert "ACPI Error" not in log and "ACPI BIOS Error" not in log
    # On a port without a line output goes away at once, and a read waits for ever.
    assert guest.run('stty -F /dev/ttyS1 raw clocal -crtscts; echo gone >/dev/ttyS1; echo $?') == ["0"]
    guest.detach()
    machine.command("stop linux", timeout=120)
