# SPDX-License-Identifier: BSD-2-Clause
"""Two Linux guests side by side, as `make run` starts them: each has its own memory, CPU and time,
computes right while the other does, and prints without losing a byte."""
import base64
import hashlib
import os
import random

import pytest
from conftest import ROOT
from kernel_stamp import initrd_with
from linux_guest import Guest, partitions

MIB = 1 << 20
MEMORY = 512 * MIB  # memory= of the two configurations
NAMES = ("linux1", "linux2")
PIECE = 2 * MIB  # of each guest's own random data; with its number behind each, 32 make 64 MiB
PIECES = 32
CLOCK_SECONDS, CLOCK_ERROR = 60, 0.01

# Lines as long as a terminal in cooked mode takes: QEMU needs most of its time for the ends of lines.
LINE = 4000

SUM = ("date +%s >/tmp/begin; i=0; "
       f"while [ $i -lt {PIECES} ]; do cat /random.$(hostname); echo $(hostname) $i; i=$((i+1)); "
       "done >/tmp/data; "
       "sha256sum </tmp/data >/tmp/first; sha256sum </tmp/data >/tmp/second; "
       "rm /tmp/data; date +%s >/tmp/end")


@pytest.fixture(scope="module")
def random_data():
    """{guest: bytes}: no page of one guest is like one of the other."""
    return {name: random.Random(name).randbytes(PIECE) for name in NAMES}


@pytest.fixture(scope="module")
def text():
    letters = base64.b64encode(random.Random(2).randbytes(MIB * 3 // 4)).decode()
    return "\n".join(letters[at:at + LINE] for at in range(0, len(letters), LINE))


@pytest.fixture(scope="module")
def images(linux_images, tmp_path_factory, random_data, text):
    """The guests' own, with the data to compute with and to print in the initrd."""
    path = tmp_path_factory.mktemp("initrd") / "initrd"
    files = {f"random.{name}": (0o444, data) for name, data in random_data.items()}
    with open(linux_images["cloud-initrd"], "rb") as initrd:
        path.write_bytes(initrd_with(initrd.read(), {**files, "text": (0o444, text.encode())}))
    return dict(linux_images, **{"cloud-initrd": str(path)})


def config(name):
    with open(os.path.join(ROOT, "guests", name), encoding="ascii") as file:
        return file.read()


def check_resources(guest):
    """Exactly its memory, with a PC's hole below 1 MiB, and one CPU."""
    ram = [(start, end) for start, end, kind in guest.memory_map() if kind == "System RAM"]
    assert len(ram) == 2 and ram[0][0] == 0 and ram[1] == (MIB, MEMORY), ram
    assert 0x90000 < ram[0][1] <= 0xa0000, ram
    assert guest.run("nproc; grep -c ^processor /proc/cpuinfo; hostname") == ["1", "1", guest.name]


def check_sum(guest, random_data):
    """Waits for the guest's digests; returns when, by its clock, it began and ended."""
    digest = hashlib.sha256()
    for i in range(PIECES):
        digest.update(random_data[guest.name] + f"{guest.name} {i}\n".encode())
    guest.run("while [ ! -s /tmp/end ]; do sleep 1; done", timeout=240)
    first, second, begin, end = guest.run("cat /tmp/first /tmp/second /tmp/begin /tmp/end")
    assert first.split()[0] == second.split()[0] == digest.hexdigest()
    return int(begin), int(end)


def check_clock(guest, before):
    """Over so long a time that the span in which a look is taken is small against it."""
    now = guest.clock()

    def blur():
        return max(now.end - now.begin, before.end - before.begin)

    while now.begin - before.end < max(CLOCK_SECONDS, 200 * blur()):
        guest.run("sleep 5")
        now = guest.clock()
    assert now.error_since(before) <= CLOCK_ERROR, (vars(before), vars(now))


def check_text(guest, text):
    """1 MiB and the carriage returns that the guest's terminal adds."""
    assert len(text) >= MIB
    printed = guest.read_raw("cat /text")
    assert printed == text.replace("\n", "\r\n")


def converse(bed, random_data, text):
    one, two = (Guest(bed, name) for name in NAMES)
    before = {}
    bed.expect_prompt()
    for guest in (one, two):
        guest.wait_shell()
        check_resources(guest)
        before[guest] = guest.clock()
        guest.start(SUM)
        guest.detach()
    assert partitions(bed) == {"linux1": "running", "linux2": "running"}
    two.attach()
    check_text(two, text)
    check_clock(two, before[two])
    ran = [check_sum(two, random_data)]
    two.detach()
    one.attach()
    check_text(one, text)
    check_clock(one, before[one])
    ran.append(check_sum(one, random_data))
    one.detach()
    assert max(begin for begin, _ in ran) < min(end for _, end in ran), "one after the other"


def test_a_cpu_each(boot, images, random_data, text):
    bed = boot(config=config("freehold.conf"), images=images, cpus=4, mem="2G", deadline=600)
    converse(bed, random_data, text)


def test_one_cpu_for_all(boot, images, random_data, text):
    bed = boot(config=config("freehold-pool.conf"), images=images, cpus=1, mem="2G", deadline=900)
    converse(bed, random_data, text)
