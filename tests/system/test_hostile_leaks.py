# SPDX-License-Identifier: BSD-2-Clause
"""What one guest, or the operator, may learn of another, and what is left of it: THREATS.md J04 to J08; how
deep the kernel's stacks were (I07), and the largest partitions (I10)."""
import os
import re

import beds
import pytest
from test_tiny import on

RESETS = 6  # how often a guest is started before it stays stopped
SECRET, REGISTER = "~SeCrEt!", "0123f00dbadc0ffe"  # tests/guests/j08.c
SECRETS = (SECRET, "217445724365537e", "7e53654372457421")
MAX_VCPUS, MAX_PARTITIONS = 64, 64
MAX_IMAGES = 8  # of a partition
CLEANED = 512  # KiB, between two commands


@pytest.mark.parametrize("how", ["cf9", pytest.param("64", marks=pytest.mark.long),
                                 pytest.param("92", marks=pytest.mark.long)])
@on("qemu", "bochs", "skylake")
def test_reset_leaves_nothing(arena_of, bed, how):
    """J04: after each kind of reset all is as at power-up, RAM too, and the same each time."""
    result = arena_of(bed).run("j04", f"how={how}", timeout=60)
    assert result.note and f"{RESETS} resets" in result.note, result
    assert not result.failed, result
    found = re.findall(r"^found ([0-9a-f]+) failed 0$", result.text, re.MULTILINE)
    assert len(found) == RESETS and len(set(found)) == 1, result


def memory_of(answer):
    """KiB that `host` calls free, and of them those that are not clean."""
    text = "\n".join(answer)
    free, clean = re.search(r"memory free (\d+) KiB in \d+ extents, clean (\d+) KiB", text).groups()
    return int(free), int(free) - int(clean)


@on("qemu", "bochs", "skylake")
def test_what_is_freed_is_dirty(arena_of, bed):
    """J06: a partition's memory, its kernel objects (page tables, VMCB or VMCS, state) and its console
    count as dirty from the moment on they are free; none is given away before it is clean (J01)."""
    arena = arena_of(bed)
    arena.create("hello", memory="16M", cpus="vcpus=16")
    position = arena.start()
    assert arena.wait_for(r"\[a stopped: [^\n]*\]", position, 30)
    # Typed ahead: there is little time between them to clean anything, and less than the objects take.
    before, _, after = arena.commands(["host", "destroy a --yes", "host"])
    (free, dirty), (free_after, dirty_after) = memory_of(before), memory_of(after)
    freed = free_after - free
    assert freed > 16 * 1024 + CLEANED, (before, after)
    assert freed - CLEANED <= dirty_after - dirty <= freed, (before, after)
    arena.check_invariants()


def start_secret(arena, name="a"):
    arena.create("j08", name=name)
    arena.start(name)
    return arena.output(name, until=r"^hidden$")


@on("qemu", "bochs", "skylake")
def test_no_counter_of_others(arena_of, bed):
    """J07: a guest's TSC and clock begin with itself, whatever ran before and beside it; and two of a kind
    are told the same of the hypervisor."""
    arena = arena_of(bed)
    arena.create("exitstorm", "kind=cpuid", name="busy")
    arena.start("busy")
    arena.let_pass(1)
    khz = int(re.search(r"clock +(\d+) kHz", "\n".join(arena.command("host"))).group(1))
    told = []
    for _ in range(2):
        text = start_secret(arena)
        tsc, time = map(int, re.search(r"tsc (\d+) system time (\d+)", text).groups())
        assert tsc < khz * 500 and time < 500_000_000, f"TSC {tsc} and {time} ns at the start"
        told.append(re.findall(r"^leaf .*$", text, re.MULTILINE))
        arena.destroy()
        arena.let_pass(0.6)
    assert told[0] == told[1] and len(told[0]) == 64, told
    arena.destroy("busy")
    arena.check_invariants()


@on("qemu", "bochs", "skylake")
def test_operator_sees_registers_only(arena_of, bed):
    """J08: `debug vcpu` shows the registers of the guest that is named; nothing shows its memory."""
    arena = arena_of(bed)
    position = arena.position()
    start_secret(arena)
    arena.let_pass(0.2)
    commands = ["show a", "stats a", "list", "log", "audit", "host", "debug stacks"]
    for answer in arena.commands(commands):
        assert REGISTER not in "\n".join(answer).lower(), answer
    arena.command("pause a")
    assert REGISTER in "\n".join(arena.command("debug vcpu a 0")), "the registers are not shown"
    assert REGISTER not in "\n".join(arena.command("debug vcpu hb 0")), "of another guest"
    arena.destroy()
    seen = arena.since(position)
    assert not [secret for secret in SECRETS if secret in seen]
    arena.check_invariants()


