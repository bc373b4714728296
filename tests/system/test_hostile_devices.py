# SPDX-License-Identifier: BSD-2-Clause
"""Hostile guests at memory, interrupt controllers, timers, ports and PCI, beside a neighbour that must not
notice: THREATS.md, the rest of chapters D, E and F."""
import pytest
from test_hostile import storm
from test_tiny import on


@on("qemu", "bochs", "skylake", "haswell")
def test_memory(arena_of, bed):
    """D02, D15, D17, D20."""
    arena_of(bed).run("hostile_d2", timeout=120).check()


@pytest.mark.parametrize("races", [2000, pytest.param(1_000_000, marks=pytest.mark.long)])
@on("qemu-smp", "skylake-smp")
def test_page_moves_under_an_instruction(arena_of, bed, races):
    """D09; Bochs runs a twentieth of the long one."""
    races = races if bed == "qemu-smp" or races < 10_000 else races // 20
    result = arena_of(bed).run("hostile_d2", f"case=D09-race cpus=2 races={races}", cpus="cpus=2",
                               timeout=1500).check()
    assert "D09-race" in result.passed, result


@on("qemu", "bochs", "skylake")
def test_dirty_memory_while_it_ends(arena_of, bed):
    """D14: all RAM is written while the guest is paused, and destroyed."""
    storm(arena_of(bed), "hostile_d2", "how=dirty", 0.3, memory="64M")


@on("qemu-smp", "skylake-smp")
def test_dirty_memory_by_two(arena_of, bed):
    storm(arena_of(bed), "hostile_d2", "how=dirty cpus=2", 1, memory="64M", cpus="cpus=2")


@pytest.mark.parametrize("rounds", [3, pytest.param(50, marks=pytest.mark.long)])
@on("qemu-smp", "skylake-smp")
def test_no_write_after_the_end(arena_of, bed, rounds):
    """D11: two CPUs write all memory without an exit while it is taken from them. What they write after
    `destroy` has answered the next guest would find in memory that was cleaned."""
    arena = arena_of(bed)
    for _ in range(rounds):
        arena.create("hostile_d2", "how=dirty cpus=2", memory="32M", cpus="cpus=2")
        arena.start()
        arena.let_pass(0.2)
        arena.command("destroy a --yes")
        arena.run("zeros", memory="32M", timeout=150).check()


@on("qemu", "bochs", "skylake", "haswell")
def test_interrupts_and_timers(arena_of, bed):
    """E01, E04 to E13, E15, E18."""
    arena_of(bed).run("hostile_e", timeout=120).check()


@on("qemu-smp", "skylake-smp")
def test_broadcasts(arena_of, bed):
    """E03, and E13 with two CPUs at the RTC's index."""
    storms = 20_000 if bed == "qemu-smp" else 5_000
    result = arena_of(bed).run("hostile_e", f"cpus=2 storms={storms}", cpus="cpus=2", timeout=300).check()
    assert "E03-storm" in result.passed, result


@on("qemu", "bochs", "skylake")
def test_forged_lines(arena_of, bed):
    """F03: nothing of what a guest prints comes to the line unless somebody is attached to it, and the report
    of its end is the console's own."""
    arena = arena_of(bed)
    arena.create("hostile_f", "how=forge")
    position = arena.start()
    assert arena.wait_for(r"\[a stopped: powered off\]", position, 90), arena.since(position)
    assert "forged" not in arena.since(position) and "ffff" not in arena.since(position)
    with arena.serial.changed:
        raw = arena.serial.all[position:]
    assert not any(byte in raw for byte in ("\x1b[2J", "\x1b]0", "\x9b", "\xff"))
    arena.destroy()
    arena.check_invariants()


@on("qemu", "bochs", "skylake", "haswell")
def test_ports_and_pci(arena_of, bed):
    """F02, F05 to F07, F09."""
    arena_of(bed).run("hostile_f", timeout=120).check()


@on("qemu", "bochs", "skylake")
def test_tables_spoilt_before_a_reset(arena_of, bed):
    """F11: what was put into memory is made anew each time, and nobody else reads it."""
    result = arena_of(bed).run("hostile_f", "how=tables", timeout=60)
    assert result.note and "6 resets" in result.note, result
    assert result.text.count("ok F11-tables") == 6 and not result.failed, result
