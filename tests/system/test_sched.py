# SPDX-License-Identifier: BSD-2-Clause
"""Shared CPUs: who gets how much of one, told by the guests themselves, which count what they get done."""
import os
import re
import time

import beds
import pytest
from linux_guest import Guest

SHARE = re.compile(r"^share (\d+) (\d+)$", re.MULTILINE)
BEAT = re.compile(r"^hb (\d+) (\d+) (\d+)$", re.MULTILINE)
ON = {
    # One CPU that counts instructions: a guest's work is its share.
    "qemu": (beds.QemuBed, {"cpus": 1, "icount": True}),
    "ryzen": (beds.BochsBed, {"model": "ryzen"}),
    "skylake": (beds.BochsBed, {"model": "corei7_skylake_x"}),
}
WHOLE = {}  # what a guest alone gets done in a second, by bed

everywhere = pytest.mark.parametrize("where", list(ON))


class Pool:
    """A machine whose guests share its CPUs."""

    def __init__(self, boot, build, where, **options):
        images = {name: os.path.join(build, "tiny", name + ".elf")
                  for name in ("share", "heartbeat", "exitstorm")}
        bed, more = ON[where]
        # Sixteen guests on Bochs took over 5 minutes on a slow machine.
        self.bed = boot(bed, images=images, **dict({"deadline": 900, **more}, **options))
        self.bed.expect_prompt()
        self.names = []

    def create(self, name, words="", kernel="share", keys="", vcpus=1):
        answer = self.bed.command(f"create {name} vcpus={vcpus} memory=4M kernel={kernel} {keys} "
                                  f'cmdline="{words}"')
        assert not any(line.startswith("error") for line in answer), answer
        self.names.append(name)

    def up(self, name):
        """How long it has been running, in seconds."""
        line = next(line for line in self.bed.command("list") if line.startswith(name + " "))
        hours, minutes, seconds = re.search(r"(\d+):(\d\d):(\d\d\.\d)", line).groups()
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)

    def start(self):
        self.bed.serial.commands([f"start {name}" for name in self.names], 120)

    def wait_up(self, seconds, real=400):
        """Until the first has been running for so long by the machine's clock."""
        end = time.monotonic() + real
        while self.up(self.names[0]) < seconds:
            assert time.monotonic() < end, "the machine's time does not pass"
            time.sleep(0.3)

    def run(self, seconds):
        """All at once; when the first says that it is so old, they are stopped. The console sleeps meanwhile:
        to ask again and again would take the CPU from them, the more of it the slower the bed."""
        assert 0 < seconds < 10
        self.start()
        self.bed.serial.commands([f"wait {self.names[0]} / [{seconds}-9]{'[0-9]' * 6}$/ 60s"], 800)
        self.bed.serial.commands([f"stop {name} --force" for name in self.names], 120)

    def output(self, name):
        self.bed.send_line(f"console {name}")
        text = self.bed.expect(rf"\[attached to {name}[^\n]*\n((?:.|\n)*?)\[{name} is stopped", 120).group(1)
        self.bed.expect_prompt()
        return text

    def rate(self, name, begin=0.3, end=None):
        """Its work in a second between two ages, by its own count."""
        lines = [(int(work), int(age) / 1e6) for work, age in SHARE.findall(self.output(name))]
        lines = [(work, age) for work, age in lines if age >= begin and (end is None or age <= end)]
        assert len(lines) >= 2, f"{name} tells too little: {lines}"
        return (lines[-1][0] - lines[0][0]) / (lines[-1][1] - lines[0][1])

    def cpu_times(self):
        """{name: (CPU, seconds that it had it)}, of `show`."""
        times = {}
        for name in self.names:
            text = "\n".join(self.bed.command(f"show {name}"))
            minutes, seconds = re.search(r"CPU time 0:(\d+):([\d.]+)", text).groups()
            cpu = int(re.search(r"^vcpus +1 on (\d+)$", text, re.MULTILINE).group(1))
            times[name] = (cpu, int(minutes) * 60 + float(seconds))
        return times


def whole_cpu(boot, build, where):
    if where not in WHOLE:
        alone = Pool(boot, build, where)
        alone.create("alone")
        alone.run(1)
        WHOLE[where] = alone.rate("alone")
    return WHOLE[where]


def near(value, wanted, part):
    assert abs(value - wanted) <= wanted * part, f"{value} instead of {wanted}"


@everywhere
def test_weights(boot, build, where):
    """1:2:4, and what `show` says of it."""
    pool = Pool(boot, build, where)
    for name, weight in (("one", 25), ("two", 50), ("four", 100)):
        pool.create(name, keys=f"weight={weight}")
    assert any("weight 25, cap none" in line for line in pool.bed.command("show one"))
    pool.run(2)
    one, two, four = (pool.rate(name, end=1.9) for name in pool.names)
    near(two / one, 2, 0.05)
    near(four / one, 4, 0.05)


