# SPDX-License-Identifier: BSD-2-Clause
"""The watchdog (N05): a CPU that takes no interrupts is named, with what runs there; so is CPU 0, by another;
and a panic tells of it."""
import os
import re

import pytest

import beds

BEDS = {"qemu": (beds.QemuBed, {"cpus": 3}),
        "skylake": (beds.BochsBed, {"model": "corei7_skylake_x", "count": 3})}
CONFIG = """
create spinner cpus=1 on=2 memory=4M kernel=spin cmdline="how=spin"
start spinner
"""
# The console breaks the line at 80 columns, the kernel itself, when CPU 0 is the stuck one, does not.
STUCK = (r"watchdog: cpu {} is stuck: no interrupt for a second,\s+partition {}, "
         r"at [0-9a-f]+ debug_check_stuck\+0x")


@pytest.fixture(params=BEDS)
def machine(request, boot, build):
    bed, options = BEDS[request.param]
    started = boot(bed, config=CONFIG, images={"spin": os.path.join(build, "tiny", "spin.elf")},
                   deadline=600, **options)
    started.expect_prompt()
    # `start` does not wait until CPU 2 has taken it up, and the debug command finds the CPU idle until then.
    answer = started.command("wait spinner /^spin on 1/ 60", 120)
    assert answer[-1].startswith("spinner: matched"), answer
    return started


def test_another_cpu(machine):
    """It is named once, and told of when it goes on; the guest on it does, too."""
    machine.send_line("debug cpu-stuck 2 4 --yes")
    machine.expect(STUCK.format(2, "spinner"), 200)
    machine.expect(r"watchdog: cpu 2 goes on after [2-9] s", 200)
    machine.expect_prompt()
    assert any("spinner" in line and "running" in line for line in machine.command("list"))
    log = "\n".join(machine.command("log"))
    assert log.count("is stuck") == 1, log
    told, over = (float(re.search(rf"\[ *([0-9.]+)\] warning: watchdog: cpu 2 {what}", log).group(1))
                  for what in ("is stuck", "goes on"))
    assert 1.5 < over - told < 4, log  # 4 s, of which at most 2 went by before it was named


def test_an_idle_cpu(machine):
    """Who slept when it came to that sleeps no more."""
    machine.send_line("debug cpu-stuck 1 4 --yes")
    machine.expect(STUCK.format(1, "none"), 200)
    machine.expect(r"watchdog: cpu 1 goes on after [2-9] s", 200)
    machine.expect_prompt()


def test_cpu_0(machine):
    """Nobody prints the log: the line comes from the CPU that found out."""
    machine.send_line("debug cpu-stuck 0 4 --yes")
    machine.expect("freehold: " + STUCK.format(0, "none"), 200)
    machine.expect(r"watchdog: cpu 0 goes on after [2-9] s", 200)
    machine.send_line("")
    machine.expect_prompt()


def test_panic_tells_of_it(machine, boot):
    boot.panic_expected = True
    machine.send_line("debug cpu-stuck 2 3600 --yes")
    machine.expect(STUCK.format(2, "spinner"), 200)
    machine.send_line("debug panic 0 --yes")
    story = machine.expect(r"freehold: panic on CPU 0: (?:.|\n)*^freehold: halted").group(0)
    assert "CPU 2 had been stuck for " in story, story
    assert "CPU 2 stopped at " in story and "debug_check_stuck+" in story, story
