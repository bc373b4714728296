# SPDX-License-Identifier: BSD-2-Clause
"""What each kind of exit costs: the bench guest on QEMU (instructions, which repeat exactly) and on Bochs.

Prints the table with the limits that we set ourselves and the figures of Xen and KVM from the same beds;
ends with 1 if a limit is exceeded. --write FILE also writes it as Markdown.
"""
import argparse
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", "system"), os.path.join(ROOT, "tools")]

import beds  # noqa: E402  pylint: disable=wrong-import-position
import isos  # noqa: E402  pylint: disable=wrong-import-position

# name: (limit without next-RIP, limit with it, Xen SVM, KVM SVM, KVM VMX); None: not known or not set
ROWS = {
    "cpuid": (600, 200, 5347, 2958, 1257),
    "rdmsr": (600, 200, 5257, 2926, 1109),
    "hypercall": (600, 200, 5414, 2940, 650),
    "port-device": (400, 400, None, 5061, 5043),
    "port-pic": (None, None, 1093, 1531, 1290),
    "mmio-device": (900, 900, None, 7125, 7324),
    "xapic-tpr-read": (None, None, 13967, None, None),
    "xapic-eoi": (1000, 1000, 17768, 4150, None),
    "xapic-self-ipi": (None, None, 36812, 17939, None),
    "wbinvd": (600, 200, 5203, None, None),
    "cr4-pge-twice": (None, None, 21115, 6964, None),
    "cr0-wp-twice": (None, None, 12939, 8997, None),
    "x2apic-tpr-read": (600, 200, 5365, 3463, None),
    "x2apic-eoi": (600, 200, 5478, None, 1632),
    "x2apic-self-ipi": (None, 700, 12239, 9405, 5474),
    "timer-past": (None, None, None, 10888, 5176),
}
CONFIG = """create bench vcpus=1 memory=32M kernel=bench cmdline="testdev=on rounds={rounds}"
start bench
"""
BEDS = {
    "qemu": (beds.QemuBed, {"cpus": 1, "icount": True}, 1000, 0),
    "ryzen": (beds.BochsBed, {"model": "ryzen"}, 200, 1),
    "skylake": (beds.BochsBed, {"model": "corei7_skylake_x"}, 200, 1),
}
LINE = re.compile(r"^bench (\S+) (\d+)\r*$", re.MULTILINE)


def measure(name, build):
    """The guest's figures, and the bytes of kernel objects of its partition without page tables."""
    bed_class, options, rounds, _ = BEDS[name]
    iso = isos.get(build, CONFIG.format(rounds=rounds), {"bench": os.path.join(build, "tiny", "bench.elf")})
    bed = bed_class(iso, f"bench-{name}", os.path.join(build, "logs"), deadline=280, **options)
    try:
        bed.expect_prompt(200)
        bed.expect(r"\[bench stopped", 200)
        bed.send("\r")
        bed.expect_prompt()
        bed.send("console bench\r")
        bed.expect("done \\d+ failed 0", 60)
        bed.send("\x1d")
        bed.expect_prompt()
        show = bed.command("show bench")
        text = bed.serial.all
    finally:
        bed.stop()
    figures = {key: int(value) for key, value in LINE.findall(text)}
    objects = re.search(r"objects +(\d+) KiB.*page tables (\d+) KiB", "\n".join(show))
    figures["idle KiB"] = int(objects.group(1)) - int(objects.group(2))
    return figures


def table(results):
    """(Markdown lines, names over their limit)"""
    head = [f"{bed} (limit)" for bed in results]
    lines = ["| operation | " + " | ".join(head) + " | Xen SVM | KVM SVM | KVM VMX |",
             "|---|" + "---:|" * (len(results) + 3)]
    over = []
    for row, (no_rip, rip, *peers) in ROWS.items():
        cells = []
        for bed, figures in results.items():
            limit = rip if BEDS[bed][3] else no_rip
            value = figures.get(row)
            cells.append("–" if value is None else f"{value}" + (f" ({limit})" if limit else ""))
            if value is not None and limit and value > limit:
                over.append(f"{row} on {bed}: {value} > {limit}")
        cells += ["–" if peer is None else str(peer) for peer in peers]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    for bed, figures in results.items():
        lines.append("")
        lines.append(f"{bed}: from `start` to the guest's first instruction "
                     f"{figures.get('first-instruction')} ticks; an idle partition takes "
                     f"{figures['idle KiB']} KiB of kernel objects besides page tables and console ring.")
    return lines, over


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=os.environ.get("BUILD", "build"))
    parser.add_argument("--bed", action="append", choices=list(BEDS))
    parser.add_argument("--write", metavar="FILE")
    options = parser.parse_args()
    chosen = options.bed or list(BEDS)
    results = {bed: measure(bed, options.build) for bed in chosen}
    lines, over = table(results)
    print("\n".join(lines))
    if options.write:
        with open(options.write, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    for line in over:
        print("over the limit: " + line, file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
