# SPDX-License-Identifier: BSD-2-Clause
"""What each kind of exit costs: the bench guest on QEMU (instructions, which repeat exactly) and on Bochs."""
import os
import re

import isos

# name: (limits as LIMITED has the beds, Xen SVM, KVM SVM, KVM VMX); None: not known or not set
ROWS = {
    "cpuid": ((600, 200, 220), 5347, 2958, 1257),
    "rdmsr": ((600, 200, 220), 5257, 2926, 1109),
    "hypercall": ((600, 200, 220), 5414, 2940, 650),
    "port-device": ((400, 400, 480), None, 5061, 5043),
    "port-pic": ((None, None, None), 1093, 1531, 1290),
    "outsb-4-kib": ((6000, 6000, 6100), None, None, None),
    "mmio-device": ((900, 900, 900), None, 7125, 7324),
    "xapic-tpr-read": ((None, None, None), 13967, None, None),
    "xapic-eoi": ((1000, 1000, 1000), 17768, 4150, None),
    "xapic-self-ipi": ((2000, 2000, 2200), 36812, 17939, None),
    "wbinvd": ((600, 200, 220), 5203, None, None),
    "cr4-pge-twice": ((None, None, None), 21115, 6964, None),
    "cr0-wp-twice": ((None, None, None), 12939, 8997, None),
    "x2apic-tpr-read": ((600, 200, 240), 5365, 3463, None),
    "x2apic-eoi": ((600, 200, 240), 5478, None, 1632),
    "x2apic-self-ipi": ((None, 700, 700), 12239, 9405, 5474),
    "timer-past": ((None, None, 900), None, 10888, 5176),
}
CONFIG = """create bench vcpus=1 memory=32M kernel=bench testdev=on cmdline="rounds={rounds}"
start bench
"""
ROUNDS = {"qemu": 1000}  # Bochs is slower, and 200 are enough
LIMITED = ("qemu", "ryzen", "skylake")  # SVM without next-RIP, with it, VMX
LINE = re.compile(r"^bench (\S+) (\d+)\r*$", re.MULTILINE)


def measure(name, bed_class, options, build):
    """{row: figure}, from the guest's own lines."""
    config = CONFIG.format(rounds=ROUNDS.get(name, 200))
    iso = isos.get(build, config, {"bench": os.path.join(build, "tiny", "bench.elf")})
    bed = bed_class(iso, f"bench-{name}", os.path.join(build, "logs"), deadline=280, **options)
    try:
        bed.expect_prompt(200)
        bed.expect(r"\[bench stopped", 200)
        bed.send("\r")
        bed.expect_prompt()
        bed.send("console bench\r")
        bed.expect("done \\d+ failed 0", 60)
        return {key: int(value) for key, value in LINE.findall(bed.serial.all)}
    finally:
        bed.stop()


def table(results):
    """(Markdown lines, what is over its limit)"""
    head = [f"{bed} (limit)" for bed in results]
    lines = ["| operation | " + " | ".join(head) + " | Xen SVM | KVM SVM | KVM VMX |",
             "|---|" + "---:|" * (len(results) + 3)]
    over = []
    for row, (limits, *peers) in ROWS.items():
        cells = []
        for bed, figures in results.items():
            limit = limits[LIMITED.index(bed)]
            value = figures.get(row)
            cells.append("–" if value is None else f"{value}" + (f" ({limit})" if limit else ""))
            if value is not None and limit and value > limit:
                over.append(f"{row} on {bed}: {value} > {limit}")
        cells += ["–" if peer is None else str(peer) for peer in peers]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return lines, over
