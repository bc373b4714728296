# SPDX-License-Identifier: BSD-2-Clause
"""Popek and Goldberg's efficiency: what share of a guest's instructions the processor executes by itself, in
a Linux boot and in a load like a compilation's. On QEMU a tick is an instruction."""
import os

import beds
import isos
import linux_guest

CONFIG = """
create linux vcpus=1 memory=512M kernel=kernel initrd=initrd \\
    cmdline="console=ttyS0 quiet hostname=linux"
start linux
"""
# Many short processes, text taken apart and sorted, compressing: what a compiler's driver does.
LOAD = ("for i in $(seq 1 60); do seq $i 800 | awk '{ s += $1 * $1; print s % 9973, $1 }' | sort -n | "
        "gzip -c >/tmp/o$i; done; cat /tmp/o* | wc -c")
# Exits that no instruction of the guest asked for.
NOT_INSTRUCTIONS = ("interrupt", "nmi", "window", "preempt")
LIMIT = 0.9999


def ticks(bed):
    """Instructions that its vCPU has had so far, ours included, from the console's own clock."""
    for line in bed.command("show linux"):
        if line.startswith("starts"):
            hours, minutes, seconds = line.rsplit("CPU time ", 1)[1].split(":")
            return (int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1e9
    raise AssertionError("`show` does not tell the CPU time")


def look(bed, guest):
    guest.detach()
    now = ticks(bed), linux_guest.exits(bed, "linux")
    guest.attach()
    bed.send_line("")
    return now


def measure(build):
    """{what ran: (instructions, {exit: count})}"""
    images = {"kernel": os.path.join(build, "guests", "cloud", "vmlinuz"),
              "initrd": os.path.join(build, "guests", "initrd-cloud.gz")}
    bed = beds.QemuBed(isos.get(build, CONFIG, images), "bench-native", os.path.join(build, "logs"),
                       cpus=1, icount=True, deadline=900)
    try:
        bed.expect_prompt()
        guest = linux_guest.Guest(bed, "linux")
        guest.wait_shell(300)
        boot = look(bed, guest)
        guest.run(LOAD, 600)
        load = look(bed, guest)
    finally:
        bed.stop()
    return {"Linux to its shell": boot,
            "fork, exec, awk, sort, gzip": (load[0] - boot[0], {name: count - boot[1].get(name, 0)
                                                                for name, count in load[1].items()})}


def table(results):
    """(Markdown lines, what is below the limit)"""
    lines = ["| load | instructions | exits | by an instruction | executed natively |",
             "|---|---:|---:|---:|---:|"]
    below = []
    for what, (instructions, exits) in results.items():
        caused = sum(count for name, count in exits.items()
                     if not any(word in name for word in NOT_INSTRUCTIONS))
        share = 1 - caused / instructions
        lines.append(f"| {what} | {instructions / 1e6:,.0f} M | {sum(exits.values()):,} | {caused:,} | "
                     f"{100 * share:.5f} % |")
        if share < LIMIT:
            below.append(f"native share, {what}: {share:.6f} < {LIMIT}")
    return lines, below
