# SPDX-License-Identifier: BSD-2-Clause
"""Images that a VMM cannot copy in one upcall: it does so piece by piece, whoever wants the CPU gets it
in between, and no guest of it runs before all is there; a load that is paused, stopped or destroyed."""
import os
import re

import pytest
from arena import ESCAPES, HEARTBEAT

import beds

PAGE = 4096
MODULES = 7  # with the kernel, all that a partition may name

# bed, options, MiB of the module's file, which is named MODULES times, and of the partition
BEDS = {"qemu": (beds.QemuBed, {"cpus": 2, "deadline": 600}, 45, 512),
        "icount": (beds.QemuBed, {"cpus": 1, "icount": True, "deadline": 600}, 45, 512),
        "skylake": (beds.BochsBed, {"model": "corei7_skylake_x"}, 2, 64),
        "ryzen": (beds.BochsBed, {"model": "ryzen"}, 2, 64)}
PERIOD_MS = 2
# The neighbour waits for a piece of ours (a MiB, 8 bytes an instruction) at most, and for what the console
# does at once: all in one go would be 40 ms.
GAP_US = PERIOD_MS * 1000 + 3000


@pytest.fixture(scope="session")
def images(build, tmp_path_factory):
    """images(MIB): with a module of so much, which takes no more of the disk than its first words' pages."""
    made = {}

    def get(mib):
        if mib not in made:
            made[mib] = tmp_path_factory.mktemp("large") / "pattern"
            with open(made[mib], "wb") as file:
                for page in range(mib * 1024 * 1024 // PAGE):
                    file.seek(page * PAGE)
                    file.write((page + 1).to_bytes(8, "little"))
                file.truncate(mib * 1024 * 1024)
        names = ("modules", "heartbeat", "hello")
        return dict({name: os.path.join(build, "tiny", name + ".elf") for name in names},
                    pattern=str(made[mib]))
    return get


def begin(boot, images, where):
    bed_class, options, mib, memory = BEDS[where]
    bed = boot(bed_class, images=images(mib), **options)
    bed.expect_prompt()
    return bed, mib, memory


def create(bed, memory, keys=""):
    modules = " ".join(["module=pattern"] * MODULES)
    answer = bed.command(f"create a memory={memory}M kernel=modules {modules} testdev=on {keys}")
    assert answer[0].startswith("a: created"), answer


def check_ran_well(bed, mib):
    """It is running, or has ended by itself: each module was there."""
    bed.expect(r"\[a stopped: powered off\]", 240)
    bed.command("#")
    bed.send_line("console a")
    text = ESCAPES.sub("", bed.expect(r"\[attached to a[^\n]*\n((?:.|\n)*?)\[a is stopped", 60).group(1))
    bed.expect_prompt()
    for number in range(MODULES):
        assert f"module {number}: {mib << 20} bytes, 0 words wrong\n" in text, text


@pytest.mark.parametrize("where", BEDS)
def test_all_is_there(boot, images, where):
    bed, mib, memory = begin(boot, images, where)
    create(bed, memory, "vcpus=2")
    for _ in range(2):  # a start that follows one loads again
        bed.send_line("start a")
        bed.expect(r"^a: started", 120)
        check_ran_well(bed, mib)
    assert bed.command("audit")[0].endswith(" 0 violations")


def test_neighbour_runs_meanwhile(boot, images):
    """By the count of instructions: its ticks come in time while the other one loads."""
    bed, _, memory = begin(boot, images, "icount")
    bed.command(f'create hb vcpus=1 memory=4M kernel=heartbeat cmdline="period={PERIOD_MS}"')
    bed.command("start hb")
    create(bed, memory, "vcpus=1")
    bed.send_line("start a")
    bed.expect(r"^a: started", 120)
    bed.command("stop a --force")
    bed.send_line("console hb")
    match = bed.expect(r"\[attached to hb[^\n]*\n((?:.|\n)*?\nhb 200 \d+ \d+\n)", 120)
    text = ESCAPES.sub("", match.group(1))
    bed.send("\x1d")
    gaps = [int(gap) for _, gap, _ in HEARTBEAT.findall(text)]
    assert max(gaps) < GAP_US, gaps


def free_memory(bed):
    return re.search(r"memory free (\d+) KiB", "\n".join(bed.command("host"))).group(1)


def is_loading(bed):
    return any("It has not begun: its VMM is still copying" in line for line in bed.command("why a"))


def starts(bed):
    return re.search(r"^starts +(\d+), ", "\n".join(bed.command("show a")), re.MULTILINE).group(1)


def start_slowly(bed):
    """Until it loads, which follows the clearing: its VMM gets a hundredth of a CPU, a piece now and then."""
    bed.send_line("start a")
    bed.expect(r"^start a\n")
    bed.send("\x03")
    bed.expect(r"^a: it is being started in the background\n")
    bed.expect_prompt()
    while bed.command("why a")[0].startswith("a starting"):
        pass
    assert is_loading(bed)


def test_a_load_is_cut_short(boot, images):
    bed, mib, memory = begin(boot, images, "qemu")
    free = free_memory(bed)
    create(bed, memory, "vcpus=2 cap=1")
    start_slowly(bed)
    assert bed.command("pause a") == ["a: paused"]
    pieces = [bed.command("debug vcpu a 0") for _ in range(2)]
    assert pieces[0] == pieces[1]
    assert bed.command("resume a") == ["a: resumed"]
    assert is_loading(bed)
    assert bed.command("stop a --force") == ["a: stopped by force"]
    start_slowly(bed)
    # Reset: it is cleared, and loads from the beginning.
    before = starts(bed)
    bed.send_line("reset a")
    bed.expect(r"^reset a\n")
    bed.send("\x03")
    bed.expect(r"^a: it is being reset in the background\n")
    bed.expect_prompt()
    while starts(bed) == before:
        pass
    assert is_loading(bed)
    # A guest that does not run hears no power button.
    assert bed.command("stop a timeout=1") == [
        "a: stopped by force: it did not switch itself off in time"]
    start_slowly(bed)
    assert bed.command("destroy a --yes") == ["a: destroyed"]
    assert free_memory(bed) == free
    # What was cut short leaves nothing behind: the same memory, with no cap.
    create(bed, memory, "vcpus=2 cap=1")
    start_slowly(bed)
    assert bed.command("freeze a") == ["a: frozen for why and exits; it goes on"]
    bed.command("set a cap=")
    check_ran_well(bed, mib)
    assert bed.command("audit")[0].endswith(" 0 violations")
