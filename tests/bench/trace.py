# SPDX-License-Identifier: BSD-2-Clause
"""Where an exit's instructions go: one round trip of the bench guest on QEMU, by function.

    make trace OF=port-device

OF is a row of `make bench`. QEMU runs one instruction at a time and logs each, for a moment, while the guest
does nothing but that operation; the shortest round is shown, in order and summed up. Kernel functions have
a k:, the VMM's a v:. QEMU reports no instruction lengths: on processors that do, EXIT_LENGTH's part is gone.
"""
import argparse
import bisect
import collections
import itertools
import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", "system"), os.path.join(ROOT, "tools")]

import beds  # noqa: E402  pylint: disable=wrong-import-position
import isos  # noqa: E402  pylint: disable=wrong-import-position

CONFIG = """create bench vcpus=1 memory=32M kernel=bench testdev=on cmdline="rounds=1000000000 only={row}"
start bench
"""
EXECUTED = re.compile(r"\[[0-9a-f]+/([0-9a-f]+)/")
SECONDS = 0.15


def log_of(row, build, folder):
    """The program counters of a moment, in order."""
    iso = isos.get(build, CONFIG.format(row=row), {"bench": os.path.join(build, "tiny", "bench.elf")})
    log = os.path.join(folder, "log")
    bed = beds.QemuBed(iso, "trace", os.path.join(build, "logs"), cpus=1, icount=True,
                       extra=["-singlestep", "-D", log])
    try:
        bed.expect_prompt(200)
        time.sleep(1)
        bed.hmp("log exec,nochain")
        time.sleep(SECONDS)
        bed.hmp("log none")
    finally:
        bed.stop()
    with open(log, encoding="ascii", errors="replace") as lines:
        return [int(match.group(1), 16) for match in map(EXECUTED.search, lines) if match]


class Symbols:
    def __init__(self, path):
        listing = subprocess.run(["nm", "-n", path], check=True, capture_output=True, text=True).stdout
        rows = [line.split() for line in listing.splitlines()]
        functions = [(int(row[0], 16), row[2]) for row in rows if len(row) == 3 and row[1] in "tTwW"]
        self.addresses, self.names = zip(*functions)

    def name(self, address):
        at = bisect.bisect(self.addresses, address) - 1
        return self.names[at] if at >= 0 and address < self.addresses[-1] + 4096 else None


def name_all(counters, build):
    kernel = Symbols(os.path.join(build, "freehold.elf"))
    vmm = Symbols(os.path.join(build, "vmm.elf"))
    for counter in counters:
        if counter >> 63:
            yield "k:" + (kernel.name(counter) or "?")
        else:
            name = vmm.name(counter)
            yield "v:" + name if name else "guest"


def shortest_round(counters, names):
    """The names from one arrival at the guest's most frequent entry to the next."""
    arrivals = [i for i in range(1, len(names)) if names[i] == "guest" != names[i - 1]]
    if not arrivals:
        sys.exit("trace: the guest did not come back from an exit")
    place, _ = collections.Counter(counters[i] for i in arrivals).most_common(1)[0]
    arrivals = [i for i in arrivals if counters[i] == place]
    rounds = [(b - a, a) for a, b in zip(arrivals, arrivals[1:])]
    if not rounds:
        sys.exit("trace: too few rounds in the log")
    length, start = min(rounds)
    return names[start:start + length]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("row")
    parser.add_argument("--build", default=os.environ.get("BUILD", "build"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trace-") as folder:
        counters = log_of(options.row, options.build, folder)
    names = shortest_round(counters, list(name_all(counters, options.build)))
    for name, run in itertools.groupby(names):
        print(f"{len(list(run)):6} {name}")
    print(f"{len(names)} instructions:")
    for name, count in collections.Counter(names).most_common():
        print(f"{count:6} {name}")


if __name__ == "__main__":
    main()
