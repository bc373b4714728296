# SPDX-License-Identifier: BSD-2-Clause
"""Exceptions, NMIs and interrupts without end, and what keeps a bus, a cache or the log busy: THREATS.md
chapters C and I, each beside the arena's neighbour."""
import re

import pytest
from test_hostile import storm
from test_tiny import on

EXCEPTIONS_NOT_OF_TCG = {
    "db-stack": "QEMU aborts: \"Raised interrupt while not in I/O function\"",
    "ac": "TCG has no #AC of CPL 3",
}

LOG_BURST, LOG_RATE = 20, 10  # lines at once; lines a second


@on("qemu", "bochs", "skylake")
def test_events(arena_of, bed):
    """C04, C08, C11: two vCPUs by turns."""
    result = arena_of(bed).run("events", "cpus=2 rounds=200", cpus="vcpus=2").check()
    assert "C08-halted" in result.passed, result


@on("qemu-smp", "skylake-smp")
def test_events_on_cpus_of_their_own(arena_of, bed):
    """C08, C11: two vCPUs truly at once."""
    arena_of(bed).run("events", "cpus=2 rounds=500", cpus="cpus=2").check()


@pytest.mark.long
@on("qemu-smp", "skylake-smp")
def test_a_million_events(arena_of, bed):
    """C08, C11 in full, and as much of them as Bochs has time for."""
    rounds = 300_000 if bed == "qemu-smp" else 20_000
    arena_of(bed).run("events", f"cpus=2 rounds={rounds}", cpus="cpus=2", timeout=1500).check()


@pytest.mark.parametrize("how", ["db-stack", "db-step", "ac", "pf", "gp"])
@on("qemu", "bochs", "skylake")
def test_exception_loop(arena_of, bed, how):
    """C02, C03, C04: it never ends, and it can be ended."""
    if bed == "qemu" and how in EXCEPTIONS_NOT_OF_TCG:
        pytest.skip(EXCEPTIONS_NOT_OF_TCG[how])
    storm(arena_of(bed), "loops", f"how={how}", 0.3)


@on("skylake")
def test_breakpoint_on_the_gate_of_its_own_exception(arena_of, bed):
    """C02: Bochs takes the third #DB in a row for a double fault, and so the guest ends; under SVM all of
    Bochs would, and QEMU does."""
    result = arena_of(bed).run("loops", "how=db-idt", timeout=30)
    assert result.note and "triple fault" in result.note, result


RARE = pytest.mark.long  # what another of them shows nearly as well
KINDS = ["wbinvd", "cache-off", "split", "lock-mmio", pytest.param("invd", marks=RARE),
         pytest.param("post", marks=RARE), pytest.param("flush", marks=RARE),
         pytest.param("stream", marks=RARE)]


@pytest.mark.parametrize("kind", KINDS)
@on("qemu", "bochs", "skylake")
def test_storm_on_the_machine(arena_of, bed, kind):
    """A08, A09, A23, B04, I08: what a bus or a cache would feel."""
    storm(arena_of(bed), "exitstorm", f"kind={kind}", 0.2)


@pytest.mark.parametrize("kind", ["wbinvd", "split"])
@on("qemu-smp", "skylake-smp")
def test_storm_on_the_machine_by_two(arena_of, bed, kind):
    """A09, I08 on two CPUs beside the neighbour's."""
    storm(arena_of(bed), "exitstorm", f"kind={kind} cpus=2", 1, cpus="cpus=2")


@on("qemu", "bochs", "skylake")
def test_log_is_not_flooded(arena_of, bed):
    """I05: 1,000 different faults: a burst, then ten lines a second; what is not shown is counted."""
    arena = arena_of(bed)
    result = arena.run("i05", "messages=1000", name="noisy")
    assert "1000 faults" in result.text, result
    lines = [line for line in arena.command("log") if " noisy: " in line]
    shown = [float(re.match(r"\[ *(\d+\.\d+)\]", line).group(1)) for line in lines
             if "fault #GP(0)" in line]
    suppressed = sum(int(number) for number in re.findall(r"(\d+) lines suppressed", "\n".join(lines)))
    assert len(shown) + suppressed == 1000, lines
    assert LOG_BURST <= len(shown) <= LOG_BURST + 1 + LOG_RATE * (shown[-1] - shown[0]), lines