# On its own CPU, or on one that it shares with the console.
PANIC_BEDS = {"qemu": (beds.QemuBed, {"cpus": 2}, "cpus=1", "debug cpu-panic 1 --yes"),
              "bochs": (beds.BochsBed, {"model": "ryzen"}, "vcpus=1", "debug panic 2 --yes"),
              "skylake": (beds.BochsBed, {"model": "corei7_skylake_x"}, "vcpus=1", "debug panic 2 --yes")}


@pytest.mark.parametrize("name", PANIC_BEDS)
def test_panic_tells_nothing_of_guests_memory(boot, build, name):
    """J08: nor does a panic."""
    bed, options, cpus, command = PANIC_BEDS[name]
    images = {"j08": os.path.join(build, "tiny", "j08.elf")}
    machine = boot(bed, config=f"create a {cpus} memory=8M kernel=j08\nstart a\n", images=images,
                   **options)
    boot.panic_expected = True
    machine.expect_prompt()
    machine.send_line("console a")
    machine.expect(r"^hidden$")
    machine.send(b"\x1d")
    machine.expect_prompt()
    machine.send_line(command)
    story = machine.expect(r"freehold: panic on CPU \d+: (?:.|\n)*^freehold: halted").group(0)
    assert "last exits of slot" in story or "cpu-panic" not in command, story
    assert not [secret for secret in SECRETS if secret in story], story
    printable = re.sub(r"\r?\n", "", story)
    assert printable.isascii() and printable.isprintable(), repr(story)


def stacks(arena, cpu):
    """{name: (used, size)} of a CPU."""
    lines = arena.command(f"debug stacks {cpu}")
    found = {}
    for line in lines:
        match = re.match(rf"cpu {cpu} (\S+) +(\d+) of +(\d+) bytes, guard page in place$", line)
        assert match, lines
        found[match.group(1)] = (int(match.group(2)), int(match.group(3)))
    return found


@on("qemu", "qemu-smp", "bochs", "skylake", "skylake-smp")
def test_stacks_are_deep_enough(arena_of, bed):
    """I07: after exits, upcalls and creations under timer interrupts, NMIs where the bed has them, and the
    audit: no stack of the kernel was ever half full."""
    arena = arena_of(bed)
    for kind in ("mmio", "fault"):
        arena.create("exitstorm", f"kind={kind}")
        arena.start()
        for _ in range(50 if "qemu" in bed else 0):
            arena.bed.hmp("nmi")
        arena.let_pass(0.2)
        arena.command("audit")
        arena.destroy()
    cpus = sum(1 for line in arena.command("host") if line.startswith("cpu "))
    for cpu in range(cpus):
        found = stacks(arena, cpu)
        assert set(found) == {"main", "NMI", "#DF", "#MC"}, found
        assert all(used * 2 <= size for used, size in found.values()), found
        assert found["main"][0] > 200 and found["#DF"][0] == 0 and found["#MC"][0] == 0, found
        assert found["NMI"][0] > 0 or "qemu" not in bed, found
        print(bed, cpu, found)
    arena.check_invariants()


def refused(arena, command, *reasons):
    answer = "\n".join(arena.bed.command(command))
    assert answer.startswith("error: ") and all(reason in answer for reason in reasons), answer


@on("qemu", "bochs", "skylake")
def test_largest_partition_and_one_more(arena_of, bed):
    """I10: 64 vCPUs, 8 images or nearly all memory make a partition that runs; one more is refused, and
    nothing of it is left. (Devices are the same for all, and cannot be added.)"""
    arena = arena_of(bed)
    refused(arena, f"create a vcpus={MAX_VCPUS + 1} memory=8M kernel=hello", "vcpus=65", "64")
    refused(arena, f"create a vcpus=1 memory={arena.free // 1024 + 1}M kernel=hello", "memory=", "free")
    refused(arena, "create a vcpus=1 memory=8M kernel=hello module=none", "module")
    refused(arena, "create a vcpus=1 memory=8M kernel=hello" + " module=hello" * MAX_IMAGES,
            "module=hello", "8 images")
    assert arena.free_memory() == arena.free
    result = arena.run("hello", "name=you exit=7", cpus=f"vcpus={MAX_VCPUS}")
    assert "hello you" in result.text and result.note == "powered off", result
    result = arena.run("hello", "name=you exit=7", more="module=hello " * (MAX_IMAGES - 1))
    assert "hello you" in result.text and result.note == "powered off", result
    result = arena.run("hello", "name=you exit=7", memory=f"{arena.free // 1024 - 16}M", timeout=120)
    assert "hello you" in result.text and result.note == "powered off", result


@on("qemu")
def test_most_partitions_and_one_more(arena_of, bed):
    """I10: 64 partitions; the 65th is refused."""
    arena = arena_of(bed)
    names = [f"p{number}" for number in range(MAX_PARTITIONS - 1)]
    for name in names:
        arena.command(f"create {name} vcpus=1 memory=4M kernel=hello")
    refused(arena, "create more vcpus=1 memory=4M kernel=hello", "64 partitions")
    for name in names:
        arena.destroy(name)
    arena.check_invariants()
