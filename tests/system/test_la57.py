# SPDX-License-Identifier: BSD-2-Clause
"""5-level paging is the guest's where the processor has it, and refused where it has not."""
from test_tiny import on


@on("qemu-max")
def test_five_levels(arena_of, bed):
    arena = arena_of(bed)
    result = arena.run("modes", "how=la57").check()
    assert result.passed == ["A21-la57"] and not result.skipped, result
    arena.run("modes").check()


@on("qemu", "bochs", "skylake")
def test_four_levels_only(arena_of, bed):
    """CR4.LA57 is reserved there: the guest is told #GP, and CPUID says 48 bits."""
    result = arena_of(bed).run("modes", "how=la57")
    assert result.skipped == ["A21-la57: no LA57"] and not result.failed, result
