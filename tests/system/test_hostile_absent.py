# SPDX-License-Identifier: BSD-2-Clause
"""What this machine has not, asked for in every way that a guest knows, beside a neighbour that must not
notice: THREATS D10, D13, E16, E17, F08, F10."""
import re

from test_tiny import on


@on("qemu", "bochs", "skylake", "haswell")
def test_nothing_is_there(arena_of, bed):
    """D10, E17, F10, and D13's code in all of RAM."""
    arena_of(bed).run("hostile_g", memory="32M", timeout=120).check()


@on("qemu-smp", "skylake-smp")
def test_configuration_race(arena_of, bed):
    """F08: two CPUs write commands and capabilities by both ways."""
    result = arena_of(bed).run("hostile_g", "case=F08-race cpus=2 ms=500", cpus="cpus=2",
                               timeout=300).check()
    assert "F08-race" in result.passed, result


# What CPUs map for themselves to clean memory comes and goes; a large page that is split is 511 more.
NOISE = 100


def mappings(arena):
    found = re.match(r"audit: .* (\d+) mappings, digest \w+, 0 violations", arena.command("audit", 120)[-1])
    assert found
    return int(found.group(1))


@on("qemu-smp", "bochs", "skylake-smp")
def test_no_mapping_is_split(arena_of, bed):
    """D13: while code runs out of every large page, the operator does all there is to do; the tables that
    the guest runs on have as many entries as before."""
    arena = arena_of(bed)
    arena.create("hostile_g", "how=execute", memory="64M")
    arena.start()
    before = mappings(arena)
    for _ in range(5):
        arena.commands(["pause a", "debug vcpu a 0", "resume a", "stats a"])
        arena.create("hello", name="b", memory="16M")
        arena.start("b")
        arena.let_pass(0.05)
        arena.destroy("b")
    assert abs(mappings(arena) - before) < NOISE
    assert any("running" in line for line in arena.command("list") if line.startswith("a ")), "it has ended"
    arena.destroy()
    arena.check_invariants()


@on("qemu-smp", "bochs", "skylake-smp")
def test_fast_timers_of_a_pool(arena_of, bed):
    """E16: a vCPU keeps its CPU, so no timer moves. What comes nearest: more vCPUs than the pool has CPUs, a
    tick each 100 us, and all timers taken from their queues and put back by pause and resume."""
    arena = arena_of(bed)
    # Not on CPU 0, where QEMU's emulator spoils a guest's entry now and then when another CPU restores its
    # FPU registers (console/doctor_checks.c), which CPUs that share do all the time.
    vcpus, where = (3, " on=1-2") if bed == "qemu-smp" else (2, "")
    arena.create("hostile_g", f"how=ticks cpus={vcpus}", cpus=f"vcpus={vcpus}{where}")
    position = arena.start()
    # It begins with an empty UART: what is sent before is lost.
    arena.command("wait a /^counting/ 2m")
    for _ in range(3):
        arena.command("pause a")
        arena.let_pass(0.02)
        arena.command("resume a")
    arena.command('send a "."')
    assert arena.wait_for(r"\[a stopped: powered off\]", position, 200), arena.since(position)
    text = arena.output("a")
    assert "ok E16-ticks" in text and text.count("ticks of") == vcpus, text
    arena.destroy()
    arena.check_invariants()
