# SPDX-License-Identifier: BSD-2-Clause
"""`why`, `exits` and `freeze`: guests that fail in known ways, and what the operator is told of it."""
import re

import pytest
from test_isolation import HOSTILE, on_hostile
from test_tiny import on

# how= of the guest hostile_c: what must be on the screen.
STORIES = {
    "limit": [r"^a stopped: triple fault$", r"first: #UD invalid opcode$",
              r"then: the IDT has no gate for it \(base 0, limit 0\)$", r"insn=0f0b",
              r"^state +vcpu=0 exit=", r"^output +now limit$", r"^cause +An instruction that this"],
    "msr": [r"^a stopped: triple fault$", r"then: the IDT has no gate|insn=0f30", r"wrmsr ",
            r"injected +\S+ +vector 13 +error 0x0$", r"^output +now msr$",
            r"^cause +What it did last is refused"],
    "gates": [r"first: #UD", r"what is in the IDT at [0-9a-f]+ is no gate \(type 0\)"],
    "stack": [r"first: #PF page fault, address", r"then: |^cause +An exception"],
    "idt": [r"delivered through memory that is not there|#UD", r"^cause +Its IDT or stack|^cause +An"],
    "fetch": [r"fetch", r"^cause +It jumped to an address where no memory is"],
}
NOT_ON_BOCHS = ("gates", "stack")  # a triple fault of a guest resets all of Bochs under SVM


def fits(screen):
    """One screen, the prompt included."""
    return len(screen) <= 23 and all(len(line) <= 80 for line in screen)


def end_of(arena, how, words=""):
    arena.create("hostile_c", f"how={how} {words}")
    position = arena.start()
    assert arena.wait_for(r"\[a stopped: ([^\n]*)\]", position, 60), arena.since(position)


@pytest.mark.parametrize("how", STORIES)
@on("qemu", "bochs", "skylake", "haswell")
def test_story(arena_of, bed, how):
    if bed == "bochs" and how in NOT_ON_BOCHS:
        pytest.skip("a triple fault of a guest resets all of Bochs")
    arena = arena_of(bed)
    end_of(arena, how)
    screen = arena.command("why a")
    text = "\n".join(screen)
    for pattern in STORIES[how]:
        assert re.search(pattern, text, re.MULTILINE), f"{pattern}\n{text}"
    assert fits(screen), text
    arena.destroy()
    arena.check_invariants()


@on("qemu", "bochs", "skylake")
def test_all_exits_are_kept(arena_of, bed):
    """1,024 of a guest that had many more, in their order."""
    arena = arena_of(bed)
    arena.create("exitstorm")
    arena.start()
    arena.let_pass(0.5)
    arena.command("stop a --force")
    answer = arena.command("exits a")
    assert re.fullmatch(r" +BEFORE  EXIT +RIP +CODE +INFO", answer[0]), answer[0]
    exits = [line for line in answer if " us  " in line]
    assert len(exits) == 1024, len(exits)
    before = [int(line.split()[0]) for line in exits]
    assert before == sorted(before, reverse=True) and before[-1] == 0, before
    arena.destroy()
    arena.check_invariants()


@on("qemu", "bochs", "skylake")
def test_fails_twice(arena_of, bed):
    """Each failure is told; what is kept of them goes with the partition."""
    arena = arena_of(bed)
    end_of(arena, "limit")
    failed = arena.command("exits a")
    arena.start()
    arena.wait_for(r"\[a stopped: ([^\n]*)\]", arena.position(), 5)
    screen = "\n".join(arena.command("why a"))
    assert "a stopped: triple fault" in screen, screen
    assert len(failed) > 1, failed
    arena.destroy()
    arena.check_invariants()


@on("qemu", "bochs", "skylake")
def test_halted_for_good(arena_of, bed):
    """cli; hlt is no end: why tells it all the same, and freeze keeps what led there."""
    arena = arena_of(bed)
    arena.create("hostile_c", "how=halt")
    arena.start()
    assert "now halt" in arena.output("a", until=lambda text: "now halt" in text)
    assert arena.command("freeze a") == ["a: frozen for why and exits; it goes on"]
    assert any("hlt" in line for line in arena.command("exits a"))
    arena.command("reset a")
    arena.let_pass(6)
    screen = "\n".join(arena.command("why a"))
    assert "a running (frozen by hand)" in screen, screen
    arena.destroy()
    arena.create("hostile_c", "how=halt")
    arena.start()
    arena.let_pass(6)
    screen = "\n".join(arena.command("why a"))
    assert re.search(r"^cause +It is halted, and for some time nothing has woken it", screen,
                     re.MULTILINE), screen
    arena.destroy()
    arena.check_invariants()


def seconds(duration):
    hours, minutes, rest = duration.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


@on("qemu", "bochs", "skylake")
def test_idle_is_not_dead(arena_of, bed):
    """A guest that sleeps until its timer is no failure; it ends when it is stopped, not at its last exit."""
    arena = arena_of(bed)
    arena.create("heartbeat", "period=60000")
    arena.start()
    arena.let_pass(6)
    screen = " ".join(" ".join(arena.command("why a")).split())
    assert "It is idle: halted until an interrupt comes, and a timer of it is set." in screen, screen
    arena.command("stop a --force")
    arena.let_pass(2)
    screen = "\n".join(arena.command("why a"))
    when = re.search(r"^when +(\S+) ago, (\S+) after start 1$", screen, re.MULTILINE)
    assert when, screen
    ago, ran = map(seconds, when.groups())
    assert 1.5 < ago < 60 and ran > 5.5, screen
    arena.destroy()
    arena.check_invariants()


# words of the hostile VMM's guest: what must be on the screen.
VMM_STORIES = {
    "attack=privileged n=0": [r"^a stopped: its VMM faulted$", r"^report +vcpu 0: the VMM faulted: #"],
    "attack=loop": [r"^a stopped: its VMM ran too long$", r"^report +vcpu 0: the VMM took too long"],
}


@pytest.mark.parametrize("words", VMM_STORIES)
@on_hostile("qemu", "bochs", "skylake")
def test_story_of_a_vmm(arena_of, bed, words):
    """What a partition's own VMM did to it; and the images and neighbours are as before."""
    arena = arena_of(bed, HOSTILE)
    arena.create("hello", words)
    position = arena.start()
    assert arena.wait_end("a", position, 60), arena.since(position)
    screen = arena.command("why a")
    text = "\n".join(screen)
    for pattern in VMM_STORIES[words] + [r"^cause +Its device models failed", r"^next +start a;"]:
        assert re.search(pattern, text, re.MULTILINE), f"{pattern}\n{text}"
    assert fits(screen), text
    arena.destroy()
    arena.check_invariants(slack=max(arena.slack, 150_000))
