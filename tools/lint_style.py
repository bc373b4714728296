#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Fails on what the house style forbids and no formatter sees.

Every source file opens with its licence; a header has #pragma once; a .c file includes its own header
first and has no #if; a line has at most 110 columns. Lines above 100, where clang-format would have
broken code but not a comment, are counted, and files above 400 lines named: questions, not verdicts.
"""
import os
import re
import subprocess
import sys

SPDX = "SPDX-License-Identifier: BSD-2-Clause"
C_HEADER = f"/* {SPDX} */"
COLUMNS = 100
HARD_COLUMNS = 110
LONG_FILE = 400

# Texts for people, data, and what has no room for a comment.
NO_LICENCE = (".md", ".gitignore", "LICENSE", ".conf", ".txt", ".suppress", ".dict")
NO_LICENCE_FOLDERS = ("tests/fuzz/corpus/", "tests/bench/results/")


def project_files():
    """What git tracks or would track."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], check=True,
                            stdout=subprocess.PIPE, text=True)
    return [path for path in listed.stdout.splitlines() if os.path.isfile(path)]


def check_licence(path, lines):
    if path.endswith(NO_LICENCE) or path.startswith(NO_LICENCE_FOLDERS) or not lines:
        return
    if path.endswith((".c", ".h", ".S", ".ld")):
        if lines[0] != C_HEADER:
            yield f"{path}:1: the first line is not {C_HEADER}"
    elif not any(SPDX in line for line in lines[:2]):
        yield f"{path}:1: no {SPDX} in the first two lines"


def check_c(path, lines):
    text = "\n".join(lines)
    if path.endswith(".h") and "#pragma once" not in lines:
        yield f"{path}: no #pragma once"
    if not path.endswith(".c"):
        return
    for number, line in enumerate(lines, 1):
        if re.match(r"\s*#\s*(if|ifdef|ifndef|elif)\b", line):
            yield f"{path}:{number}: #if in a .c file; choose by table, const or linked file"
    own = path[:-1] + "h"
    includes = re.findall(r'^#include [<"]([^>"]+)', text, re.MULTILINE)
    if os.path.exists(own) and includes[:1] != [own]:
        yield f"{path}: its own header {own} is not included first"


def check_width(path, lines, wide):
    for number, line in enumerate(lines, 1):
        width = len(line.expandtabs(8))
        if width > HARD_COLUMNS:
            yield f"{path}:{number}: {width} columns"
        elif width > COLUMNS:
            wide.append(path)


def main():
    problems, wide = [], []
    for path in project_files():
        if path.startswith(NO_LICENCE_FOLDERS):
            continue
        try:
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines()
        except UnicodeDecodeError:
            continue
        problems += check_licence(path, lines)
        if path.endswith((".c", ".h", ".S", ".inc", ".py", ".ld")):
            problems += check_width(path, lines, wide)
        if path.endswith((".c", ".h")):
            problems += check_c(path, lines)
            if len(lines) > LONG_FILE:
                print(f"note: {path} has {len(lines)} lines")
    if wide:
        print(f"note: {len(wide)} lines of {len(set(wide))} files have more than {COLUMNS} columns")
    print("\n".join(problems) if problems else "style: kept")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
