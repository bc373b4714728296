# SPDX-License-Identifier: BSD-2-Clause
"""Popek and Goldberg's equivalence: each sensitive instruction has rows in the transcript at each CPL, whose
effects and faults test_transcript.py compares with the manuals and with the bare emulator."""
import os
import re

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "transcript")


def lines_of(name):
    with open(os.path.join(FOLDER, name), encoding="ascii") as file:
        return [line.rstrip("\n") for line in file if not line.startswith("#")]


def test_every_sensitive_instruction_has_rows():
    rows = [line for line in lines_of("golden.txt") if " -> " in line]
    missing = []
    for line in lines_of("sensitive.txt"):
        _, cpls, pattern = line.split(" ", 2)
        for cpl in cpls:
            if not any(re.search(rf"(?<![a-z])(?:{pattern}).*@{cpl} ->", row) for row in rows):
                missing.append(f"{pattern} at CPL {cpl}")
    assert not missing, missing
