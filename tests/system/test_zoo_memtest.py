# SPDX-License-Identifier: BSD-2-Clause
"""Debian's memtest86+, both builds, over its serial console to the end of a pass without an error."""
import os

import pytest
from conftest import GUESTS

BUILDS = {"x64": "memtest86+x64.bin", "x32": "memtest86+ia32.bin"}
CONFIG = """
create memtest cpus={} memory=8M kernel=kernel cmdline="console=ttyS0,115200"
start memtest
"""


def begin(boot, name, cpus):
    """Attaches to it when its screen is there."""
    images = {"kernel": os.path.join(GUESTS, "memtest/boot", BUILDS[name])}
    bed = boot(config=CONFIG.format(cpus), images=images, cpus=cpus + 1, mem="512M", deadline=900)
    bed.expect_prompt()
    bed.send_line("console memtest")
    bed.expect(rf"<F1> Configuration.*6\.10\.\w+\.{name}")
    bed.expect(r"\[\d+MB of 7\.62MB\]")
    return bed


def press(bed, keys, answer):
    bed.send(keys)
    bed.expect(answer)


def leave_out_bit_fade(bed):
    """By its menu, in which digits do for the function keys: that test waits for two times 80 seconds."""
    press(bed, "1", "Test selection")
    press(bed, "1", "Remove one test")
    press(bed, "2", "Enter")
    press(bed, "10\r", r"\*\.\*{8}\. ")
    press(bed, "0", "Skip current test")
    bed.send("0")


def end_of_pass(bed, cpus, timeout):
    bed.expect(rf"CPU: {cpus} Cores {cpus} Threads.*Pass:  1 +Errors: 0 ", timeout)
    bed.send("\x1d")
    bed.expect_prompt()


@pytest.mark.parametrize("name, cpus", [("x64", 1), ("x64", 2), ("x32", 1)])
def test_pass_without_waiting(boot, name, cpus):
    bed = begin(boot, name, cpus)
    leave_out_bit_fade(bed)
    end_of_pass(bed, cpus, 240)


@pytest.mark.long
@pytest.mark.parametrize("name", BUILDS)
def test_pass(boot, name):
    end_of_pass(begin(boot, name, 1), 1, 800)
