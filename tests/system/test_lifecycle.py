# SPDX-License-Identifier: BSD-2-Clause
"""Create, start, stop, reset, destroy, again and again: to the page nothing is lost, the neighbour's
counter never stalls, and what one guest wrote the next one does not find."""
import pytest
from test_tiny import on


def one_round(arena, number):
    """Each way through a partition's life, by turns."""
    arena.create("heartbeat", "period=5", memory="6M")
    arena.start()
    arena.wait_beats(2)
    if number % 3 == 0:
        arena.command("reset a")
        arena.wait_beats(2)
    if number % 3 != 1:
        arena.command("stop a --force")
        if number % 4 == 0:
            arena.command("start a")
    arena.destroy()
    arena.check_invariants()


@on("qemu", "bochs")
def test_17_rounds(arena_of, bed):
    arena = arena_of(bed)
    for number in range(17 if bed == "qemu" else 6):
        one_round(arena, number)


@pytest.mark.long
@on("qemu-smp")
def test_1000_rounds(arena_of, bed):
    arena = arena_of(bed, deadline=4 * 3600)
    for number in range(1000):
        one_round(arena, number)


@on("qemu", "bochs")
def test_zeros_after_a_pattern(arena_of, bed):
    """J01: two thirds of the memory are filled, so that the next guest must get some of those frames."""
    arena = arena_of(bed)
    size = f"{arena.free * 2 // 3 // 1024}M" if bed == "qemu" else "48M"
    result = arena.run("fill", memory=size, until=r"^done 1 failed 0", timeout=120)
    assert "filled" in result.text, result
    arena.run("zeros", memory=size, timeout=150).check()


@on("qemu")
def test_zeros_after_a_reset(arena_of, bed):
    """J01: a start after a stop scrubs, too."""
    arena = arena_of(bed)
    arena.create("fill", memory="16M", name="z")
    position = arena.start("z")
    arena.output("z", until=r"^done 1 failed 0")
    arena.command("stop z --force")
    arena.destroy("z")
    arena.run("zeros", memory="16M").check()
    assert position


@on("qemu", "bochs")
def test_registers_of_two_guests(arena_of, bed):
    """J03: both on one CPU, each sleeping between its looks."""
    arena = arena_of(bed)
    for number in (1, 2):
        arena.create("fpu", f"pattern={number} loops=400 sleep=200", name=f"f{number}")
    position = arena.position()
    arena.command("start f1")
    arena.command("start f2")
    for name in ("f1", "f2"):
        assert arena.wait_for(rf"\[{name} stopped: powered off\]", position, 60), arena.since(position)
        text = arena.output(name)
        assert "ok J03-pattern" in text and "FAIL" not in text, text
        arena.destroy(name)
    arena.check_invariants()
