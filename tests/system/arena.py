# SPDX-License-Identifier: BSD-2-Clause
"""The arena: one machine per bed, booted once, with a neighbour whose heartbeat must not falter, in which
one tiny guest after the other is created, started, watched and destroyed over the console.

After each, the invariants of the threat model are looked at: no panic, the console answers, the
neighbour's lines come without a gap, a double or a stall, and all memory is back.
"""
import functools
import itertools
import os
import re
import time

import beds
import isos
from serial_line import whole

ESCAPES = re.compile(r"\r|\x1b\[[0-9;?!]*[A-Za-z]|\x1b\[!p|\x1b\\|\x0f|\a")
HEARTBEAT = re.compile(r"^hb (\d+) (\d+) (\d+)$", re.MULTILINE)
LOST = re.compile(r"^\[(\d+) bytes of its output are lost\]$", re.MULTILINE)
PANIC = re.compile(r"^.*\bfreehold: panic\b.*$", re.MULTILINE)
DETACH = b"\x1d"

# What each bed is, and what the guests are told of it. slack: how much later than its period, in
# microseconds, the neighbour may print on it. Where the emulator follows the host's clock (as QEMU's
# -icount does while the machine idles) a loaded host looks like a stall, and so the slack is large.
BEDS = {
    # One CPU shared by the console, the neighbour and the attacker; time is counted in instructions.
    "qemu": (beds.QemuBed, {"cpus": 1, "icount": "sleep"}, "qemu", "vcpus=1", 1_000_000),
    # The same with the newest processor that TCG knows: 5-level paging.
    "qemu-max": (beds.QemuBed, {"cpus": 1, "icount": "sleep", "cpu": "max"}, "qemu", "vcpus=1", 1_000_000),
    # A CPU for each, running truly at once.
    "qemu-smp": (beds.QemuBed, {"cpus": 4}, "qemu", "cpus=1", 2_000_000),
    "bochs": (beds.BochsBed, {"model": "ryzen"}, "ryzen", "vcpus=1", 60_000),
    "skylake": (beds.BochsBed, {"model": "corei7_skylake_x"}, "skylake", "vcpus=1", 60_000),
    # CPU 0 for the console and the neighbour, two for attackers, by turns of a few instructions.
    "skylake-smp": (beds.BochsBed, {"model": "corei7_skylake_x", "count": 3}, "skylake", "vcpus=1", 60_000),
    # Without SMAP, PML, XSAVES.
    "haswell": (beds.BochsBed, {"model": "corei7_haswell_4770"}, "haswell", "vcpus=1", 60_000),
}

PERIOD_MS = 20
NUMBERS = itertools.count(1)  # of arenas of this process, for the logs' names

# Every guest of tests/guests/ is on the medium, so that one ISO serves all tests of a bed.
GUESTS = ("hello", "heartbeat", "spin", "exitstorm", "fill", "zeros", "cpustate", "fpu", "smp",
          "hostile_a", "hostile_b", "hostile_c", "hostile_d", "canonical", "emulate", "modes", "f01",
           "f04", "i04", "events", "loops", "i05", "j04", "j08", "clocks", "warp", "policy",
          "hostile_d2", "hostile_e", "hostile_f", "hostile_g", "talker", "keys")


def breaks(method):
    """After a failure in it nobody knows what the machine is in: the next test gets another one."""
    @functools.wraps(method)
    def wrapped(self, *arguments, **options):
        try:
            return method(self, *arguments, **options)
        except BaseException:
            if not self.broken:
                print(self.where())
            self.broken = True
            raise
    return wrapped


class Result:
    """How a guest's run went."""

    def __init__(self, text, note, show):
        self.text = text  # what it printed
        self.note = note  # "powered off", "triple fault: ..."; None if it was still running
        self.show = show  # the lines of `show`
        lines = text.split("\n")
        self.passed = [line[3:] for line in lines if line.startswith("ok ")]
        self.failed = [line for line in lines if line.startswith("FAIL ")]
        self.skipped = [line[5:] for line in lines if line.startswith("skip ")]
        self.done = re.search(r"^done (\d+) failed (\d+)$", text, re.MULTILINE)

    def __str__(self):
        return f"[{self.note}]\n{self.text[-3000:]}\n" + "\n".join(self.show)

    def check(self):
        """A table of cases ran to its end and none failed."""
        assert self.done, f"no end: {self}"
        assert not self.failed and self.done.group(2) == "0", "\n".join(self.failed) or str(self)
        assert self.passed, f"nothing was shown: {self}"
        return self


