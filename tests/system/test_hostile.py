# SPDX-License-Identifier: BSD-2-Clause
"""Hostile guests beside a neighbour that must not notice: THREATS.md chapters A to I. Each run ends with
the arena's invariants."""
import re

import pytest
from test_tiny import on

TRIPLE = re.compile("triple fault")
EMULATION = re.compile("could not be emulated|triple fault")

# Ways in which a guest ends itself, and as what that may be reported. Where the #DF intercept does not see
# it coming, a guest's triple fault resets all of Bochs under SVM.
ENDS = {
    "limit": TRIPLE, "gates": TRIPLE, "stack": TRIPLE, "tables": EMULATION,
    "idt": EMULATION, "idt-device": EMULATION, "gdt": EMULATION, "stack-hole": EMULATION,
    "stack-device": EMULATION, "ist": EMULATION, "interrupt": EMULATION, "fetch": EMULATION,
    "fetch-device": EMULATION, "fetch-apic": EMULATION,
}
NOT_ON_BOCHS = ("gates", "stack", "tables")
AT_ONCE = 1.0  # seconds


@on("qemu", "bochs", "skylake", "haswell")
def test_instructions(arena_of, bed):
    """A01 to A03, A05 to A09, A11, A13 to A19, A22 to A24, H01."""
    arena_of(bed).run("hostile_a", "samples=500").check()


UMIP = {"qemu": {"cpu": "max"}, "skylake": {"model": "tigerlake"}}


@pytest.mark.parametrize("bed", UMIP)
def test_umip_where_it_is(arena_of, bed):
    """A18 on processors that have UMIP, which those of the other beds lack."""
    result = arena_of(bed, **UMIP[bed]).run("hostile_a", "case=A18-umip").check()
    assert "# UMIP is there" in result.text, result


@on("qemu-smp", "skylake-smp")
def test_instructions_rewritten_while_they_exit(arena_of, bed):
    """A04, and the others on two CPUs."""
    result = arena_of(bed).run("hostile_a", "cpus=2 races=3000 samples=50", cpus="cpus=2").check()
    assert "A04-race" in result.passed, result


@pytest.mark.long
@on("qemu-smp", "skylake-smp")
def test_instructions_rewritten_a_million_times(arena_of, bed):
    """A04 in full, and as much of it as Bochs has time for; A22 on every port."""
    races = 1_000_000 if bed == "qemu-smp" else 100_000
    words = f"cpus=2 case=A04-race races={races}"
    arena_of(bed).run("hostile_a", words, cpus="cpus=2", timeout=1500).check()
    arena_of(bed).run("hostile_a", "case=A22-ports stride=1", timeout=600).check()


@on("qemu", "bochs", "skylake", "haswell")
def test_registers(arena_of, bed):
    """B01 to B15; what B18 leaves shut is shut."""
    arena_of(bed).run("hostile_b", "randoms=300").check()


@pytest.mark.parametrize("flips", [2000, pytest.param(1_000_000, marks=pytest.mark.long)])
@on("qemu-smp", "skylake-smp")
def test_efer_of_two_cpus(arena_of, bed, flips):
    """B17 on two CPUs at once: where Bochs runs both, a twentieth of it must do."""
    flips = flips if bed == "qemu-smp" else flips // 20
    arena_of(bed).run("hostile_b", f"case=B17-efer cpus=2 flips={flips}", cpus="cpus=2",
                      timeout=1500).check()


@on("qemu", "bochs", "skylake", "haswell")
def test_modes(arena_of, bed):
    """A21: exits in all modes, and in the moments between them; D08: segments that forbid."""
    arena_of(bed).run("modes").check()


@on("qemu", "bochs", "skylake")
def test_tasks(arena_of, bed):
    """A20: SVM's processors switch hardware tasks by themselves, VMX's leave it to the VMM."""
    arena_of(bed).run("modes", "how=task").check()


@on("qemu", "bochs", "skylake")
def test_addresses_that_are_not_canonical(arena_of, bed):
    """C09, and single steps through exits (C06)."""
    arena_of(bed).run("canonical").check()


@on("qemu", "bochs", "skylake")
def test_physical_memory(arena_of, bed):
    """D01, D02, D04, D06, D07."""
    arena_of(bed).run("hostile_d", "step=0x2000000").check()


@on("qemu", "bochs", "skylake")
def test_nested_tables_are_not_used_up(arena_of, bed):
    """I04."""
    arena_of(bed).run("i04", "touches=4000").check()


@pytest.mark.parametrize("how", ENDS)
@on("qemu", "bochs", "skylake")
def test_ends_itself(arena_of, bed, how):
    """C01, C05, D03: that guest alone stops, with a reason."""
    if bed == "bochs" and how in NOT_ON_BOCHS:
        pytest.skip("a triple fault of a guest resets all of Bochs")
    result = arena_of(bed).run("hostile_c", f"how={how}", timeout=30)
    assert result.note and ENDS[how].search(result.note), result
    assert "it goes on" not in result.text
    assert any(line.strip().startswith("report") for line in result.show) or \
        "triple" in result.note, result


@on("qemu", "skylake")
def test_ends_itself_in_real_mode(arena_of, bed):
    """C01. On ryzen it would be the end of Bochs."""
    result = arena_of(bed).run("modes", "how=triple", timeout=30)
    assert result.note and TRIPLE.search(result.note), result


