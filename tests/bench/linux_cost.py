# SPDX-License-Identifier: BSD-2-Clause
"""What a Linux boot costs in Freehold beside the same emulator without it; a Bochs takes minutes for it."""
import os
import tempfile

import boot_cost

# name: (bed, Bochs's model or None for QEMU, more of the command line)
ROWS = {
    "linux-qemu": ("qemu", None, ""),
    "linux-qemu-told-less": ("qemu", None, " lapic=notscdeadline"),
    "linux-skylake": ("skylake", "corei7_skylake_x", ""),
    "linux-haswell": ("haswell", "corei7_haswell_4770", ""),
}
LIMIT = 1.02
EXITS = 15_000
PEERS = "Xen 1.003 (PVH), KVM 1.09 on QEMU and 1.05 on Bochs; KVM's exits 28,186 and 28,684"


class Starter:
    """Starts beds, and stops them all."""

    def __init__(self, logs):
        self.logs, self.beds = logs, []

    def __call__(self, bed_class, iso, **options):
        bed = bed_class(iso, f"bench-linux-{len(self.beds)}", self.logs, **options)
        self.beds.append(bed)
        return bed

    def stop(self):
        while self.beds:
            self.beds.pop().stop()


def measure(build, rows):
    """{row: (ticks in Freehold, ticks without, {exit: count})}"""
    results, bare = {}, {}
    start = Starter(os.path.join(build, "logs"))
    with tempfile.TemporaryDirectory() as folder:
        images = boot_cost.make_images(build, folder)
        for row in rows:
            _, model, words = ROWS[row]
            try:
                if model not in bare:
                    bare[model] = boot_cost.bare(start, build, images, model)
                ours, exits = boot_cost.freehold(start, build, images, model,
                                                 boot_cost.CMDLINE + words)
            finally:
                start.stop()
            results[row] = (ours, bare[model], exits)
    return results


def table(results):
    """(Markdown lines, what is over its limit)"""
    lines = ["| bed | Freehold | bare | ratio (limit) | exits (limit) |", "|---|---:|---:|---:|---:|"]
    over = []
    for row, (ours, bare, exits) in results.items():
        bed, _, words = ROWS[row]
        count = sum(exits.values())
        lines.append(f"| {bed}{f' ({words.strip()})' if words else ''} | {ours / 1e6:,.1f} M | "
                     f"{bare / 1e6:,.1f} M | {ours / bare:.3f} ({LIMIT}) | {count:,} ({EXITS:,}) |")
        if ours / bare > LIMIT:
            over.append(f"{row}: {ours / bare:.4f} > {LIMIT}")
        if count > EXITS:
            over.append(f"{row}: {count} exits > {EXITS}")
    return lines + ["", f"Peers: {PEERS}."], over