class Arena:
    def __init__(self, name, build, logs, images=GUESTS, kernel="freehold.elf", deadline=900, **more):
        bed, options, self.bed_word, self.cpu_word, self.slack = BEDS[name]
        self.name = name
        self.broken = False
        options = dict(options, deadline=deadline, **more)
        paths = {image: os.path.join(build, "tiny", image + ".elf") for image in images}
        paths.setdefault("heartbeat", os.path.join(build, "tiny", "heartbeat.elf"))
        iso = isos.get(build, "# the arena\n", paths, kernel)
        log = f"arena-{name}-{kernel.split('.')[0]}-{os.getpid()}.{next(NUMBERS)}"
        self.bed = bed(iso, log, logs, **options)
        self.serial = self.bed.serial
        self.count = 0
        self.checked = 0  # up to where serial.all was searched for a panic
        self.last_beat = -1
        self.late = []  # (line, us) of the neighbour that came late
        self.problems = 0  # how many of bed.problems() were looked at
        self.bed.expect_prompt(120)
        self.command(f"create hb {self.cpu_word} memory=4M kernel=heartbeat "
                     f'cmdline="period={PERIOD_MS}"')
        self.command("start hb")
        self.free = self.free_memory()

    def stop(self):
        self.bed.stop()

    def where(self):
        """Where the machine hangs, for the report of a failure."""
        if not hasattr(self.bed, "monitor") or self.bed.process.poll() is not None:
            return ""
        return self.bed.hmp("info registers")[:900] + self.bed.hmp("info lapic")

    # --- the console ---

    @breaks
    def command(self, text, timeout=60):
        """A command that must not be refused."""
        return self.commands([text], timeout)[0]

    @breaks
    def commands(self, texts, timeout=60):
        """Typed ahead; none may be refused."""
        answers = self.serial.commands(texts, timeout)
        for text, answer in zip(texts, answers):
            assert not any(line.startswith("error: ") for line in answer), f"{text}: {answer}"
        return answers

    def free_memory(self):
        """KiB, clean or not."""
        for line in self.command("host"):
            match = re.match(r"memory free (\d+) KiB", line)
            if match:
                return int(match.group(1))
        raise AssertionError("`host` does not tell what memory is free")

    def position(self):
        return self.serial.length

    def since(self, position):
        text = ESCAPES.sub("", self.serial.since(position))
        return "\n".join(whole(text.split("\n"))) if "\n    " in text else text

    def wait_for(self, pattern, position, timeout):
        """The match of a pattern in what came after position, or None; it may be a function that looks at
        the text. Consumes nothing."""
        look = pattern if callable(pattern) else re.compile(pattern, re.MULTILINE).search
        deadline = time.monotonic() + timeout
        while True:
            match = look(self.since(position))
            left = deadline - time.monotonic()
            if match or left <= 0 or self.serial.ended:
                return match
            with self.serial.changed:
                self.serial.changed.wait(min(left, 0.5))

    @breaks
    def output(self, name, until=None, timeout=60):
        """What a partition printed, by `console NAME`; detaches when `until` has come, a pattern or a
        function of the text. Without one, at the end of what a stopped one has printed."""
        position = self.position()
        self.bed.send_line(f"console {name}")
        assert self.wait_for(rf"\[attached to {name}", position, timeout), self.since(position)
        if until:
            assert self.wait_for(until, position, timeout), self.since(position)[-2000:]
        else:
            self.settle(rf"^\[{name} is stopped[^\n]*\]\n", position, timeout)
        if not self.wait_for(rf"\[{name} [^\n]*\]|\[{name}: [^\n]*\]", position, 0):
            self.serial.send(DETACH)
        self.wait_for(r"\[(?:detached from )[^\n]*\][^\n]*\n|\[" + name + r"[^\n]*\]\n", position, timeout)
        # The prompt may or may not have been drawn yet; an empty command settles it.
        with self.serial.changed:
            self.serial.unused = ""
        self.bed.command("#")
        text = self.attached_text = self.since(position)
        text = text[text.index("\n", text.index("[attached to")) + 1:]
        end = re.search(rf"^\[(?:detached from )?{name}\b[^\n]*\]$", text, re.MULTILINE)
        return text[:end.start()] if end else text

    def settle(self, pattern, position, timeout):
        """Until the pattern comes, or nothing more for a moment: for the report of a guest that hangs."""
        deadline = time.monotonic() + timeout
        last = -1
        while time.monotonic() < deadline:
            if self.wait_for(pattern, position, 0.5) or self.position() == last:
                return
            last = self.position()

    # --- guests ---

    def create(self, guest, words="", memory="8M", cpus=None, name="a", more=""):
        options = f"bed={self.bed_word} {words}".strip()
        self.command(f"create {name} {cpus or self.cpu_word} memory={memory} kernel={guest} "
                     f'testdev=on cmdline="{options}" {more}'.strip())
        self.count += 1
        return name

    def start(self, name="a"):
        """Answers where to look for its end, which may be that its VMM did not come to let the guest run."""
        position = self.position()
        answer = self.serial.commands([f"start {name}"], 60)[0]
        errors = [line for line in answer if line.startswith("error: ")]
        assert all(line.startswith(f"error: start {name}: ") for line in errors), answer
        return position

    def wait_end(self, name, position, timeout):
        """How it ended, or None."""
        self.bed.start_timer(timeout + 60)
        match = self.wait_for(rf"\[{name} stopped: ([^\n]*)\]|error: start {name}: ([^\n]*)\n", position,
                              timeout)
        return match and (match.group(1) or match.group(2))

    @breaks
    def run(self, guest, words="", timeout=90, until=None, **options):
        """Creates, starts, waits for the end (or until it has printed something), collects, destroys,
        and checks the invariants."""
        name = self.create(guest, words, **options)
        position = self.start(name)
        note = None
        if until is None:
            note = self.wait_end(name, position, timeout)
        show = self.command(f"show {name}")
        text = self.output(name, until, timeout)
        self.destroy(name)
        self.check_invariants()
        return Result(text, note, show)

    @breaks
    def run_variants(self, guest, all_words, timeout=30, slack=None, refusals=False, **options):
        """One guest after the other, each with other words; {words: how it ended}. The invariants are looked
        at when all are done. refusals: of guests' states by the processor are no problem."""
        notes = {}
        for words in all_words:
            name = self.create(guest, words, **options)
            position = self.start(name)
            notes[words] = self.wait_end(name, position, timeout)
            self.destroy(name)
        self.check_invariants(slack, refusals)
        return notes

    def destroy(self, name="a"):
        self.command(f"destroy {name} --yes")

    # --- what must hold ---

    def uptime(self):
        """Of the neighbour, in seconds, by the machine's clock."""
        return self.uptime_of(self.command("list"))

    def uptime_of(self, answer):
        """Of the neighbour as `list` answered."""
        for line in answer:
            match = re.match(r"hb .* (\d+):(\d\d):(\d\d\.\d)\b", line)
            if match:
                hours, minutes, seconds = match.groups()
                return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        raise AssertionError("`list` does not tell since when the neighbour runs")

    def let_pass(self, seconds):
        """So much of the machine's time goes by, with little printed."""
        end = self.uptime() + seconds
        while self.uptime() < end:
            pass

    @breaks
    def wait_beats(self, count, timeout=60):
        """Reads the neighbour's lines up to now and for so many of its periods more. None is missing but
        those of which the console says so: an idle Bochs runs faster than we look."""
        wanted = int((self.uptime() + count * PERIOD_MS / 1000) * 1_000_000)

        def is_that_old(text):
            last = HEARTBEAT.findall(text[-200:])
            return last and int(last[-1][2]) >= wanted

        text = self.output("hb", until=is_that_old, timeout=timeout)
        lost = LOST.search(self.attached_text)
        beats = [(int(number), int(gap)) for number, gap, _ in HEARTBEAT.findall(text)]
        sequence = [number for number, _ in beats]
        assert sequence == list(range(sequence[0], sequence[0] + len(sequence))), \
            f"the neighbour's lines have a gap or a double: {sequence}"
        missing = sequence[0] - self.last_beat - 1
        if lost:
            shortest = len(f"hb {self.last_beat} 10 20\r\n")
            assert missing * shortest < int(lost.group(1)) + 2048, f"{missing} lines, {lost.group(0)}"
        else:
            assert missing <= 0, f"lines {self.last_beat + 1} to {sequence[0] - 1} are lost"
        self.late += [(number, gap) for number, gap in beats if number > max(self.last_beat, 0)
                      and gap > PERIOD_MS * 1000]
        self.last_beat = sequence[-1]

    def check_neighbour(self, slack=None):
        self.wait_beats(1)
        late, self.late = self.late, []
        late = [(number, gap) for number, gap in late
                if gap > PERIOD_MS * 1000 + (slack or self.slack)]
        assert not late, f"the neighbour stalled: (line, us) {late}"

    def check_no_panic(self, refusals):
        position, self.checked = self.checked, self.position()
        panic = PANIC.search(self.since(position))
        assert not panic, panic.group(0)
        looked_at, problems = self.problems, self.bed.problems()
        self.problems = len(problems)
        problems = [line for line in problems[looked_at:]
                    if not (refusals and any(word in line for word in beds.REFUSALS))]
        assert not problems, problems[:10]

    @breaks
    def check_invariants(self, slack=None, refusals=False):
        self.check_no_panic(refusals)
        self.check_neighbour(slack)
        assert self.bed.process.poll() is None, "the machine is gone"
        free = self.free_memory()
        assert free == self.free, f"{self.free} KiB were free, now {free}"
