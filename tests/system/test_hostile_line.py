# SPDX-License-Identifier: BSD-2-Clause
"""What a hostile or clumsy typist sends over the real serial line: THREATS.md chapter K."""
import random
import re

from test_tiny import on

COMMANDS = ["start a", "stop a --force", "pause a", "resume a", "reset a", "destroy a --yes", "show a",
            "stats a", "list", "host", "images", "log", "console a", "audit", "help", "help create",
            "create a vcpus=1 memory=4M kernel=heartbeat"]


@on("qemu", "bochs", "skylake")
def test_noise(arena_of, bed):
    """K01: random bytes; one line end later the prompt is back, and nothing was executed."""
    arena = arena_of(bed)
    generator = random.Random(1)
    for _ in range(20):
        noise = bytes(generator.randrange(256) for _ in range(500))
        # What asks or ends something by itself is a command, not noise.
        arena.serial.send(noise)
        arena.serial.send(b"\x15\r")
    arena.serial.send(b"\x1b\\\x15\x03")
    position = arena.position()
    arena.serial.send(b"\rlist\r")
    assert arena.wait_for(r"^hb +running", position, 60), arena.since(position)[-2000:]
    arena.bed.serial.command("#")
    arena.check_invariants()


@on("qemu", "skylake")
def test_long_line(arena_of, bed):
    """K02 over the line: 64 KiB without an end cost one error."""
    arena = arena_of(bed)
    position = arena.position()
    for _ in range(64):
        arena.serial.send(b"x" * 1024)
    arena.serial.send(b"\r")
    assert arena.wait_for(r"^error: ", position, 60), arena.since(position)[-500:]
    arena.bed.serial.command("#")
    assert len(re.findall(r"^error: ", arena.since(position), re.MULTILINE)) == 1
    arena.check_invariants()


@on("qemu", "bochs", "skylake")
def test_commands_in_every_state(arena_of, bed):
    """K05: commands in random order; each has an answer in each state, and an error is one line."""
    arena = arena_of(bed)
    generator = random.Random(2)
    for _ in range(120 if bed == "qemu" else 40):
        command = generator.choice(COMMANDS)
        if command == "console a":
            position = arena.position()
            arena.bed.send_line(command)
            arena.wait_for(r"error: |\[attached to a|\[a is", position, 20)
            arena.serial.send(b"\x1d\x15")
            arena.bed.serial.command("#")
            continue
        answer = arena.bed.command(command)
        errors = [line for line in answer if line.startswith("error: ")]
        assert len(errors) <= 1, answer
    arena.bed.command("destroy a --yes")
    arena.check_invariants()


def state_of_a(arena):
    return next((line.split()[1] for line in arena.bed.command("list") if line.startswith("a ")), None)


def destroy_a(arena):
    """It is started again and again by itself: then it is busy."""
    while "is being started" in "".join(arena.bed.command("destroy a --yes")):
        pass


def ends_again_and_again(arena, state):
    """A guest that switches itself off and is started again, until it is in that state: for longer than a
    second yet, if it waits."""
    destroy_a(arena)
    arena.command(f"create a {arena.cpu_word} memory=4M kernel=hello testdev=on restart=always "
                  f'cmdline="bed={arena.bed_word}"')
    arena.command("start a")
    for _ in range(300):
        line = next((line for line in arena.bed.command("list") if line.startswith("a ")), "a ?")
        if line.split()[1] == state and not line.endswith("again in 1 s"):
            return
        arena.let_pass(0.05)
    raise AssertionError(f"a does not become {state}")


# What each command does with a partition that waits for its restart: what it answers, and what follows.
WAITING = {"stop a": (r"a: not started again", "stopped"), "start a": (r"a: started", None),
           "set a restart=never": (r"a: changed", "stopped"), "destroy a --yes": (r"a: destroyed", None),
           "pause a": (r"error: pause a: it is waiting \(powered off; again in \d s\), and must be", None),
           "reset a": (r"error: reset a: it is waiting", None), "show a": (r"name +a", None)}