@pytest.mark.parametrize("how", ["limit", "stack"])
@on("qemu-smp", "skylake-smp")
def test_another_cpu_ends_the_guest(arena_of, bed, how):
    """C01 on the second vCPU while the first is halted."""
    result = arena_of(bed).run("hostile_c", f"how={how} ap=1", cpus="cpus=2", timeout=30)
    assert result.note and TRIPLE.search(result.note), result


@pytest.mark.parametrize("how", ["64", "92", "cf9", "s5", "exit", "triple"])
@on("qemu", "bochs", "skylake")
def test_reset_and_power_ports(arena_of, bed, how):
    """F04, F12: a reset restarts the guest, five times in a minute; power-off stops it."""
    result = arena_of(bed).run("f04", f"how={how} value=42", timeout=60)
    if how in ("64", "92", "cf9"):
        assert result.note and "6 resets" in result.note, result
        assert result.text.count(f"now {how}") == 6, result
    elif how == "triple":
        assert TRIPLE.search(result.note or ""), result
    else:
        assert result.note == "powered off", result
        wanted = ["42", "(0x2a)"] if how == "exit" else ["0", "(0x0)"]
        assert any(line.split() == ["exit", "code", *wanted] for line in result.show), result


@pytest.mark.parametrize("how", ["cf9", "s5"])
@on("qemu-smp", "skylake-smp")
def test_all_cpus_reset_at_once(arena_of, bed, how):
    """F04 with two vCPUs at the port."""
    result = arena_of(bed).run("f04", f"how={how} cpus=2", cpus="cpus=2", timeout=60)
    assert result.note and ("resets" in result.note if how == "cf9" else
                            result.note == "powered off"), result


@on("qemu", "bochs", "skylake")
def test_output_flood(arena_of, bed):
    """F01: nobody reads; the oldest goes, the neighbour loses nothing."""
    result = arena_of(bed).run("f01", "mib=1", timeout=150)
    assert result.note == "powered off", result
    numbers = [int(number) for number in re.findall(r"^flood (\d+) ", result.text, re.MULTILINE)]
    assert numbers and numbers == list(range(numbers[0], numbers[0] + len(numbers))), result
    assert numbers[-1] == (1 << 20) // 64 - 1, numbers[-1]


@pytest.mark.long
@on("qemu")
def test_output_flood_of_10_mib(arena_of, bed):
    result = arena_of(bed).run("f01", "mib=10", timeout=600)
    assert result.note == "powered off", result


def states(arena):
    """Of the attacker: one, or none if there is no attacker."""
    return [line.split()[1] for line in arena.command("list") if line.startswith("a ")]


def at_once(arena, command, state):
    """While the attacker does its worst the command takes no more than AT_ONCE of the machine's own time, the
    typing and two looks at the clock included. Typed ahead: once the attacker is
    paused the machine may idle, and an idle Bochs runs ahead of us."""
    before, _, after = arena.commands(["list", command, "list"])
    before, after = arena.uptime_of(before), arena.uptime_of(after)
    assert after - before <= AT_ONCE + arena.slack / 1_000_000, f"{command}: {before} to {after}"
    assert states(arena) == state


def storm(arena, guest, words, seconds, **options):
    """An attacker that never ends: the neighbour's time goes on beside it, and it is paused and destroyed
    at once."""
    arena.create(guest, words, **options)
    arena.start()
    arena.let_pass(seconds)
    assert states(arena) == ["running"]
    at_once(arena, "pause a", ["paused"])
    arena.command("resume a")
    arena.let_pass(0.1)
    at_once(arena, "destroy a --yes", [])
    arena.check_invariants()
    result = arena.run("hello")
    assert result.note == "powered off", result


@pytest.mark.parametrize("kind", ["cpuid", "call", "out", "msr", "fault", "mmio"])
@on("qemu", "bochs", "skylake")
def test_exit_storm(arena_of, bed, kind):
    """I01 on the neighbour's own CPU."""
    storm(arena_of(bed), "exitstorm", f"kind={kind}", 0.3)


@pytest.mark.parametrize("kind", ["cpuid", "mmio"])
@on("qemu-smp", "skylake-smp")
def test_exit_storm_on_other_cpus(arena_of, bed, kind):
    """I01 on two CPUs beside the neighbour's."""
    storm(arena_of(bed), "exitstorm", f"kind={kind} cpus=2", 2, cpus="cpus=2")


@pytest.mark.parametrize("how", ["spin", "pause", "halt", "on"])
@on("qemu", "bochs", "skylake")
def test_spin(arena_of, bed, how):
    """A10, A12: interrupts off, on the neighbour's own CPU."""
    if bed == "bochs" and how in ("spin", "pause"):
        pytest.skip("under SVM Bochs masks physical interrupts in a guest entered with IF=0")
    storm(arena_of(bed), "spin", f"how={how}", 0.4)


@pytest.mark.parametrize("how", ["pause", "halt"])
@on("qemu-smp", "skylake-smp")
def test_spin_on_all_cpus(arena_of, bed, how):
    storm(arena_of(bed), "spin", f"how={how} cpus=2", 2, cpus="cpus=2")


@on("qemu")
def test_nmi_of_the_host(arena_of, bed):
    """N01: NMIs while guests run, exit and sleep; each is counted and none is lost on anybody."""
    arena = arena_of(bed)
    arena.create("exitstorm", "kind=cpuid")
    arena.start()
    for _ in range(100):
        arena.bed.hmp("nmi")
    arena.wait_beats(10)
    arena.destroy()
    arena.check_invariants()