@everywhere
def test_caps(boot, build, where):
    """A quarter and a tenth of a CPU, the rest idle; against what a guest alone gets done."""
    whole = whole_cpu(boot, build, where)
    pool = Pool(boot, build, where)
    pool.create("quarter", keys="cap=25")
    pool.create("tenth", keys="cap=10")
    pool.run(3)
    near(pool.rate("quarter"), whole * 0.25, 0.05)
    near(pool.rate("tenth"), whole * 0.1, 0.05)


@everywhere
def test_sleeping_before_the_tick(boot, build, where):
    """I03: whoever sleeps just before its turn ends is charged for what it used, to the tick."""
    pool = Pool(boot, build, where)
    pool.create("evader", "how=evade burst=9700 sleep=300")
    pool.create("honest")
    pool.run(2)
    honest, evader = pool.rate("honest"), pool.rate("evader")
    assert evader <= honest * 1.02, (evader, honest)
    assert evader >= honest * 0.7, (evader, honest)  # nor is it punished beyond what it slept


@everywhere
def test_two_vcpus_that_wait_for_each_other(boot, build, where):
    """I09: they get on, and their neighbour has its half."""
    for how, least in (("lock", 20), ("call", 400)):
        pool = Pool(boot, build, where)
        pool.create("pair", f"how={how}", vcpus=2)
        pool.create("neighbour")
        pool.run(2)
        rounds, neighbour = pool.rate("pair"), pool.rate("neighbour")
        assert rounds >= least, f"{how}: {rounds} rounds a second"
        assert neighbour >= whole_cpu(boot, build, where) * 0.475, how


def beats(text):
    return [(int(number), int(gap)) for number, gap, _ in BEAT.findall(text)]


def check_beats(pool, names, period_ms, worst_ms):
    for name in names:
        lines = beats(pool.output(name))
        assert [number for number, _ in lines] == list(range(len(lines))) and len(lines) > 5, name
        late = [(number, gap) for number, gap in lines[1:] if gap > (period_ms + worst_ms) * 1000]
        assert not late, f"{name}: (line, us) {late}"


def test_fourteen_alive_on_one_cpu(boot, build):
    """As many as CP-40 had in 1967: eleven beat, beside two that spin and one that only exits."""
    pool = Pool(boot, build, "qemu")
    hearts = [f"heart{i}" for i in range(11)]
    for name in hearts:
        pool.create(name, "period=50", kernel="heartbeat")
    pool.create("spin1")
    pool.create("spin2")
    pool.create("storm", "kind=cpuid", kernel="exitstorm")
    pool.run(2)
    check_beats(pool, hearts, 50, 20)
    near(pool.rate("spin1"), pool.rate("spin2"), 0.05)


@pytest.mark.long
def test_more_guests_than_asids(boot, build):
    """QEMU's SVM has 16 ASIDs. Thirty-two guests on four CPUs."""
    pool = Pool(boot, build, "qemu", cpus=4, icount=False, mem="2G", deadline=900)
    hearts = [f"heart{i}" for i in range(28)]
    for name in hearts:
        pool.create(name, "period=200", kernel="heartbeat")
    for i in range(4):
        pool.create(f"spin{i}")
    pool.run(10)
    for name in hearts:
        lines = beats(pool.output(name))
        assert [number for number, _ in lines] == list(range(len(lines))) and len(lines) > 20, name
    for i in range(4):
        assert pool.rate(f"spin{i}") > 0


# TCG's exits are too slow for enough turns.
@pytest.mark.parametrize("where", (pytest.param("ryzen", marks=pytest.mark.long), "skylake"))
def test_sixteen_guests_that_exit_all_the_time(boot, build, where):
    """I02 on one CPU whose timer can be relied on: all sixteen get the same within 5 %."""
    pool = Pool(boot, build, where)
    kinds = ("cpuid", "call", "out", "msr")
    for i in range(16):
        pool.create(f"storm{i}", f"kind={kinds[i % 4]}", kernel="exitstorm")
    pool.run(6)
    spent = sorted(used for _, used in pool.cpu_times().values())
    assert spent[-1] - spent[0] <= 0.05 * spent[8], spent


@pytest.mark.long
def test_sixty_four_guests_that_exit_all_the_time(boot, build):
    """I02: on four CPUs; the console answers, all progress, and those on one CPU get the same within 5 %."""
    pool = Pool(boot, build, "qemu", cpus=4, icount=False, mem="2G", deadline=1200)
    kinds = ("cpuid", "call", "out", "msr")
    for i in range(64):
        pool.create(f"storm{i}", f"kind={kinds[i // 4 % 4]}", kernel="exitstorm")
    pool.start()
    pool.wait_up(5)
    before = pool.cpu_times()
    pool.wait_up(pool.up("storm0") + 120)
    spent = {name: (cpu, used - before[name][1]) for name, (cpu, used) in pool.cpu_times().items()}
    for cpu in range(4):
        here = sorted(used for home, used in spent.values() if home == cpu)
        assert len(here) == 16 and here[0] > 0, (cpu, here)
        # TCG loses a timer interrupt now and then (kernel/cpu.h), and a guest that only exits then keeps its
        # CPU until the next kick, some seconds maybe, and pays for it later: so of the middle ten. Either
        # look is good to a tenth of a second.
        middle = here[3:-3]
        assert middle[-1] - middle[0] <= 0.05 * middle[5] + 0.2, (cpu, here)


