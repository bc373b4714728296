# SPDX-License-Identifier: BSD-2-Clause
"""Ring 3 is attacked, not trusted: a VMM that does what it must not (tests/guests/hostile_vmm) loses its own
partition and nothing else. The neighbour's VMM is the same program, which behaves."""
import functools
import re

import pytest
from test_tiny import on

HOSTILE = "freehold-hostile.elf"
on_hostile = functools.partial(on, kernel="-vmm")
FAULT = re.compile(r"^its VMM faulted: .*#(GP|UD|PF|SS|DB)")
LOOP = re.compile(r"^its VMM ran too long")
# It went on, all that it tried was refused, and it said so.
HELD = re.compile(r"^powered off: held: ")
# The field that the processor minds has a name.
REFUSED = re.compile("the processor refuses the guest's state: [A-Z]")
# Whatever the guest then makes of it, the partition ends or the guest runs to its end.
ANY = re.compile(r".")

USER_DATA, USER_CODE, CALL_VECTOR = 0x1b, 0x23, 0x80
KERNEL_STACK = 0xffffff6000004f00

# The attack, its variants (None: it has none), and how each has to end.
ATTACKS = {
    "privileged": (range(43), FAULT),
    "syscall": (None, FAULT),
    "sysenter": (None, FAULT),
    "int": ([n for n in range(256) if n != CALL_VECTOR and (n < 34 or n % 16 in (0, 1, 15))], FAULT),
    "selector": ([n for n in range(0, 72) if n > 3 and n != USER_DATA] + [0x1000, 0xffff], FAULT),
    "far-return": ([0, 8, 16, 24, 40, 48], FAULT),
    "iret": ([0, 8, 16, 24, 40, 48], FAULT),
    "rflags": (None, HELD),
    "stack-call": ([0, 8, KERNEL_STACK, 1 << 47, 0x12000000], HELD),
    "stack": ([0, 8, KERNEL_STACK, 1 << 47], FAULT),
    "read": (range(38), FAULT),
    "write": (range(38), FAULT),
    "jump": (range(38), FAULT),
    "write-own": (range(4), FAULT),
    "execute-own": (range(8), FAULT),
    "overflow": (None, FAULT),
    "sweep": (range(8), HELD),
    "numbers": (None, HELD),
    "pointers": (None, HELD),
    "log": (None, HELD),
    "end": (range(6), ANY),
    "event": (range(17), ANY),
    "length": (range(6), ANY),
    "groups": ([0, 1, 255, 0xffffff00], ANY),
    "loop": (None, LOOP),
    "call-loop": ([4, 33, 200], LOOP),
    "notify-loop": (None, LOOP),
    "storm": (range(3), ANY),
}
STATES = range(31)
# Under SVM Bochs resets itself at a guest's triple fault; these states lead to one.
NOT_ON_BOCHS = {"event": (7, 8, 9, 12, 16), "groups": (0, 255),
                "state": (2, 6, 11, 12, 16, 17, 21, 22, 23, 29, 30)}


def variants(bed, attack, numbers):
    if numbers is None:
        return [f"attack={attack}"]
    left_out = NOT_ON_BOCHS.get(attack, ()) if bed == "bochs" else ()
    return [f"attack={attack} n={number}" for number in numbers if number not in left_out]


def check(notes, wanted):
    for words, note in notes.items():
        assert note, f"{words}: it did not end"
        assert "BROKE" not in note, f"{words}: {note}"
        assert wanted.search(note), f"{words}: {note}"


def run_attack(arena, bed, attack, every=1):
    numbers, wanted = ATTACKS[attack]
    # A VMM half is not preempted: one that loops has its CPU for 100 ms.
    slack = max(arena.slack, 150_000) if wanted is LOOP else None
    # Two leave the guest with what is no state of a processor's.
    refusals = attack in ("event", "groups")
    all_words = variants(bed, attack, numbers)[::every]
    check(arena.run_variants("hello", all_words, slack=slack, refusals=refusals), wanted)


@pytest.mark.parametrize("attack", ATTACKS)
@on_hostile("qemu", "bochs", "skylake")
def test_attack(arena_of, bed, attack):
    run_attack(arena_of(bed, HOSTILE), bed, attack)


@on_hostile("haswell")
def test_some_of_each_attack(arena_of, bed):
    """Where there is no SMAP."""
    for attack in ATTACKS:
        run_attack(arena_of(bed, HOSTILE), bed, attack, every=9)


@on_hostile("qemu", "bochs", "skylake")
def test_states_that_cannot_be(arena_of, bed):
    """EFER.SVME, CR4.VMXE, reserved bits, bad segments through resume (C12)."""
    arena = arena_of(bed, HOSTILE)
    seen = len(arena.bed.problems())
    notes = arena.run_variants("hello", variants(bed, "state", STATES), refusals=True)
    check(notes, ANY)
    if bed == "skylake":
        # Bochs names each field that it minds, and so do we.
        named = [note for note in notes.values() if REFUSED.search(note)]
        assert len(named) == len(arena.bed.problems()) - seen > 3, named


@on_hostile("qemu-smp", "skylake-smp")
def test_frame_page_changed_during_resume(arena_of, bed):
    """vCPU 1's VMM half writes over vCPU 0's frame page, which is in use all the time."""
    arena = arena_of(bed, HOSTILE)
    words = [f"attack=scribble n={seed} kind={kind} cpus=2 wait=0"
             for seed in range(4) for kind in ("out", "mmio")]
    check(arena.run_variants("exitstorm", words, cpus="cpus=2", refusals=True), ANY)


@on_hostile("qemu", "bochs", "skylake")
def test_spoilt_console_ring(arena_of, bed):
    """The console attaches to a ring whose indices mean nothing, and stays in command."""
    arena = arena_of(bed, HOSTILE)
    for number in (0, 5, (1 << 64) - 1):
        arena.create("hello", f"attack=ring n={number}")
        position = arena.start()
        assert (arena.wait_end("a", position, 30) or "").startswith("powered off"), arena.since(position)
        # Neither the search nor the times of its lines are led astray, nor what is kept of it.
        assert arena.bed.command("wait a /ready/ 1")[-1].startswith("error: wait a: no match")
        arena.command("logs a --since=0")
        arena.output("a")
        arena.destroy()
        arena.bed.command("logs a --since=0")
    arena.check_invariants()


@on("qemu-smp", "skylake")
def test_audit(arena_of, bed):
    """Every address space that is alive holds the frames of its own partition and of nobody else."""
    arena = arena_of(bed)
    arena.create("exitstorm", "kind=mmio")
    arena.start()
    for _ in range(3):
        answer = " ".join(arena.command("audit"))
        match = re.search(r"(\d+) partitions, (\d+) spaces, (\d+) mappings, digest \w{16}, "
                          r"(\d+) violations", answer)
        assert match, answer
        assert int(match.group(1)) == 2 and int(match.group(3)) > 100, answer
        assert match.group(4) == "0", answer
    arena.destroy()
    arena.check_invariants()
