# SPDX-License-Identifier: BSD-2-Clause
"""A Linux guest's shell, reached through Freehold's console: attach, run commands, read figures."""
import itertools
import re
import time

NUMBERS = itertools.count(1)
LOOKS = 5


class Clock:
    """One look at a guest's clock, and the span of our own time in which it was taken."""

    def __init__(self, guest, begin, end):
        self.guest, self.begin, self.end = guest, begin, end

    def error_since(self, earlier):
        """By what part the guest's clock was wrong at most, given what we do not know: when within the two
        spans it was read."""
        elapsed = self.guest - earlier.guest
        shortest, longest = self.begin - earlier.end, self.end - earlier.begin
        return max(abs(elapsed - shortest), abs(elapsed - longest)) / shortest


class Guest:
    """A guest of the initrd of guests/. One at a time is attached."""

    def __init__(self, bed, name):
        self.bed, self.name = bed, name

    def attach(self, timeout=60):
        self.bed.send_line(f"console {self.name}")
        self.bed.expect(rf"\[attached to {self.name}; Ctrl-\] detaches\]\n", timeout)

    def detach(self):
        self.bed.send("\x1d")
        self.bed.expect(rf"\[detached from {self.name}\]\n")
        self.bed.expect_prompt()

    def wait_shell(self, timeout=60, boots=1):
        """Attaches and waits for the prompt of a guest that boots, for the boots-th time since create.

        The console shows what the earlier boots have written again, so their prompts are counted.
        """
        self.attach(timeout)  # ryzen: Linux decompresses itself with IF=0, and nobody else runs meanwhile
        for _ in range(boots):
            self.bed.expect(rf"freehold guest ready\n(?:.|\n)*?^{self.name}# ", timeout)

    def run(self, command, timeout=60):
        """The lines that a command prints. Quotes keep the shell's echo from looking like the answer."""
        number = next(NUMBERS)
        self.bed.send_line(f'echo "<<"{number}; {command}; echo ">>"{number}')
        answer = self.bed.expect(rf"^<<{number}\n((?:.|\n)*?)^>>{number}\n", timeout).group(1)
        return answer.splitlines()

    def start(self, command):
        """Leaves a command running in the background."""
        self.run(f"{{ ({command}) & }}")

    def clock(self):
        """How long the guest has been up, by its own clock: the shortest of some looks."""
        looks = []
        for _ in range(LOOKS):
            begin = time.monotonic()
            seconds = float(self.run("cut -d\" \" -f1 /proc/uptime")[0])
            looks.append(Clock(seconds, begin, time.monotonic()))
        return min(looks, key=lambda look: look.end - look.begin)

    def memory_map(self):
        """[(start, end, type)] as the kernel got it, ends not included."""
        lines = self.run("for i in /sys/firmware/memmap/*; do "
                         "echo $(cat $i/start $i/end $i/type); done")
        words = [line.split(" ", 2) for line in lines]
        return sorted((int(start, 16), int(end, 16) + 1, kind) for start, end, kind in words)

    def read_raw(self, command, patience=60):
        """All that a command prints, to the byte, as it came over the line. It may take its time, but has
        stalled if no byte comes for `patience` seconds."""
        number = next(NUMBERS)
        serial = self.bed.serial
        begin = size = serial.length
        first, last = f"<<{number}\r\n", f"\r\n>>{number}\r\n"
        self.bed.send_line(f'echo "<<"{number}; {command}; echo; echo ">>"{number}')
        deadline = time.monotonic() + patience
        with serial.changed:
            while last not in serial.since(serial.length - 256):
                if serial.length > size:
                    size, deadline = serial.length, time.monotonic() + patience
                left = deadline - time.monotonic()
                assert left > 0 and not serial.ended, f"it stalled: {serial.since(serial.length - 200)!r}"
                serial.unused = ""
                serial.changed.wait(left)
            serial.unused = ""
            text = serial.since(begin)
        start = text.index(first) + len(first)
        return text[start:text.index(last, start)]


def partitions(bed):
    """{name: state} of `list`."""
    rows = [line.split() for line in bed.command("list")]
    return {row[0]: row[1] for row in rows if len(row) > 1 and row[0] != "NAME"}


def note(bed, name):
    """The rest of a partition's line in `list`, which says how it ended."""
    return next(line for line in bed.command("list") if line.startswith(name + " "))


def memory_free(bed):
    """What `host` says is free, in KiB."""
    for line in bed.command("host"):
        match = re.match(r"memory free (\d+) KiB", line)
        if match:
            return int(match.group(1))
    raise AssertionError("host tells of no free memory")


def exits(bed, name):
    """{reason: count} of `stats`."""
    lines = bed.command(f"stats {name}")
    table = lines[next(i for i, line in enumerate(lines) if line.startswith("EXIT ")) + 1:]
    rows = [line.split() for line in table]
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}
