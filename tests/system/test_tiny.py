# SPDX-License-Identifier: BSD-2-Clause
"""Tiny guests that look at what they are given: registers, local APICs, timers, other CPUs, and whether
emulated instructions do what the processor's own do."""
import pytest


def on(*names, kernel=""):
    """One test for each bed; those of one bed and kernel share its arena, and so a process."""
    return pytest.mark.parametrize("bed", [
        pytest.param(name, marks=pytest.mark.xdist_group(f"arena-{name}{kernel}")) for name in names])


@on("qemu", "qemu-smp", "bochs", "skylake", "haswell")
def test_hello(arena_of, bed):
    result = arena_of(bed).run("hello", "name=you exit=7", memory="16M")
    assert result.note == "powered off"
    assert any(line.split() == ["exit", "code", "7", "(0x7)"] for line in result.show), result
    # 16 MiB without the hole, the firmware area and the last KiB of conventional memory.
    assert "hello you: 15999 KiB" in result.text


@on("qemu", "bochs", "skylake", "haswell")
def test_power_up_state(arena_of, bed):
    """J02: nothing of the guest before, which has faulted on addresses of its own."""
    arena = arena_of(bed)
    arena.run("canonical").check()
    arena.run("cpustate", "cpus=2", cpus="vcpus=2").check()


def run_local_apics(arena, words, cpus):
    """In xAPIC mode and then in x2APIC mode: which mode the host's are in, the bed decides (test_boot)."""
    result = arena.run("smp", words, cpus=cpus, timeout=150).check()
    assert {"smp-ping", "x2-ping"} <= set(result.passed) and not result.skipped, result


@on("qemu", "bochs", "skylake", "haswell")
def test_local_apics(arena_of, bed):
    run_local_apics(arena_of(bed), "cpus=2 ipis=300 slack=45000 ticks=40", "vcpus=2")


@on("qemu-smp", "skylake-smp")
def test_local_apics_on_cpus_of_their_own(arena_of, bed):
    words = "ipis=10000 slack=500000 ticks=5" if bed == "qemu-smp" else "ipis=300 slack=1000 ticks=90"
    run_local_apics(arena_of(bed), "cpus=2 " + words, "cpus=2")


@on("qemu", "bochs", "skylake")
def test_local_apics_of_four(arena_of, bed):
    """Each set of four vCPUs by each form of destination, the four on one CPU."""
    run_local_apics(arena_of(bed), "cpus=4 ipis=50 slack=90000 ticks=20", "vcpus=4")


@on("qemu-smp", "skylake-smp")
def test_local_apics_of_each_cpu(arena_of, bed):
    """As many vCPUs as the machine has CPUs. (Of its own a guest has two at most here: the test before.)"""
    words = "ipis=1000 slack=500000 ticks=5" if bed == "qemu-smp" else "ipis=100 slack=90000 ticks=20"
    count = 4 if bed == "qemu-smp" else 3
    run_local_apics(arena_of(bed), f"cpus={count} {words}", f"vcpus={count}")


@on("qemu", "bochs", "skylake")
def test_emulated_instructions(arena_of, bed):
    result = arena_of(bed).run("emulate").check()
    assert bed != "skylake" or "D05-evex" in result.passed, result
