# SPDX-License-Identifier: BSD-2-Clause
"""The guests that we ship boot on a bare QEMU and obey its power button: what does not work there can
not be blamed on the hypervisor."""
import os

import pytest
from conftest import GUESTS

import beds


@pytest.mark.parametrize("kernel", ["cloud", "amd64"])
def test_guest_boots_and_powers_off(boot, kernel):
    command = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "EPYC", "-m", "256M",
               "-display", "none", "-nic", "none",
               "-kernel", os.path.join(GUESTS, kernel, "vmlinuz"),
               "-initrd", os.path.join(GUESTS, f"initrd-{kernel}.gz"),
               "-append", "console=ttyS0 quiet hostname=bare"]
    bed = boot.start(beds.QemuBed, None, command=command)
    bed.expect("freehold guest ready", timeout=180)
    bed.expect("bare# ")
    bed.send_line("echo $((6*7))-$(uname -m)")
    bed.expect(r"^42-x86_64")
    # Job control: Ctrl-C ends the job and not the shell.
    # It tells when it is in the foreground: before that, the shell itself would get the character.
    bed.send_line("sh -c 'echo $((40 + 2)) sleeps; exec sleep 1000'")
    bed.expect(r"^42 sleeps")
    bed.send("\x03")
    bed.expect("bare# ")
    bed.hmp("system_powerdown")
    bed.expect("power button: powering off", timeout=120)
    assert bed.wait_exit() == 0
