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
        self.first = float(bed.expect(TICK).group(2))
        self.begun = time.monotonic()
        self.guest.detach()

    def check(self):
        """All that it wrote meanwhile stands in its ring: whole, in order, and never late."""
        bed, at = self.guest.bed, 0
        seen = len(bed.serial.all)
        self.guest.attach()
        while at < self.first + (time.monotonic() - self.begun) - LATE:
            at = float(bed.expect(TICK).group(2))
        self.guest.detach()
        written = bed.serial.all[seen:].replace("\r", "")
        ticks = [(int(number), float(uptime))
                 for number, uptime in re.findall(TICK, written, re.MULTILINE)]
        for (number, at), (next_number, next_at) in zip(ticks, ticks[1:]):
            assert next_number == number + 1, "what it wrote is not whole"
            assert next_at - at <= LATE, f"it stood still after tick {number}: {next_at - at:.2f} s"


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


ROUNDS = ((reset_by_operator, end_by_power_button),
          (reboot_itself, end_by_itself),
          (reset_by_operator, end_by_force))


def test_rounds_beside_a_neighbour(boot, linux_images):
    bed = boot(config=CONFIG, images=linux_images, cpus=4, mem="2G", deadline=600)
    bed.expect_prompt()
    neighbour = Neighbour(bed)
    free = memory_free(bed)
    guest = Guest(bed, "guest")
    for again, end in ROUNDS:
        bed.command(CREATE.format(memory="512M"))
        bed.command("start guest")
        boot_to_shell(guest)
        again(guest)
        end(guest)
        bed.command("destroy guest --yes")
        assert memory_free(bed) == free
    assert partitions(bed) == {"neighbour": "running"}
    neighbour.check()
    answer = bed.command("audit", timeout=120)
    assert not any(line.startswith("error") for line in answer), answer


@pytest.mark.long
def test_17_rounds(boot, linux_images):
    """More of them, with the memory's size changing, so that extents split and join."""
    bed = boot(config=CONFIG, images=linux_images, cpus=4, mem="2G", deadline=1500)
    bed.expect_prompt()
    neighbour = Neighbour(bed)
    free = memory_free(bed)
    guest = Guest(bed, "guest")
    for number in range(17):
        bed.command(CREATE.format(memory=f"{128 + 32 * number}M"))
        bed.command("start guest")
        boot_to_shell(guest)
        ROUNDS[number % len(ROUNDS)][1](guest)
        bed.command("destroy guest --yes")
        assert memory_free(bed) == free
    neighbour.check()
