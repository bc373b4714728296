# SPDX-License-Identifier: BSD-2-Clause
"""The console fails in the middle of what takes many calls: at this one or that of a `create` that moves a
neighbour's vCPU away, or of a `destroy`. What it began comes to an end, and everybody has what is theirs."""
import os
import re
import subprocess
import time

import gdb_stub
import pytest
from arena import ESCAPES, HEARTBEAT

RESTARTED = r"\[the console program failed and was started anew; (\d) partitions? (?:is|are) here\]"
# This guest says so when its second CPU has come, too.
CREATE = 'create own cpus=2 on=2-3 memory=12M kernel=spin cmdline="how=halt cpus=2"'
ALL_RUN = "wait {} /halt on 2/ 30"
# The pool's guests are on CPU 3, where the other one's CPU is to be.
CONFIG = """create hb vcpus=1 on=3 memory=4M kernel=heartbeat cmdline="period=20"
create still vcpus=2 on=3 memory=4M kernel=spin cmdline="how=halt cpus=2"
start hb
"""


def symbol(build, name):
    table = subprocess.run(["nm", os.path.join(build, "freehold.elf")], stdout=subprocess.PIPE, text=True,
                           check=True).stdout
    return int(re.search(rf"^([0-9a-f]+) [tTbBdD] {name}$", table, re.MULTILINE).group(1), 16)


class Machine:
    """One whose console fails when it is told to."""

    def __init__(self, boot, build, tmp_path):
        path = tmp_path / "gdb"
        images = {name: os.path.join(build, "tiny", name + ".elf") for name in ("heartbeat", "spin")}
        self.build = build
        self.bed = boot(config=CONFIG, images=images, cpus=4, mem="512M", thread="single",
                        extra=gdb_stub.options(path))
        self.bed.expect_prompt()
        self.path = path
        self.free = self.figures()

    def figures(self):
        """What a create takes, and gives back when it is undone. Of the console's own memory the ring stays
        that was for the guest: who knew of it is gone."""
        host = "\n".join(self.bed.command("host"))
        return sum(int(re.search(rf"^memory {what} +(\d+) KiB", host, re.MULTILINE).group(1))
                   for what in ("free", "console"))

    def fail_at(self, line, function, number):
        """The console's number-th call of that function comes back to nowhere."""
        address = symbol(self.build, function)
        stub = gdb_stub.GdbStub(self.path)
        stub.set_breakpoint(address)
        self.bed.send_line(line)
        stub.go_on()
        for _ in range(number - 1):
            stub.wait_stop()
            stub.clear_breakpoint(address)
            stub.step()
            stub.set_breakpoint(address)
            stub.go_on()
        stub.wait_stop()
        stub.clear_breakpoint(address)
        stack = stub.registers()[gdb_stub.RSP]
        # What the gate's IRETQ takes: RIP, CS, RFLAGS, RSP, SS, at the top of this stack.
        words = stub.read_words(stack, (0x1000 - stack % 0x1000) // 8)
        rip, cs, flags, _, ss = words[-5:]
        assert rip < 1 << 47 and cs & 3 == ss & 3 == 3 and flags & 0x202 == 0x202, words[-5:]
        stub.write_word(stack + 8 * (len(words) - 5), 8)
        stub.close()

    def restarts_at(self, line, function, number):
        """The same; how many partitions the next instance finds."""
        self.fail_at(line, function, number)
        return int(self.bed.expect(RESTARTED, 60).group(1))

    def is_making(self):
        """Whether a creation is under way."""
        stub = gdb_stub.GdbStub(self.path)
        word = stub.read_words(symbol(self.build, "making"), 1)[0]
        stub.close()
        return bool(word & 0xff)

    def states(self):
        return {line.split()[0]: line.split()[1] for line in self.bed.command("list")[1:]}

    def check(self):
        """Nobody else noticed, and nothing is missing."""
        assert self.bed.command("audit")[0].endswith(" 0 violations")
        states = self.states()
        assert states["hb"] == "running" and states["still"] == "stopped", states
        self.bed.send_line("console hb")
        text = self.bed.expect(r"\[attached to hb[^\n]*\n((?:.|\n)*?(?:\nhb \d+ \d+ \d+){50}\n)", 60).group(1)
        self.bed.send("\x1d")
        self.bed.expect_prompt()
        numbers = [int(number) for number, _, _ in HEARTBEAT.findall(ESCAPES.sub("", text))]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), numbers
        return states

    def make_and_destroy(self):
        answer = self.bed.command(CREATE)
        assert answer == ["own: created with 12 MiB and 2 dedicated CPUs"], answer
        self.start("own")
        self.destroy()

    def start(self, name):
        """Each of its vCPUs runs."""
        assert self.bed.command(f"start {name}")[-1] == f"{name}: started"
        answer = self.bed.command(ALL_RUN.format(name))[-1]
        assert answer == f"{name}: matched in: halt on 2", answer

    def destroy(self):
        answer = self.bed.command("destroy own --yes")
        assert answer[-1] == "own: destroyed", answer


@pytest.fixture
def machine(boot, build, tmp_path):
    return Machine(boot, build, tmp_path)


# Functions of kernel/create*.c, and at which call of theirs. Six failures in a minute are too many.
@pytest.mark.parametrize("steps", [
    [("create_step_memory", 1), ("step_map_pool", 1), ("create_step_vcpus", 2), ("create_step_program", 1)],
    [("create_step_guest_memory", 1), ("create_step_evacuate", 1), ("create_step_evacuate", 2)],
], ids=["taken", "moved"])
def test_create(machine, steps):
    for step in steps:
        assert machine.restarts_at(CREATE, *step) == 2
        assert "own" not in machine.check()
        assert machine.figures() == machine.free, step
    # What was moved, and did not run then, does.
    machine.start("still")
    machine.make_and_destroy()


def test_created_and_not_told(machine):
    """The last step is done, and the console does not hear of it."""
    assert machine.restarts_at(CREATE, "step_publish", 1) == 3
    assert machine.check()["own"] == "stopped"
    assert machine.bed.command("start own")[-1] == "own: started"
    machine.destroy()
    assert machine.figures() == machine.free


def test_destroy(machine):
    gone = 0
    for step in (("part_destroy", 1), ("part_destroy", 2), ("create_undo", 1), ("create_undo", 2)):
        machine.bed.command(CREATE)
        machine.start("own")
        machine.restarts_at("destroy own --yes", *step)
        if "own" in machine.check():
            machine.start("own")
            machine.destroy()
        else:
            gone += 1
        assert machine.figures() == machine.free, step
    assert gone in (2, 3)
    machine.make_and_destroy()


def test_one_failure_too_many(machine):
    """The console stays off, and what it had begun comes to its end all the same."""
    for _ in range(5):
        machine.restarts_at(CREATE, "create_step_memory", 1)
    machine.fail_at(CREATE, "create_step_evacuate", 1)
    machine.bed.expect(r"freehold: the console failed 5 times in 60 s and stays off; guests run on\n", 60)
    deadline = time.monotonic() + 10
    while machine.is_making():
        assert time.monotonic() < deadline
        time.sleep(0.2)
