# SPDX-License-Identifier: BSD-2-Clause
"""Transcripts of tests/guests/transcript.c: what the beds print, and what they should.

transcript/golden.txt has a line for each case, `what was done -> what happened`: what the manuals say, and of
what they leave to the vendor, AMD's. transcript/BED.txt has the lines that are different there, in sections.
Each begins with a reason:

    # architected: the manuals say so of this vendor or this CPUID, and where
    # emulator: a bug of the emulator; the proof: without Freehold, it prints the same line
    # guest mode: a bug of the emulator's virtualization; the reason names the code
    # freehold: a limit of ours

A line of such a section may stand for all that begin alike: `v86 VME* -> not tried`.
"""
import os
import re

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "transcript")
KINDS = ("architected", "emulator", "guest mode", "freehold")
LINE = re.compile(r"^(?P<key>\w+ .*?) -> (?P<outcome>.*)$")


class Difference:
    def __init__(self, outcome, kind, why):
        self.outcome = outcome
        self.kind = kind
        self.why = why


def parse(text):
    """{key: outcome} of what a guest printed, or of golden.txt."""
    lines = {}
    for line in text.split("\n"):
        match = LINE.match(line)
        if match:
            assert match["key"] not in lines, f"twice: {line}"
            lines[match["key"]] = match["outcome"]
    return lines


def read(name):
    with open(os.path.join(FOLDER, name + ".txt"), encoding="ascii") as file:
        return file.read()


def golden():
    return parse(read("golden"))


def named(key):
    """The keys of golden.txt that a line of a bed's means."""
    if not key.endswith("*"):
        return [key]
    keys = [name for name in golden() if name.startswith(key[:-1])]
    assert keys, f"nothing begins with {key}"
    return keys


def differences(bed):
    """{key: Difference} of a bed."""
    found = {}
    for section in read(bed).strip().split("\n\n"):
        lines = section.split("\n")
        reason = " ".join(line[2:] for line in lines if line.startswith("# "))
        kind, colon, why = reason.partition(": ")
        assert colon and kind in KINDS and why, f"{bed}: a section without a reason: {lines[0]}"
        for key, outcome in parse("\n".join(line for line in lines if not line.startswith("#"))).items():
            for name in named(key):
                assert name not in found, f"{bed}: twice: {name}"
                found[name] = Difference(outcome, kind, why)
    return found


def compare(bed, printed):
    """What is not as golden.txt and the bed's differences say, one line for each."""
    wanted, known = golden(), differences(bed)
    for key in sorted(known.keys() - wanted.keys()):
        yield f"{bed}.txt has a line that golden.txt has not: {key}"
    for key, outcome in wanted.items():
        difference = known.get(key)
        expected = difference.outcome if difference else outcome
        if difference and expected == outcome:
            yield f"{bed}.txt has a line that is no difference: {key}"
        elif key not in printed:
            yield f"not printed: {key} -> {expected}"
        elif difference and printed[key] == outcome:
            yield f"a difference is gone ({difference.kind}): {key} -> {outcome}, no longer {expected}"
        elif printed[key] != expected:
            yield f"{key} -> {printed[key]}, not {expected}"
    for key in printed.keys() - wanted.keys():
        yield f"new: {key} -> {printed[key]}"


def unproven(bed, bare):
    """Differences said to be the emulator's own that the bare emulator does not show."""
    for key, difference in differences(bed).items():
        if difference.kind == "emulator" and bare.get(key) != difference.outcome:
            yield f"{key} -> {bare.get(key)} without Freehold, not {difference.outcome}"
