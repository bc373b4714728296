# SPDX-License-Identifier: BSD-2-Clause
"""Popek and Goldberg's equivalence: each sensitive instruction has rows in the transcript at each CPL, in
real mode and in virtual-8086 mode, whose effects and faults test_transcript.py compares with the manuals and
with the bare emulator."""
import os
import re

MODES = {"0": "0", "3": "3", "r": "real", "v": "v86"}  # as sensitive.txt has them, and golden.txt
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "transcript")


def lines_of(name):
    with open(os.path.join(FOLDER, name), encoding="ascii") as file:
        return [line.rstrip("\n") for line in file if not line.startswith("#")]


def test_every_sensitive_instruction_has_rows():
    rows = [line for line in lines_of("golden.txt") if " -> " in line]
    missing = []
    for line in lines_of("sensitive.txt"):
        _, modes, pattern = line.split(" ", 2)
        for mode in modes:
            if not any(re.search(rf"(?<![a-z])(?:{pattern}).*@{MODES[mode]} ->", row) for row in rows):
                missing.append(f"{pattern} @{MODES[mode]}")
    assert not missing, missing
