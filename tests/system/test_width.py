# SPDX-License-Identifier: BSD-2-Clause
"""What the console prints on a real machine fits the 80 columns of its operator's terminal."""
import re

from arena import ESCAPES
from test_tiny import on

COLUMNS = 80
LONG = "a123456789-123456789-123456789-"
ALONE = ["list", "list -a", "host", "images", "log", "audit", "doctor", "rules", "help", "export", "check",
         "policy msrs", "top --once", "debug stacks", "host ?", "create --help", "nothing at all"]
ABOUT = ["show", "stats", "why", "exits", "top --once", "policy cpuid", "debug vcpu", "start", "resume",
         "create", "set", "rename", "send", "wait", "stop --timeout", "logs --nothing"]


def expect_narrow(arena, line):
    """The screen as it was drawn, the echo of what was typed left out."""
    position = arena.position()
    arena.bed.command(line, 120)
    text = ESCAPES.sub("", arena.serial.since(position))
    wide = [row for row in text.split("\n") if len(row) > COLUMNS and line not in row]
    assert not wide, (line, wide)
    return text


@on("qemu", "skylake")
def test_all_fits(arena_of, bed):
    """Of two guests, one with the longest name and a long command line, running and failed."""
    arena = arena_of(bed)
    words = "how=answer " + "word " * 30 + "x" * 100
    arena.create("talker", words, name=LONG, more=f"restart=on-failure after={LONG[:-1]}")
    arena.start(LONG)
    arena.command(f"wait {LONG} /ready> / 20")
    for line in ALONE + [f"{line} {name}" for line in ABOUT for name in (LONG, "hb")]:
        expect_narrow(arena, line)
    shown = expect_narrow(arena, f"create {LONG} memory=2M kernel={'k' * 60}")
    assert re.search(r"^error: create .*\n    \S", shown, re.MULTILINE), shown
    position = arena.position()
    arena.command(f'send {LONG} "crash\\n"')
    # News that comes while a line is typed stands in the same row, but for the escapes that clear it.
    assert arena.wait_for(r"\[a[^\n]* stopped: triple fault", position, 60)
    assert arena.wait_for(r"is started again\]", position, 60)
    for line in ["list", f"show {LONG}", f"why {LONG}", f"stats {LONG}", f"exits {LONG}"]:
        expect_narrow(arena, line)
    arena.destroy(LONG)
    expect_narrow(arena, "list -a")
    arena.check_invariants()
