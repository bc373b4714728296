# SPDX-License-Identifier: BSD-2-Clause
"""Time as a guest sees it: its clocks run alike however long, its CPUs have one TSC, and a pause is time
that passed for all of them."""
import re

import beds
import pytest
from test_tiny import on

HOUR = 3600

# How long an interrupt may take, in microseconds: on Bochs an instruction takes as long as the machine's
# rate says, and slow machines sleep cheaper.
MACHINES = {
    "qemu": (beds.QemuBed, {"cpus": 1, "icount": True}, 200),
    "ryzen": (beds.BochsBed, {"model": "ryzen", "ips": 10_000_000}, 3000),
    "skylake": (beds.BochsBed, {"model": "corei7_skylake_x", "ips": 10_000_000}, 3000),
}


def run_clocks(boot, build, name, span, timeout):
    """The guest alone on a machine whose idle time costs little."""
    bed_class, options, slack = MACHINES[name]
    bed = boot(bed_class, images={"clocks": f"{build}/tiny/clocks.elf"}, deadline=timeout + 60,
               config="create a vcpus=1 memory=8M kernel=clocks "
                      f'testdev=on cmdline="bed={name} span={span} slack={slack}"\n', **options)
    bed.expect_prompt(120)
    bed.command("start a")
    bed.expect(r"\[a stopped: powered off\]", timeout)
    bed.send_line("console a")
    text = bed.expect(r"(?s)\[attached to a[^\n]*\n(.*?)\[a is stopped", 60).group(1)
    print(text)
    assert "FAIL" not in text and re.search(r"^done \d+ failed 0$", text, re.MULTILINE), text
    return text


@pytest.mark.parametrize("name", MACHINES)
def test_clocks_of_an_hour(boot, build, name):
    run_clocks(boot, build, name, HOUR, 300)


def pause_in_the_middle(arena, guest, words, cpus, seconds=2):
    """The guest waits for the pause, so that it is never too late; returns what it printed."""
    arena.create(guest, f"{words} paused={seconds * 800}", cpus=cpus)
    position = arena.start()
    arena.output("a", until="^from now on")
    arena.command("pause a")
    arena.let_pass(seconds)
    arena.command("resume a")
    assert arena.wait_for(r"\[a stopped: powered off\]", position, 120), arena.since(position)[-2000:]
    text = arena.output("a")
    arena.destroy()
    arena.check_invariants()
    print(text)
    assert "FAIL" not in text and re.search(r"^done \d+ failed 0$", text, re.MULTILINE), text
    return text


@on("qemu", "bochs", "skylake")
def test_clocks_go_on_in_a_pause(arena_of, bed):
    """Ticks that fell into it are one tick of each clock, at its end, and the phase is as before."""
    text = pause_in_the_middle(arena_of(bed), "clocks", "span=3 slack=60000", None)
    for name, period_ms in (("8254", 54.93), ("RTC", 500), ("APIC timer", 100)):
        missed, gap = re.search(rf"^{name}: .* (\d+) missing, .* gap (\d+) us$", text,
                                re.MULTILINE).groups()
        assert int(gap) >= 1_600_000, text
        # All but the one at its end, and what the neighbour's turns take besides.
        assert abs(int(missed) - (int(gap) / 1000 / period_ms - 1)) <= 1, text


@on("qemu", "bochs", "skylake")
def test_a_reset_starts_time_anew(arena_of, bed):
    arena = arena_of(bed)
    arena.create("clocks", "span=10000")
    arena.start()
    arena.output("a", until="^from now on")
    arena.let_pass(2)
    arena.command("reset a")
    text = arena.output("a", until=lambda seen: len(re.findall("^from now on", seen, re.MULTILINE)) > 1)
    starts = [int(us) for us in re.findall(r"^starts at (\d+) us", text, re.MULTILINE)]
    assert len(starts) == 2 and max(starts) < 1_000_000, text
    arena.destroy()
    arena.check_invariants()


@on("qemu-smp", "skylake-smp")
@pytest.mark.parametrize("cpus", (2, 4))
def test_one_tsc_for_all_cpus(arena_of, bed, cpus):
    """On CPUs of their own where there are as many, else by turns on those there are."""
    arena = arena_of(bed)
    where = "cpus=2" if cpus == 2 else "vcpus=4 on=0-2"
    result = arena.run("warp", f"cpus={cpus}", cpus=where, timeout=150).check()
    print(result.text)
    text = pause_in_the_middle(arena, "warp", f"cpus={cpus}", where)
    assert re.search(r"longest (1[6-9]|[2-9]\d)\d{5}\d* us", text), text
