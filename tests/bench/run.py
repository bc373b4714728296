#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The figures of docs/performance.md: exits, the machine's own work, Linux.

Prints a table for each part, with the limits that we set ourselves and what Xen and KVM take on the same
beds, and ends with 1 if a limit is exceeded. --write FILE also writes the tables as Markdown.
"""
import argparse
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", "system"), os.path.join(ROOT, "tools")]

# pylint: disable=wrong-import-position
import beds  # noqa: E402
import exit_cost  # noqa: E402
import linux_cost  # noqa: E402
import machine_cost  # noqa: E402
import native_share  # noqa: E402

BEDS = {
    "qemu": (beds.QemuBed, {"cpus": 1, "icount": True}),
    "ryzen": (beds.BochsBed, {"model": "ryzen"}),
    "skylake": (beds.BochsBed, {"model": "corei7_skylake_x"}),
}


def measure_beds(part, build, names):
    return part.table({name: part.measure(name, *BEDS[name], build) for name in names})


def measure_linux(build, on_bochs):
    rows = [row for row, (_, model, _) in linux_cost.ROWS.items() if (model is not None) == on_bochs]
    return linux_cost.table(linux_cost.measure(build, rows))


# title, and what gives (Markdown lines, what is over its limit)
PARTS = {
    "exits": ("Exits, ticks a round trip",
              lambda options: measure_beds(exit_cost, options.build, options.bed or BEDS)),
    "machine": ("The machine, ticks",
                lambda options: measure_beds(machine_cost, options.build, options.bed or BEDS)),
    "linux": ("Linux, from its entry to its first process",
              lambda options: measure_linux(options.build, on_bochs=False)),
    "native": ("Instructions that the processor executes by itself",
               lambda options: native_share.table(native_share.measure(options.build))),
    "linux-bochs": ("Linux on Bochs, from its entry to its first process",
                    lambda options: measure_linux(options.build, on_bochs=True)),
}
DEFAULT_PARTS = ("exits", "machine", "linux")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=os.environ.get("BUILD", "build"))
    parser.add_argument("--part", action="append", choices=list(PARTS),
                        help=f"may be repeated; {', '.join(DEFAULT_PARTS)}")
    parser.add_argument("--bed", action="append", choices=list(BEDS),
                        help="for exits and machine; may be repeated; all")
    parser.add_argument("--write", metavar="FILE")
    options = parser.parse_args()
    text, over = [], []
    for part in options.part or DEFAULT_PARTS:
        title, run = PARTS[part]
        lines, exceeded = run(options)
        text += [f"### {title}", "", *lines, ""]
        over += exceeded
        print("\n".join([f"### {title}", "", *lines, ""]), flush=True)
    if options.write:
        with open(options.write, "w", encoding="utf-8") as file:
            file.write("\n".join(text))
    for line in over:
        print("over the limit: " + line, file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
