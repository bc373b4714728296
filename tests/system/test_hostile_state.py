# SPDX-License-Identifier: BSD-2-Clause
"""THREATS.md C12: single bits of a guest's saved state are flipped behind its back. Whatever the processor
makes of it costs that guest alone."""
from test_tiny import on

SEEDS = range(0, 24 * 7, 7)  # seeds step through the fields and their bits


@on("qemu", "skylake")
def test_corrupted_state(arena_of, bed):
    arena = arena_of(bed)
    notes = set()
    for seed in SEEDS:
        arena.create("exitstorm", "kind=cpuid")
        arena.start()
        arena.let_pass(0.1)
        arena.command("pause a")
        arena.command(f"debug random-state a 0 {seed} --yes")
        arena.command("resume a")
        arena.let_pass(0.1)
        notes.add(next(line for line in arena.command("list") if line.startswith("a ")).split()[1])
        arena.destroy()
    arena.check_invariants(refusals=True)
    assert "stopped" in notes, "no flip was noticed: the bits do not reach the processor"
