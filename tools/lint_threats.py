#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Fails unless tests/threats.md says of every attack of the threat model which test shows that it fails.

A row's last column is a list of tests, `path::name` separated by commas, each of which must exist, or
`not yet:` with a reason.
"""
import os
import re
import sys

TABLE = "tests/threats.md"
# How many numbers each chapter of the threat model has: 185 in all.
CHAPTERS = {"A": 24, "B": 18, "C": 12, "D": 20, "E": 18, "F": 12, "G": 14, "H": 7, "I": 10, "J": 8,
            "K": 10, "L": 12, "M": 12, "N": 8}
IDS = [f"{chapter}{number:02}" for chapter, count in CHAPTERS.items()
       for number in range(1, count + 1)]
ROW = re.compile(r"^\| ([A-Z]\d\d) \|(.*)\|\s*$")


def check_test(word):
    """What is wrong with one `path::name`, or None."""
    path, _, name = word.strip().strip("`").partition("::")
    if not os.path.isfile(path):
        return f"no file {path}"
    if not name:
        # A fuzz harness is one test; any other file holds several.
        return None if path.startswith("tests/fuzz/") else f"which test of {path}?"
    with open(path, encoding="utf-8") as file:
        if not re.search(r"\b" + re.escape(name) + r"\b", file.read()):
            return f"no {name} in {path}"
    return None


def check_row(number, cell):
    if cell.startswith("not yet:"):
        if not cell.removeprefix("not yet:").strip():
            yield f"{number}: not yet, but why?"
        return
    for word in cell.split(","):
        why = check_test(word)
        if why:
            yield f"{number}: {why}"


def main():
    problems, seen, tested = [], [], 0
    with open(TABLE, encoding="utf-8") as table:
        for line in table:
            match = ROW.match(line)
            if match:
                cell = match.group(2).split("|")[-1].strip()
                seen.append(match.group(1))
                problems += check_row(match.group(1), cell)
                tested += not cell.startswith("not yet:")
    problems += [f"{number}: missing" for number in IDS if number not in seen]
    problems += [f"{number}: unknown" for number in seen if number not in IDS]
    problems += [f"{number}: twice" for number in sorted(set(seen)) if seen.count(number) > 1]
    if problems:
        sys.exit("\n".join(f"{TABLE}: {text}" for text in problems))
    print(f"threats: {tested} of {len(IDS)} have a test")


if __name__ == "__main__":
    main()
