# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's own failures, THREATS.md N04: the panic tells its story on the serial line, from any CPU, and
stops the others wherever they are: also in a guest that spins with interrupts off."""
import os

import pytest

import beds

BEDS = {"qemu": (beds.QemuBed, {"cpus": 3}),
        "skylake": (beds.BochsBed, {"model": "corei7_skylake_x", "count": 3})}
CONFIG = """
create spinner cpus=1 memory=4M kernel=spin cmdline="how=spin"
create storm cpus=1 memory=4M kernel=exitstorm cmdline="kind=cpuid"
start spinner
start storm
"""
# The command, the CPU that fails, what it says, and where.
FAILURES = {
    "on-purpose": ("debug panic 0 --yes", 0, "on purpose", "debug_call"),
    "guard-page": ("debug panic 1 --yes", 0, "the guard page below a stack", "debug_call"),
    "undefined": ("debug panic 2 --yes", 0, "exception 6 ", "debug_call"),
    "beside-the-spinner": ("debug cpu-panic 1 --yes", 1, "on purpose", "debug_check_panic"),
    "beside-the-storm": ("debug cpu-panic 2 --yes", 2, "on purpose", "debug_check_panic"),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("name", BEDS)
def test_panic(boot, build, name, failure):
    bed, options = BEDS[name]
    command, cpu, text, function = FAILURES[failure]
    images = {guest: os.path.join(build, "tiny", guest + ".elf") for guest in ("spin", "exitstorm")}
    machine = boot(bed, config=CONFIG, images=images, **options)
    boot.panic_expected = True
    machine.expect_prompt()
    for says in ("spinner /^spin on 1/", "storm /^storm cpuid on 1/"):  # both have begun, and go on
        answer = machine.command(f"wait {says} 60", 120)
        assert " matched in: " in answer[-1], answer
    machine.send_line(command)
    story = machine.expect(rf"freehold: panic on CPU {cpu}: (?:.|\n)*^freehold: halted").group(0)
    assert text in story and function + "+" in story, story
    assert "did not stop" not in story and story.count(" stopped at ") == 2, story
