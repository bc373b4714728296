#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Judges a coverage record of lcov: lines and branches of each room by their bounds, and each source that no
unit test is linked from by docs/coverage.md, which must name it with a reason.

Usage: coverage.py FILE.info OBJECTS [ROOM]. With ROOM, what is not covered in its files is listed, too."""
import collections
import glob
import os
import re
import sys

PAGE = "docs/coverage.md"
# Percent of lines and of branches. What parses a guest's or an operator's bytes is held to more.
BOUNDS = {"vmm": (95, 90), "console": (95, 90), "kernel": (90, 0), "arch": (90, 0), "drivers": (90, 0),
          "boot": (90, 0), "lib": (90, 0)}


class File:
    def __init__(self):
        self.lines, self.branches = collections.Counter(), collections.Counter()

    def missed(self):
        """{line: what was never there}"""
        lines = {number: "the line" for number, count in self.lines.items() if not count}
        for (number, _, _), count in self.branches.items():
            if not count:
                lines.setdefault(number, "a branch")
        return lines


def read(path):
    """{file: File}. The same header is in many records: they are added up."""
    files = collections.defaultdict(File)
    for line in open(path, encoding="utf-8"):
        key, _, value = line.strip().partition(":")
        if key == "SF":
            file = files[os.path.relpath(value)]
        elif key == "DA":
            number, count = value.split(",")[:2]
            file.lines[int(number)] += int(count)
        elif key == "BRDA":
            number, block, branch, count = value.split(",")
            file.branches[int(number), block, branch] += 0 if count == "-" else int(count)
    return files


def percent(counters):
    """Of all counters in the list: (percent that are not 0, how many there are)."""
    counts = [count for counter in counters for count in counter.values()]
    return 100 * sum(map(bool, counts)) / len(counts) if counts else 100, len(counts)


def judge(room, files, bounds):
    """The complaints about a room."""
    mine = [file for path, file in files.items() if path.startswith(room + "/")]
    complaints = []
    answers = []
    for what, counters, bound in (("lines", [file.lines for file in mine], bounds[0]),
                                  ("branches", [file.branches for file in mine], bounds[1])):
        share, count = percent(counters)
        answers.append(f"{share:5.1f} % of {count} {what}" + (f" (at least {bound})" if bound else ""))
        if share < bound:
            complaints.append(f"{room}/: {share:.1f} % of the {what} are covered, not {bound}")
    print(f"  {room:8} {', '.join(answers)}")
    return complaints


def unlinked(files, objects):
    """Sources that no test runs: nothing was recorded of them, and a table without code has no object."""
    sources = (path for room in BOUNDS for path in glob.glob(room + "/**/*.c", recursive=True))
    return sorted(path for path in sources
                  if path not in files and not os.path.exists(f"{objects}/{path}.o"))


def check_page(paths):
    """The page names just these. A name is a path in back quotes; `folder/{a,b}.c` is two."""
    named = set()
    table = open(PAGE, encoding="utf-8").read().partition("\n## Not")[2]
    for name in re.findall(r"`([^`]*\.c)`", "\n".join(re.findall(r"^\|([^|]*)\|", table, re.MULTILINE))):
        head, brace, rest = name.partition("{")
        middle, _, tail = rest.partition("}")
        named |= {head + part + tail for part in middle.split(",")} if brace else {name}
    return [f"{path} is linked into no unit test, and {PAGE} does not say why" for path in paths
            if path not in named] + \
        [f"{PAGE} names {path}, which a unit test is linked from" for path in sorted(named - set(paths))]


def main():
    files, objects = read(sys.argv[1]), sys.argv[2]
    complaints = [text for room, bounds in BOUNDS.items() for text in judge(room, files, bounds)]
    complaints += check_page(unlinked(files, objects))
    for room in sys.argv[3:]:
        for path in sorted(path for path in files if path.startswith(room)):
            for number, what in sorted(files[path].missed().items()):
                print(f"{path}:{number}: {what}")
    print("\n".join(complaints) or "coverage: within its bounds")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
