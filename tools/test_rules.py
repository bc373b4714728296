#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Prints make rules for the host tests: what each test or fuzz harness is linked from.

A harness names its project sources, and libraries if it needs any, in comments near its top:
/* sources: lib/foo.c vmm/dev/[a-z]*.c */ and /* libs: -lZydis */. Usage: test_rules.py KIND FILE...
where KIND says under which folder of the build the objects and the programs go.
"""
import glob
import os
import re
import sys


def named(text, key):
    """The words of all comments `/* key: ... */`, which may run over several lines."""
    found = re.findall(r"/\*\s*" + key + r":(.*?)\*/", text, re.DOTALL)
    return [word for body in found for word in body.replace("\n *", " ").split()]


def rules(kind, path):
    with open(path, encoding="utf-8") as source:
        text = source.read(8000)
    sources = []
    for name in named(text, "sources"):
        found = sorted(glob.glob(name))
        if not found:
            print(f"{path}: no source {name}", file=sys.stderr)
        sources += found or [name]
    program = f"$(BUILD)/{kind}/{os.path.splitext(os.path.basename(path))[0]}"
    objects = " ".join(f"$(BUILD)/obj/{kind}/{name}.o" for name in [path] + sources)
    return [f"{program}: {objects}", f"{program}: LIBS := {' '.join(named(text, 'libs'))}",
            f"{kind.upper()}_PROGRAMS += {program}",
            f"-include {objects.replace('.c.o', '.c.d')}"]


def main():
    for path in sorted(sys.argv[2:]):
        print("\n".join(rules(sys.argv[1], path)))


if __name__ == "__main__":
    main()
