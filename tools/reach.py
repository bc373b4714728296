#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tells how much of the sources that harnesses are linked from their corpora reach: a harness that finds
nothing may be one that gets nowhere. Usage: reach.py FILE.info, a record of lcov."""
import sys

import coverage


def main():
    files = coverage.read(sys.argv[1])
    print(f"{'LINES':>7} {'BRANCHES':>9}  SOURCE")
    for path, file in sorted(files.items()):
        lines, branches = coverage.percent([file.lines])[0], coverage.percent([file.branches])[0]
        print(f"{lines:5.1f} % {branches:7.1f} %  {path}")
    lines, count = coverage.percent([file.lines for file in files.values()])
    branches, branch_count = coverage.percent([file.branches for file in files.values()])
    print(f"{lines:5.1f} % {branches:7.1f} %  of {count:,} lines and {branch_count:,} branches")


if __name__ == "__main__":
    main()
