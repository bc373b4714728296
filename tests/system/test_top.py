# SPDX-License-Identifier: BSD-2-Clause
"""`top` and `trace` beside a neighbour whose output and exits are known."""
import re

from test_tiny import on


@on("qemu", "bochs", "skylake")
def test_top(arena_of, bed):
    """The neighbour prints 50 lines a second, each of 10 to 30 bytes, and sleeps in between."""
    arena = arena_of(bed)
    answer = arena.command("top --once")
    row = next(re.match(r"hb +running +(\d+)\.\d % +\d+\.\d % +4 MiB +(\d+) +(\d+) +(\S.*)$", line)
               for line in answer if line.startswith("hb "))
    assert row, answer
    cpu, output, exits, busiest = int(row[1]), int(row[2]), int(row[3]), row[4]
    assert cpu < 90 and 300 < output < 3000 and 50 < exits, answer
    assert re.match(r"[a-z-]+ \d+", busiest), answer
    assert all(len(line) <= 80 for line in answer), answer
    detail = arena.command("top hb --once")
    halts = next(line.split() for line in detail if line.startswith("hlt "))
    assert 20 < int(halts[1]) < 500 and int(halts[2]) > int(halts[1]), detail
    arena.check_invariants()


@on("qemu", "bochs", "skylake")
def test_trace(arena_of, bed):
    """Exits of the neighbour as they come, at a bounded rate; a key ends it and is a command's first."""
    arena = arena_of(bed)
    position = arena.position()
    arena.serial.send("trace hb\r")
    line = r"^ +\d+\.\d{6} +0 hlt +[0-9a-f]{16} +0x[0-9a-f]+ +0x[0-9a-f]+$"
    assert arena.wait_for(rf"{line}(?s:.*){line}", position, 60), arena.since(position)
    assert any("hb " in line for line in arena.command("list"))
    end = arena.position()
    arena.let_pass(1)
    assert "hlt " not in arena.since(end), arena.since(end)
    arena.check_invariants()
