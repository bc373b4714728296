# SPDX-License-Identifier: BSD-2-Clause
"""Guests' consoles for scripts and for those who look later: send, wait, logs, console all, floods."""
import re

from test_tiny import on

LINE = re.compile(r"^(\d\d:\d\d:\d\d\.\d{3}) +(\d+\.\d{3}) (.*)$", re.MULTILINE)


def seconds(text):
    hours, minutes, rest = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


@on("qemu", "bochs", "skylake")
def test_send_and_wait(arena_of, bed):
    """A script logs in, and reads later when what was said."""
    arena = arena_of(bed)
    arena.create("talker", "how=answer")
    arena.start()
    assert "a: matched in: ready>" in "\n".join(arena.command("wait a /^ready> / 20"))
    arena.commands(['send a "hello\\n"', "wait a /got hello$/ 20"])
    refused = arena.bed.command("wait a /got hello/ 1")
    assert "error: wait a: no match within 1 s; its latest line is: ready>" in refused[-1], refused
    position = arena.position()
    arena.commands(['send a "off\\n"', "wait a /got off/ 20"])
    assert arena.wait_for(r"\[a stopped: powered off", position, 30)
    refused = arena.bed.command("wait a /got hello/ 1h")
    assert "no match, and it is stopped (powered off)" in refused[-1], refused
    text = "\n".join(arena.command("logs a"))
    said = [match.groups() for match in LINE.finditer(text)]
    assert [line for _, _, line in said] == ["ready> got hello", "ready> got off"], text
    times = [(seconds(host), float(guest)) for host, guest, _ in said]
    # Both clocks have run alike, to their last digit, and what the first line waited for came first.
    assert abs((times[1][0] - times[0][0]) % 86400 - (times[1][1] - times[0][1])) < 0.0021, said
    assert times[0][1] < times[1][1], said
    # As at a shell: the last lines, options in any place, help behind a command.
    text = "\n".join(arena.command("logs --tail 1 a"))
    assert "got off" in text and "got hello" not in text, text
    assert arena.command("logs a --tail=0") == ["[nothing]"]
    assert arena.command("logs ?") == arena.command("help logs") == arena.command("logs --help")
    arena.destroy()
    assert any(re.match(r"a +destroyed ", line) for line in arena.command("ps -a"))
    arena.check_invariants()


@on("qemu", "skylake")
def test_logs_over_a_crash(arena_of, bed):
    """What it said is there after a crash and the next start, and --last tells the boots apart."""
    arena = arena_of(bed)
    arena.create("talker", "how=answer")
    position = arena.start()
    arena.commands(["wait a /ready> / 20", 'send a "crash\\n"'])
    assert arena.wait_for(r"\[a stopped: triple fault", position, 30)
    arena.start()
    arena.commands(["wait a /ready> / 20", 'send a "again\\n"', "wait a /got again/ 20"])
    text = "\n".join(arena.command("logs a"))
    boots = r"^\[a started at .*\n.* ready> got crash\n\[a started at .*\n.* ready> got again$"
    assert re.search(boots, text, re.MULTILINE), text
    text = "\n".join(arena.command("logs a --last"))
    assert "got again" in text and "crash" not in text and text.count("started at") == 1, text
    arena.destroy()
    arena.check_invariants()


FLOOD = re.compile(r"^flood (\d+) \.+$", re.MULTILINE)
FLOODERS = [f"f{number}" for number in range(8)]


def check_flood(text, least):
    """The numbers of the lines: none is missing, cut or doubled. Detaching may have cut the last one."""
    lines = text.split("\n")[1:-2]
    numbers = [int(match.group(1)) for match in map(FLOOD.match, lines) if match]
    assert len(numbers) == len(lines) >= least, [line for line in lines if not FLOOD.match(line)][:5]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), numbers[:3]
    return numbers