FAILED = {"stop a --force": r"error: stop a: it is failed \(powered off; 5 restarts in 60 s\), and must be",
          "resume a": r"error: resume a: it is failed", "why a": r"a failed: powered off",
          "show a": r"name +a", "start a": r"a: started"}


@on("qemu", "bochs", "skylake")
def test_commands_while_it_waits_or_has_failed(arena_of, bed):
    """K05: the two states that the console alone knows."""
    arena = arena_of(bed)
    for command, (says, state) in WAITING.items():
        ends_again_and_again(arena, "waiting")
        answer = [line for line in arena.bed.command(command) if line[:2] not in ("[a", "")]
        assert re.match(says, answer[0]), (command, answer)
        if state:
            assert state_of_a(arena) == state, command
            arena.let_pass(9)
            assert state_of_a(arena) == state, command
    ends_again_and_again(arena, "failed")
    for command, says in FAILED.items():
        answer = arena.bed.command(command)
        assert re.match(says, answer[0]), (command, answer)
    destroy_a(arena)
    arena.check_invariants(slack=None if bed == "qemu" else 150_000)


@on("qemu", "skylake")
def test_typed_ahead(arena_of, bed):
    """K07: commands pasted at once while a guest prints at its maximum are all executed, in order."""
    arena = arena_of(bed)
    arena.create("f01", "mib=1")
    arena.start()
    position = arena.position()
    arena.serial.send("".join(f"help\rno-such-{number}\r" for number in range(20)).encode())
    assert arena.wait_for(r"error: no-such-19: ", position, 60), arena.since(position)[-1000:]
    numbers = re.findall(r"^error: no-such-(\d+): ", arena.since(position), re.MULTILINE)
    assert numbers == [str(number) for number in range(20)], numbers
    arena.bed.serial.command("#")
    arena.destroy()
    arena.check_invariants()


@on("qemu", "skylake")
def test_slow_keys(arena_of, bed):
    """K01: keys that draw the whole line come faster than they are served; what follows is not lost."""
    arena = arena_of(bed)
    position = arena.position()
    arena.serial.send((b"\x01x" * 200 + b"\x15") * 60 + b"\rlist\r")
    assert arena.wait_for(r"^hb +running", position, 120), arena.since(position)[-1000:]
    arena.bed.serial.command("#")
    arena.check_invariants()


@on("qemu", "skylake")
def test_paste(arena_of, bed):
    """K07: a line that sends faster than anybody reads is made to wait; not a byte of a paste is lost."""
    arena = arena_of(bed)
    count = 3000 if bed == "qemu" else 300
    position = arena.position()
    arena.serial.send("".join(f"no-such-{number}\r" for number in range(count)).encode())
    assert arena.wait_for(rf"error: no-such-{count - 1}: ", position, 240), arena.since(position)[-1000:]
    numbers = re.findall(r"^error: no-such-(\d+): ", arena.since(position), re.MULTILINE)
    assert numbers == [str(number) for number in range(count)], numbers
    arena.bed.serial.command("#")
    arena.check_invariants()


RACES = ["start a", "pause a", "resume a", "reset a", "stop a --force", "destroy a --yes", "show a", "audit",
         "debug vcpu a 1"]


@on("qemu-smp", "skylake-smp")
def test_commands_race_with_an_attacker(arena_of, bed):
    """K06: commands typed ahead, in random order, while both vCPUs of their object only exit or take faults:
    each is answered, and nothing is left behind."""
    arena = arena_of(bed)
    generator = random.Random(3)
    for turn in range(30 if bed == "qemu-smp" else 8):
        kind = generator.choice(("cpuid", "mmio", "fault", "out"))
        create = (f"create a cpus=2 memory=8M kernel=exitstorm "
                  f'cmdline="bed={arena.bed_word} kind={kind} cpus=2"')
        commands = [create, "start a"] + generator.choices(RACES, k=10)
        answers = arena.serial.commands(commands, 120)
        errors = [[line for line in answer if line.startswith("error: ")] for answer in answers]
        assert not errors[0] and all(len(lines) <= 1 for lines in errors), (turn, commands, answers)
        arena.bed.command("destroy a --yes")
        assert not any(line.startswith("a ") for line in arena.command("list"))
    arena.check_invariants()
