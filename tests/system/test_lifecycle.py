# SPDX-License-Identifier: BSD-2-Clause
"""Create, start, stop, reset, destroy, again and again: to the page nothing is lost, the neighbour's
counter never stalls, and what one guest wrote the next one does not find."""
import re

import pytest
from test_tiny import on


# A guest that sleeps mostly, one that halts for ever and one that exits all the time; each says at its
# start what stands last.
GUESTS = (("heartbeat", "period=100", r"hb 0 \d+ \d+\n"), ("spin", "how=halt", "halt on 1\n"),
          ("exitstorm", "kind=mmio", "storm mmio on 1\n"))


def wait_start(arena, says, count):
    """Until it has started for the count-th time since create, by what it printed itself."""
    arena.output("a", until=lambda text: len(re.findall(f"^{says}", text, re.MULTILINE)) == count)


def one_round(arena, number):
    """Each way through a partition's life, by turns, with each guest."""
    guest, words, says = GUESTS[number // 3 % 3]
    starts = 1
    arena.create(guest, words, memory=f"{4 + number % 5 * 3}M")
    arena.start()
    wait_start(arena, says, starts)
    if number % 3 == 0:
        arena.command("reset a")
        starts += 1
        wait_start(arena, says, starts)
    if number % 3 != 1:
        arena.command("stop a --force")
        if number % 4 == 0:
            arena.command("start a")
            wait_start(arena, says, starts + 1)
    arena.destroy()
    arena.check_invariants()


@on("qemu", "qemu-smp", "bochs", "skylake")
def test_17_rounds(arena_of, bed):
    arena = arena_of(bed)
    for number in range(17):
        one_round(arena, number)


@pytest.mark.long
@on("qemu-smp", "bochs", "skylake")
def test_1000_rounds(arena_of, bed):
    arena = arena_of(bed, deadline=4 * 3600)
    for number in range(1000):
        one_round(arena, number)


@on("qemu", "bochs", "skylake")
def test_zeros_after_a_pattern(arena_of, bed):
    """J01: two thirds of the memory are filled, so that the next guest must get some of those frames."""
    arena = arena_of(bed)
    size = f"{arena.free * 2 // 3 // 1024}M" if bed == "qemu" else "48M"
    result = arena.run("fill", memory=size, until=r"^done 1 failed 0", timeout=120)
    assert "filled" in result.text, result
    arena.run("zeros", memory=size, timeout=150).check()


@on("qemu", "skylake")
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


@pytest.mark.parametrize("loops", [400, pytest.param(50_000, marks=pytest.mark.long)])
@on("qemu", "bochs", "skylake")
def test_registers_of_two_guests(arena_of, bed, loops):
    """B16, J03: both on one CPU, each sleeping between its looks; in full, 10^5 switches."""
    arena = arena_of(bed, deadline=3600) if loops > 400 else arena_of(bed)
    for number in (1, 2):
        arena.create("fpu", f"pattern={number} loops={loops} sleep=200", name=f"f{number}")
    position = arena.position()
    arena.command("start f1")
    arena.command("start f2")
    for name in ("f1", "f2"):
        ended = arena.wait_for(rf"\[{name} stopped: powered off\]", position, 60 + loops // 25)
        assert ended, arena.since(position)
        text = arena.output(name)
        assert "ok J03-pattern" in text and "FAIL" not in text, text
        arena.destroy(name)
    arena.check_invariants()


@on("qemu", "bochs", "skylake")
def test_audit_is_in_steps(arena_of, bed):
    """The audit looks at thousands of mappings, and the neighbour, on the same CPU, runs meanwhile."""
    arena = arena_of(bed)
    arena.create("spin", "how=halt", memory="16M")
    arena.start()
    arena.wait_beats(1)
    arena.late = []
    for answer in arena.commands(["audit"] * 3):
        # What is typed ahead stands on the line until the answer takes its place.
        assert re.search(r"audit: 2 partitions, 6 spaces, \d{4,} mappings, digest \w{16}, 0 violations$",
                         answer[0]), answer
    arena.destroy()
    # What the console may take at once, and a slice; not the 100 ms that the audit in one go would be.
    arena.check_invariants(slack=None if bed == "qemu" else 40_000)


@on("qemu", "skylake")
def test_changed_while_it_waits(arena_of, bed):
    """A guest that crashes again and again waits longer each time. With other memory it waits on, and what is
    exported meanwhile starts it."""
    arena = arena_of(bed)
    arena.create("talker", "how=answer", more="restart=on-failure")
    arena.start()
    for wait in (0, 1, 2, 4, 8):
        position = arena.position()
        arena.commands(["wait a /ready> / 30", 'send a "crash\\n"'])
        again = rf"\[a is started again in {wait} s\]" if wait else r"\[a is started again\]"
        assert arena.wait_for(again, position, 60), arena.since(position)
        if 0 < wait < 8:
            arena.let_pass(wait + 0.5)
    changed, listed, exported = [arena.command(line) for line in ("set a memory=4M", "list", "export")]
    assert changed[0].startswith("a: changed"), changed
    assert any(re.match(r"a +waiting +1 pool +4 MiB +- +triple fault; again in [1-8] s", row)
               for row in listed), listed
    assert "start a" in exported, exported
    arena.let_pass(8.5)
    arena.command("wait a /ready> / 30")
    assert any(re.match(r"a +running +1 pool +4 MiB", row) for row in arena.command("list"))
    arena.destroy()
    arena.check_invariants()
