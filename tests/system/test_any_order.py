# SPDX-License-Identifier: BSD-2-Clause
"""Commands in any order to several partitions, next to the neighbour whose heart must not falter: each has
the effect that it should have in its partition's state, and no guest ends unless it is told to."""
import random
import re

import pytest
from test_tiny import on

NAMES = ("p1", "p2", "p3", "p4")

# (image, words, vCPUs, what it says first). None ends by itself.
GUESTS = (("heartbeat", "period=20", 1, r"hb 0"), ("spin", "how=halt", 1, "halt on 1"),
          ("spin", "how=on cpus=2", 2, "on on 2"),
          ("exitstorm", "kind=mmio", 1, "storm mmio on 1"),
          ("exitstorm", "kind=cpuid cpus=2", 2, "storm cpuid on 2"),
          ("spin", "how=pause", 1, "pause on 1"))

# What an operator may do in each state, and the state after it. `begin` waits for the guest's first word.
MOVES = {
    "absent": (("create", "stopped"),),
    "stopped": (("start {}", "running"), ("begin", "running"), ("destroy {} --yes", "absent"),
                ("set {} memory={}M", "stopped"), ("rename", "stopped")),
    "running": (("pause {}", "paused"), ("stop {} --force", "stopped"), ("reset {}", "running"),
                ("begin", "running"), ("destroy {} --yes", "absent"), ("set {} restart=always", "running"),
                ("stats {}", "running"), ("why {}", "running"), ("rename", "running")),
    "paused": (("resume {}", "running"), ("stop {} --force", "stopped"), ("reset {}", "running"),
               ("destroy {} --yes", "absent"), ("rename", "paused")),
}
REFUSED = {  # and what it must not
    "absent": ("start {}", "stop {}", "pause {}", "resume {}", "reset {}", "destroy {} --yes", "show {}"),
    "stopped": ("pause {}", "resume {}", "stop {} --force", "create {} memory=4M kernel=spin"),
    "running": ("resume {}", "start {}", "set {} memory=11M", "create {} memory=4M kernel=spin"),
    "paused": ("pause {}", "set {} memory=11M"),
}


class Operator:
    """What he believes the machine to be in."""

    def __init__(self, arena, seed):
        self.arena = arena
        self.random = random.Random(seed)
        self.state = dict.fromkeys(NAMES, "absent")
        self.greeting = {}
        self.begun = set()  # those that have surely said it since their latest start

    def command(self, text):
        self.arena.command(text, 120)

    def create(self, name):
        # Under SVM Bochs cannot take the CPU from a guest that spins with IF=0.
        guests = GUESTS[:-1] if self.arena.name == "bochs" else GUESTS
        guest, words, vcpus, self.greeting[name] = self.random.choice(guests)
        dedicated = vcpus == 1 and self.random.random() < 0.4
        answer = self.arena.bed.command(
            f"create {name} {'cpus' if dedicated else 'vcpus'}={vcpus} memory={self.random.randint(2, 9)}M "
            f'kernel={guest} cmdline="{words} bed={self.arena.bed_word}"')
        refused = answer[-1].startswith("error: ")
        assert not refused or dedicated and "can be dedicated" in answer[-1], answer
        return not refused

    def rename(self, name):
        self.command(f"rename {name} other")
        self.command(f"rename other {name}")

    def begin(self, name):
        if self.state[name] != "running":
            self.command(f"start {name}")
        self.command(f"wait {name} /^{self.greeting[name]}/ 60")

    def move(self, name):
        before = self.state[name]
        if self.random.random() < 0.15:
            text = self.random.choice(REFUSED[before]).format(name)
            answer = self.arena.bed.command(text)
            assert answer[-1].startswith("error: "), f"{text} of a {before} one: {answer}"
            return
        text, after = self.random.choice(MOVES[before])
        if text == "begin" and name in self.begun:
            return  # what was waited for is behind the match
        if text in ("create", "rename", "begin"):
            made = getattr(self, text)(name)
            after = "absent" if made is False else after
        else:
            self.command(text.format(name, self.random.randint(2, 9)))
        self.state[name] = after
        if text == "begin":
            self.begun.add(name)
        elif text in ("start {}", "reset {}"):
            self.begun.discard(name)

    def check_states(self):
        states = {}
        for line in self.arena.command("list"):
            words = line.split()
            if words and words[0] in NAMES:
                states[words[0]] = words[1]
        assert states == {name: state for name, state in self.state.items() if state != "absent"}

    def go_home(self):
        for name, state in self.state.items():
            if state != "absent":
                self.command(f"destroy {name} --yes")


def play(arena, seed, moves):
    position = arena.position()
    operator = Operator(arena, seed)
    for number in range(1, moves + 1):
        operator.move(operator.random.choice(NAMES))
        if number % 40 == 0:
            operator.check_states()
            assert arena.command("audit")[0].endswith(" 0 violations")
    operator.check_states()
    operator.go_home()
    ends = set(re.findall(r"^\[(.*? stopped: .*)\]$", arena.since(position), re.MULTILINE))
    assert all(end.endswith("stopped: by the operator") for end in ends), f"seed {seed}: {ends}"
    arena.check_invariants()


@on("qemu", "qemu-smp", "bochs", "skylake", "skylake-smp")
def test_any_order(arena_of, bed):
    play(arena_of(bed), 1, 150)


@pytest.mark.long
@on("qemu", "qemu-smp", "bochs", "skylake", "skylake-smp")
def test_any_order_for_long(arena_of, bed):
    arena = arena_of(bed, deadline=4 * 3600)
    for seed in range(2, 22):
        play(arena, seed, 500)
