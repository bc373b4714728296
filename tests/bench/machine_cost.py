# SPDX-License-Identifier: BSD-2-Clause
"""What the machine itself costs, by its own account: the boot as `host` tells it, commands by `time`."""
import os
import re
import time

import isos

# name: (text, limit, Xen 4.17 as EMULATORS.md has it, KVM); None: not set or not known.
# Ticks, except where the text names KiB.
ROWS = {
    "boot": ("kernel entry to prompt", 50_000_000, "8,800 M (1)", "1,660–2,100 M (1)"),
    "boot-work": ("of it, besides measuring the clocks", 10_000_000, None, None),
    "create": ("create, 32 MiB, tiny image", 1_000_000, "49.5 M", None),
    "start": ("start, until its guest runs", None, None, None),
    "first-instruction": ("start to the guest's first instruction (2)", None, None, None),
    "destroy-128M": ("destroy, 128 MiB, running", 1_000_000, "49 M, scrubbing included", None),
    "clean-128M": ("its memory cleaned by an idle CPU", 20_000_000, None, None),
    "destroy-1G": ("destroy, 1 GiB, running", 1_000_000, "201 M, scrubbing included", None),
    "clean-1G": ("its memory cleaned by an idle CPU", 160_000_000, None, None),
    "idle-objects": ("idle partition, KiB besides tables and ring", 512, None, None),
    "idle-all": ("128 MiB partition, KiB besides its memory", 1792, "1,792", None),
    "alone": ("the hypervisor alone, KiB", None, "44,032, and dom0", "a Linux"),
}
NOTES = """\
(1) From the machine's start until it can create a guest, firmware and loader included. \
(2) By the guest's TSC, which begins with its start."""

CONFIG = "# The figures are taken from commands that are typed.\n"
CREATE = 'time create x memory={memory} kernel={kernel} testdev=on cmdline="{cmdline}"'
TOOK = re.compile(r"took (\d+) ticks")


class Machine:
    """A bed that stands at its prompt, and its memory."""

    def __init__(self, bed):
        self.bed = bed
        bed.expect_prompt(300)

    def host(self):
        return "\n".join(self.bed.command("host", 120))

    def console_memory(self):
        """KiB of the partitions' rings, and of what is kept of those that were destroyed."""
        return find(r"memory console (\d+) KiB", self.host())[0]

    def timed(self, command):
        """Ticks of a command; what it says is no error."""
        answer = "\n".join(self.bed.command(command, 120))
        took = TOOK.search(answer)
        if not took or "error" in answer:
            raise RuntimeError(f"{command}: {answer}")
        return int(took.group(1))

    def wait_clean(self):
        """Ticks that idle CPUs have cleaned for, once nothing is left to be cleaned."""
        for _ in range(600):
            host = self.host()
            free, clean = find(r"memory free (\d+) KiB .* clean (\d+) KiB", host)
            if free == clean:
                return find(r"cleaning .* in (\d+) ticks", host)[0]
            time.sleep(0.2)
        raise RuntimeError("memory does not become clean")


def find(pattern, text):
    return [int(number) for number in re.search(pattern, text).groups()]


def measure_start(machine):
    """A guest that switches itself off at once; and what a partition takes that has just been made."""
    figures = {"create": machine.timed(CREATE.format(memory="32M", kernel="bench",
                                                     cmdline="first=1"))}
    show = "\n".join(machine.bed.command("show x"))
    objects, tables = find(r"objects +(\d+) KiB.*page tables (\d+) KiB", show)
    figures["idle-objects"] = objects - tables
    figures["start"] = machine.timed("time start x")
    machine.bed.expect(r"\[x stopped", 120)
    machine.bed.send("\r")
    machine.bed.expect_prompt()
    machine.bed.send("console x\r")
    figures["first-instruction"] = int(machine.bed.expect(r"first-instruction (\d+)\n", 60).group(1))
    machine.bed.send("\x1d")
    machine.bed.expect_prompt()
    machine.timed("time destroy x")
    return figures


def measure_destroy(machine, memory):
    """A guest that runs, though it does nothing."""
    before, kept = machine.wait_clean(), machine.console_memory()
    machine.timed(CREATE.format(memory=memory, kernel="spin", cmdline="how=halt"))
    host, ring = machine.host(), machine.console_memory() - kept
    machine.timed("time start x")
    time.sleep(1)
    figures = {f"destroy-{memory}": machine.timed("time destroy x --yes")}
    figures[f"clean-{memory}"] = machine.wait_clean() - before
    objects = find(r"memory partition x .* kernel objects (\d+) KiB", host)[0]
    return figures, objects + ring


def measure(name, bed_class, options, build):
    """{row: figure} of one bed."""
    images = {name: os.path.join(build, "tiny", name + ".elf") for name in ("bench", "spin")}
    iso = isos.get(build, CONFIG, images)
    options = dict(options, mem="1536M" if "icount" in options else 1536)
    bed = bed_class(iso, f"bench-machine-{name}", os.path.join(build, "logs"),
                    deadline=600, **options)
    try:
        machine = Machine(bed)
        host = machine.host()
        boot, clocks = find(r"boot +(\d+) ticks to the prompt, (\d+) of them for", host)
        figures = {"boot": boot, "boot-work": boot - clocks,
                   "alone": find(r"memory kernel (\d+) KiB", host)[0]}
        machine.wait_clean()
        figures |= measure_start(machine)
        more, figures["idle-all"] = measure_destroy(machine, "128M")
        figures |= more
        figures |= measure_destroy(machine, "1G")[0]
        return figures
    finally:
        bed.stop()


def table(results):
    """(Markdown lines, what is over its limit)"""
    lines = ["| | " + " | ".join(results) + " | limit | Xen 4.17 | KVM |",
             "|---|" + "---:|" * (len(results) + 3)]
    over = []
    for row, (text, limit, *peers) in ROWS.items():
        cells = [f"{figures[row]:,}" for figures in results.values()]
        cells.append(f"{limit:,}" if limit else "–")
        cells += [peer or "–" for peer in peers]
        lines.append(f"| {text} | " + " | ".join(cells) + " |")
        over += [f"{row} on {bed}: {figures[row]:,} > {limit:,}"
                 for bed, figures in results.items() if limit and figures[row] > limit]
    return lines + ["", NOTES], over
