# SPDX-License-Identifier: BSD-2-Clause
"""Linux guests come and go beside a neighbour that keeps counting, and nothing is left of them."""
import re
import time

import pytest
from linux_guest import Guest, memory_free, note, partitions

# The neighbour tells where it is every 0.1 s of its own time. It may be late by what the scheduler of
# the machine below, shared with other tests, lets an emulated CPU wait; a stall of ours would last as
# long as a boot or the scrubbing of 512 MiB.
COUNTER = ("i=0; while :; do echo tick $i $(cut -d' ' -f1 /proc/uptime); "
           "i=$((i+1)); usleep 100000; done")
LATE = 2.0
TICK = r"^tick (\d+) ([\d.]+)\n"

CONFIG = """
create neighbour cpus=1 memory=128M kernel=cloud-kernel initrd=cloud-initrd \\
	cmdline="console=ttyS0 quiet hostname=neighbour"
start neighbour
"""
CREATE = ('create guest cpus=1 memory={memory} kernel=cloud-kernel initrd=cloud-initrd '
          'cmdline="console=ttyS0 quiet hostname=guest"')


class Neighbour:
    """A guest that counts on its console while nobody looks."""

    def __init__(self, bed):
        self.guest = Guest(bed, "neighbour")
        self.guest.wait_shell()
        bed.send_line(COUNTER)
        number, at = bed.expect(TICK).groups()
        self.number, self.at = int(number), float(at)
        self.first, self.begun = self.at, time.monotonic()
        self.guest.detach()

    def check(self):
        """All that it wrote since the last look stands in its ring: whole, in order, and never late."""
        bed, at = self.guest.bed, 0
        seen = bed.serial.length
        self.guest.attach()
        while at < self.first + (time.monotonic() - self.begun) - LATE:
            at = float(bed.expect(TICK).group(2))
        self.guest.detach()
        written = bed.serial.since(seen).replace("\r", "")
        assert "bytes of its output are lost" not in written, "we look too seldom"
        for number, at in re.findall(TICK, written, re.MULTILINE):
            self.count(int(number), float(at))

    def count(self, number, at):
        """What an attach shows again was counted before."""
        if number > self.number:
            assert number == self.number + 1, f"ticks {self.number + 1} to {number - 1} are lost"
            assert at - self.at <= LATE, f"it stood still for {at - self.at:.2f} s before tick {number}"
            self.number, self.at = number, at


def boot_to_shell(guest):
    guest.wait_shell()
    assert guest.run("hostname") == [guest.name]


def end_by_power_button(guest):
    """The guest hears the button, and its own poweroff ends it."""
    bed = guest.bed
    guest.detach()
    answer = bed.command(f"stop {guest.name}")
    assert not any("force" in line for line in answer), answer
    assert "powered off" in note(bed, guest.name)
    bed.send_line(f"console {guest.name}")
    bed.expect("power button: powering off")
    bed.send("\x1d")
    bed.expect_prompt()


def end_by_itself(guest):
    guest.bed.send_line("poweroff -f")
    guest.bed.expect_prompt()
    assert "powered off" in note(guest.bed, guest.name)


def end_by_force(guest):
    guest.detach()
    guest.bed.command(f"stop {guest.name} --force")
    assert "by the operator" in note(guest.bed, guest.name)


def reboot_itself(guest):
    """The console stays attached while the guest starts anew."""
    guest.bed.send_line("reboot -f")
    guest.bed.expect(r"\[guest reset: it is started again\]")
    guest.bed.expect(rf"freehold guest ready\n(?:.|\n)*?^{guest.name}# ")
    assert guest.run("hostname") == [guest.name]


def reset_by_operator(guest):
    guest.detach()
    guest.bed.command(f"reset {guest.name}")
    guest.wait_shell(boots=2)


AGAIN = (reset_by_operator, reboot_itself)
ENDS = (end_by_power_button, end_by_itself, end_by_force)


def one_round(bed, memory, *steps):
    """Create, start, shell, the steps, destroy."""
    guest = Guest(bed, "guest")
    bed.command(CREATE.format(memory=memory))
    bed.command("start guest")
    boot_to_shell(guest)
    for step in steps:
        step(guest)
    bed.command("destroy guest --yes")


def check_house(bed, neighbour, free):
    """Nothing is left of the guest, and its neighbour has not noticed anything."""
    assert memory_free(bed) == free
    assert partitions(bed) == {"neighbour": "running"}
    neighbour.check()


def test_rounds_beside_a_neighbour(boot, linux_images):
    bed = boot(config=CONFIG, images=linux_images, cpus=4, mem="2G", deadline=600)
    bed.expect_prompt()
    neighbour = Neighbour(bed)
    free = memory_free(bed)
    for number in range(3):
        one_round(bed, "512M", AGAIN[number % 2], end_by_power_button)
        check_house(bed, neighbour, free)
    answer = bed.command("audit", timeout=120)
    assert any(line.endswith(" 0 violations") for line in answer), answer


@pytest.mark.long
def test_60_rounds(boot, linux_images):
    """With each end, and with the memory's size changing, so that extents split and join."""
    bed = boot(config=CONFIG, images=linux_images, cpus=4, mem="2G", deadline=3600)
    bed.expect_prompt()
    neighbour = Neighbour(bed)
    free = memory_free(bed)
    for number in range(60):
        steps = [ENDS[number % 3]]
        if number % 4 == 0:
            steps.insert(0, AGAIN[number % 8 // 4])
        one_round(bed, f"{128 + 32 * (number * 7 % 32)}M", *steps)
        check_house(bed, neighbour, free)