@on("qemu", "bochs", "skylake")
def test_eight_guests_flood(arena_of, bed):
    """Eight guests print as fast as they can, on one CPU. Who is attached to one loses not a byte, also
    beyond what its ring holds; no command that is typed meanwhile takes a second of the machine's time."""
    arena = arena_of(bed)
    for name in FLOODERS:
        arena.create("talker", "how=flood", memory="4M", name=name)
        arena.start(name)
    uptimes = []
    for command in ["list", "show f1", "stats f2", "images", "list", "send f3 \"x\\n\"", "host", "list"]:
        arena.command(command)
        uptimes.append(arena.uptime())
    took = [after - before for before, after in zip(uptimes, uptimes[1:])]
    assert max(took) <= 1.0, took
    text = arena.output("f0", until=lambda text: len(text) > 70_000, timeout=600)
    check_flood(text, 70_000 // 66 - 10)
    before = arena.uptime()
    arena.command("list")
    assert arena.uptime() - before <= 1.0
    for name in FLOODERS:
        arena.destroy(name)
    arena.check_invariants()


@on("qemu", "skylake")
def test_large_ring(arena_of, bed):
    """log=512K is made in steps, keeps as much as it says, and all of it comes back."""
    arena = arena_of(bed)
    before = arena.free_memory()
    arena.create("talker", "how=flood", more="log=512K")
    arena.start()
    while True:
        show = "\n".join(arena.command("show a"))
        said, kept = map(int, re.search(r"^output +(\d+) bytes, (\d+) of them kept", show,
                                        re.MULTILINE).groups())
        if said > 600_000:
            break
        arena.let_pass(0.1)
    assert kept == 512 * 1024, show
    assert re.search(r"^audit: .* 0 violations$", "\n".join(arena.command("audit")), re.MULTILINE)
    refused = arena.bed.command("create b vcpus=1 memory=4M kernel=talker log=96K")
    assert refused == ["error: create b: log=96K: must be 64K, 128K, 256K or 512K [rule 3]"], refused
    arena.destroy()
    assert arena.free_memory() == before
    # What it said last can be read still.
    text = "\n".join(arena.command("logs a --since 1m", timeout=120)).replace("\r", "")
    numbers = [int(number) for number in re.findall(r" flood (\d+) \.+$", text, re.MULTILINE)]
    assert len(numbers) > 400 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    arena.check_invariants()


@on("qemu", "skylake")
def test_console_all(arena_of, bed):
    """Two guests that flood, line by line behind their names, and each loses none; a quiet one is heard,
    too."""
    arena = arena_of(bed)
    for name in ("x", "yy"):
        arena.create("talker", "how=flood", memory="4M", name=name)
        arena.start(name)
    position = arena.position()
    arena.bed.send_line("console all")
    assert arena.wait_for(r"\[attached to all", position, 20)
    assert arena.wait_for(lambda text: all(text.count(f"{name} | flood") > 100 for name in ("x ", "yy")) and
                          "hb | hb " in text, position, 240)
    arena.serial.send(b"\x1d")
    assert arena.wait_for(r"\[detached from all\]", position, 120)
    arena.bed.serial.command("#")
    text = arena.since(position)
    for name in ("x ", "yy"):
        numbers = [int(number) for number in re.findall(rf"^{name} \| flood (\d+) \.+$", text,
                                                        re.MULTILINE)]
        assert len(numbers) > 100, text[-1000:]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), numbers
    for name in ("x", "yy"):
        arena.destroy(name)
    arena.check_invariants()


@on("qemu", "skylake")
def test_typed_over(arena_of, bed):
    """More is pasted into `console all` than the console, the kernel and the UART keep: the key ends it, and
    none of it is executed."""
    arena = arena_of(bed)
    position = arena.position()
    arena.bed.send_line("console all")
    assert arena.wait_for(r"\[attached to all", position, 20)
    arena.serial.send(b"images\r" * 6000)
    assert arena.wait_for(r"\[more than 16 KiB were typed ahead: nothing of that is", position, 120)
    arena.serial.send(b"\x1d")
    assert arena.wait_for(r"\[detached from all\]", position, 120)
    arena.bed.serial.command("#")
    assert "IMAGE" not in arena.since(position)
