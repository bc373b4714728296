# SPDX-License-Identifier: BSD-2-Clause
"""Protection keys (D07): where the processor has them, what the VMM carries out heeds the guest's PKRU."""
import pytest
from test_tiny import on


def other_machine(name):
    """Not a bed of the arena's, but in the process of one."""
    return pytest.mark.xdist_group(f"arena-{name}")


@on("qemu-max")
def test_protection_keys(arena_of, bed):
    result = arena_of(bed).run("keys").check()
    assert not result.skipped and len(result.passed) == 3, result


@other_machine("skylake")
def test_no_keys_without_a_place_for_them(arena_of):
    """Bochs's tigerlake has keys, but CPUID does not say where in an XSAVE area PKRU is: a guest is offered
    neither, and what two guests have in their registers stays theirs."""
    arena = arena_of("skylake", model="tigerlake")
    result = arena.run("keys")
    assert "# protection keys are absent" in result.text and result.note == "powered off", result
    arena.run("cpustate").check()
