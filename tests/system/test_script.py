# SPDX-License-Identifier: BSD-2-Clause
"""`mode script` and `--json` over the real serial line: one answer a line, and JSON for a strict reader."""
import json
import re

import pytest

from serial_line import PROMPT
from test_tiny import on

ANSWER = r"\A((?:.|\n)*?)^(ok|error [A-Z]+ .*)\n"


class Script:
    """The console in `mode script`. `events` are the lines of news that came before an answer."""

    def __init__(self, arena):
        self.serial = arena.bed.serial
        self.events = []

    def answer(self, timeout=120):
        match = self.serial.expect(ANSWER, timeout)
        lines = match.group(1).splitlines()
        news = [line for line in lines if line.startswith("event ")]
        self.events += news
        return lines[len(news):], match.group(2), lines[:len(news)] == news

    def ask(self, line):
        """The output and the last line; news came before it, not within."""
        self.serial.send_line(line)
        output, last, in_order = self.answer()
        assert in_order, output
        return output, last

    def ok(self, line):
        output, last = self.ask(line)
        assert last == "ok", (line, output, last)
        return output

    def leave(self):
        """Whatever the test left: out of an attachment and a line begun; nothing if it is done already."""
        self.serial.send("\x1d\x03\rmode human\r")
        self.serial.expect(PROMPT)
        self.serial.command("#")

    def json(self, line):
        output = self.ok(line)
        assert len(output) == 1, output
        return json.loads(output[0], parse_constant=pytest.fail)


@pytest.fixture(name="script_of")
def _script_of(arena_of):
    opened = []

    def get(bed):
        arena = arena_of(bed)
        arena.bed.serial.command("#")
        opened.append(Script(arena))
        opened[0].serial.send_line("mode script")
        opened[0].serial.expect(r"^ok\n")
        return arena, opened[0]

    yield get
    for script in opened:
        script.leave()


@on("qemu", "bochs", "skylake")
def test_a_partition_by_script(script_of, bed):
    arena, script = script_of(bed)
    position = arena.position()
    script.ok("create a vcpus=1 memory=8M kernel=heartbeat")
    assert script.ask("create a vcpus=1 memory=8M kernel=heartbeat")[1].startswith("error E")
    assert script.ask("start b")[1] == "error ENAME start b: there is no partition of that name"
    assert script.ok("start a") == ["a: started"]
    assert script.ask("destroy a")[1].startswith("error ECONFIRM destroy a: ")
    assert script.ask("start a")[1] == "error ESTATE start a: it is running, and must be stopped"
    assert script.ok("") == []
    # Attached and back: what the guest writes is as it is, what stands around it is plain.
    script.serial.send_line("console a")
    script.serial.expect(r"^\[attached to a; Ctrl-\] detaches\]\n(?s:.*)^hb \d+ \d+ \d+\n")
    script.serial.send("\x1d")
    assert script.answer()[:2][1] == "ok"
    script.serial.send_line("console all")
    script.serial.expect(r"^a +\| hb \d+ \d+ \d+\n")
    script.serial.send("\x1d")
    assert script.answer()[:2][1] == "ok"
    assert script.ok("pause a") == ["a: paused"]
    assert script.ok("destroy a --yes") == ["a: destroyed"]
    # Nothing was echoed, and no control sequence sent.
    assert "\x1b" not in arena.since(position)
    assert "pause a" not in arena.since(position)
    script.leave()
    arena.check_invariants()


@on("qemu", "bochs", "skylake")
def test_json(script_of, bed):
    arena, script = script_of(bed)
    script.ok("create a vcpus=1 memory=8M kernel=heartbeat cmdline=\"q=\\\"1\\\"\"")
    script.ok("start a")
    [mine] = [row for row in script.json("list --json")["partitions"] if row["name"] == "a"]
    assert (mine["state"], mine["memory"], mine["dedicated"]) == ("running", 8 << 20, False)
    assert mine["up_us"] > 0
    shown = script.json("show a --json")
    assert shown["cmdline"] == 'q="1"' and shown["images"][0]["role"] == "kernel"
    assert sum(r["last"] - r["first"] + 1 for r in shown["ranges"]) == shown["ram"]
    script.ok("wait a /hb 0/ 20s")  # it has made exits
    stats = script.json("stats a --json")
    assert sum(row["count"] for row in stats["exits"]) > 0
    host = script.json("host --json")
    assert host["backend"] == ("VMX" if bed == "skylake" else "SVM")
    # All but the firmware's, which is apart from it.
    owners = sum(row["memory"] for row in host["owners"] if row.get("owner") != "firmware")
    assert host["memory"]["free"] + owners == host["memory"]["total"], host
    assert [cpu["cpu"] for cpu in host["cpus"]] == list(range(len(host["cpus"])))
    owned = {row["partition"]: row["memory"] for row in host["owners"] if "partition" in row}
    assert owned["a"] > 8 << 20
    images = script.json("images --json")["images"]
    assert any(image["name"] == "heartbeat" and image["partitions"] >= 1 for image in images)
    audit = script.json("audit --json")
    assert audit["lines"][-1].endswith("0 violations")
    assert audit["violations"] == 0 and audit["first_violation"] is None, audit
    assert audit["partitions"] >= 1 and audit["spaces"] >= 4 and audit["mappings"] > 100, audit
    assert re.fullmatch("[0-9a-f]{16}", audit["digest"]), audit
    assert all(isinstance(line, str) for line in script.json("log --json")["log"])
    script.ok("destroy a --yes")
    script.leave()
    arena.check_invariants()


@on("qemu", "bochs", "skylake")
def test_news_between_answers(script_of, bed):
    """A guest that resets for ever makes news all the time: none of it stands within an answer."""
    arena, script = script_of(bed)
    script.ok("create a vcpus=1 memory=8M kernel=f04 cmdline=\"how=cf9\"")
    script.ok("start a")
    for _ in range(12):
        assert re.match(r"NAME +STATE", script.ok("list")[0])
        script.json("host --json")
    # Between two resets it is being started, which is no time for either.
    answers = [script.ask("destroy a --yes")[1]]
    while answers[-1].startswith("error EBUSY") and len(answers) < 200:
        answers.append(script.ask("destroy a --yes")[1])
    assert answers[-1] == "ok", answers
    assert all(re.match(r"event (a|\[)", line) for line in script.events), script.events
    script.leave()
    arena.check_invariants()