def test_steal_time_of_two_linux_guests(boot, linux_images):
    """Each of two that spin on one CPU is told that half of the time was somebody else's."""
    config = "".join(
        f"create {name} vcpus=1 memory=128M kernel=cloud-kernel initrd=cloud-initrd "
        f'cmdline="console=ttyS0 quiet hostname={name}"\nstart {name}\n' for name in ("left", "right"))
    bed = boot(config=config, images=linux_images, cpus=1, icount=True, deadline=600)
    bed.expect_prompt()
    guests = [Guest(bed, name) for name in ("left", "right")]
    for guest in guests:
        guest.wait_shell(240)
        guest.run("{ while :; do :; done & }")
        guest.detach()
    guest = guests[0]
    guest.attach()
    looks = []
    for seconds in (8, 0):
        # cpu user nice system idle iowait irq softirq steal ..., in hundredths of a second
        stat, up = guest.run("head -1 /proc/stat; cut -d\" \" -f1 /proc/uptime", 120)
        looks.append((int(stat.split()[8]), float(up)))
        guest.run(f"sleep {seconds}", 300)
    steal, elapsed = ((after - before) for before, after in zip(*looks))
    assert elapsed > 5, looks
    # Against the time that went by: Linux drops the rest of a tick in which time was stolen, so that what it
    # counts in all is less than that.
    near(steal / 100 / elapsed, 0.5, 0.1)


def cpu_rows(bed):
    """{CPU: (state, partition, core)} of `host`."""
    rows = [line.split() for line in bed.command("host") if line.startswith("cpu ")]
    return {int(row[1]): (row[2], row[3], int(row[7])) for row in rows}


def test_threads_of_a_core(boot, build):
    """Two cores of two threads: no two partitions share one unless both say so."""
    images = {"share": os.path.join(build, "tiny", "share.elf")}
    bed = boot(images=images, cpus="4,cores=2,threads=2", deadline=300)
    bed.expect_prompt()
    assert cpu_rows(bed) == {0: ("pool", "-", 0), 1: ("sibling", "-", 0),
                             2: ("pool", "-", 1), 3: ("sibling", "-", 1)}

    def create(name, keys):
        return bed.command(f"create {name} memory=4M kernel=share {keys}")[0]

    assert "cpu 1 is a thread of cpu 0's core" in create("a", "cpus=1 on=1")
    assert "cpu 3 is a thread of core 1, which serves the pool by another" in create("a", "vcpus=1 on=3")
    assert create("p", "vcpus=2") == "p: created with 4 MiB and 2 pool vCPUs"
    assert bed.command("start p") == ["p: started"]
    # Its vCPU on CPU 2 leaves the core that is somebody's now.
    assert create("a", "cpus=1 on=3") == "a: created with 4 MiB and 1 dedicated CPU"
    assert cpu_rows(bed)[2] == ("sibling", "a", 1) and cpu_rows(bed)[3][:2] == ("dedicated", "a")
    assert any(re.match(r"vcpus +2 on 0,0", line) for line in bed.command("show p"))
    refusal = create("b", "cpus=1 on=2 smt=share")
    assert "cpu 2 is a thread of core 1, which is partition a's; only smt=share of both" in refusal
    assert "only 0 CPUs can be dedicated" in create("b", "cpus=1")
    bed.command("destroy a --yes")
    assert cpu_rows(bed)[2][:2] == ("pool", "-")
    assert create("a", "cpus=1 on=3 smt=share").startswith("a: created")
    assert create("b", "cpus=1 smt=share").startswith("b: created")
    assert cpu_rows(bed)[2][:2] == ("dedicated", "b")
    assert any("smt=share" in line for line in bed.command("show b"))
    bed.serial.commands(["destroy a --yes", "destroy b --yes"], 60)
    # One that wants two gets a core of its own.
    assert create("both", "cpus=2").startswith("both: created")
    assert {cpu for cpu, row in cpu_rows(bed).items() if row[1] == "both"} == {2, 3}
    assert bed.command("start both") == ["both: started"]
    assert bed.command("audit")[0].endswith(" 0 violations")


def test_threads_as_cores(boot, build):
    """The boot word smt=share."""
    images = {"share": os.path.join(build, "tiny", "share.elf")}
    bed = boot(images=images, cpus="2,cores=1,threads=2", cmdline="smt=share")
    bed.expect_prompt()
    assert {cpu: row[0] for cpu, row in cpu_rows(bed).items()} == {0: "pool", 1: "pool"}
    assert bed.command("create a cpus=1 memory=4M kernel=share")[0].startswith("a: created")
