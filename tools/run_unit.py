#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs unit-test programs (cmocka) and replays fuzz corpora, several at a time, and adds up.

Usage: run_unit.py PROGRAM... A program fuzz_NAME gets the files of tests/fuzz/corpus/NAME or
tests/fuzz/corpus/fuzz_NAME; each file counts as a test. The output of what fails is shown whole.
"""
import concurrent.futures
import glob
import os
import re
import subprocess
import sys

# With FREEHOLD_LONG the random tests play up to a hundred times as long.
TIMEOUT_S = 3600 if os.environ.get("FREEHOLD_LONG") else 300


def corpus(program):
    name = os.path.basename(program)
    folders = ["tests/fuzz/corpus/" + name, "tests/fuzz/corpus/" + name.removeprefix("fuzz_")]
    return sorted(path for folder in folders for path in glob.glob(folder + "/*"))


def counts(program, seeds, text, code):
    """(passed, failed) of one run. A program that tells of no test has failed."""
    if seeds:
        return (len(seeds), 0) if code == 0 else (0, 1)
    passed = sum(map(int, re.findall(r"\[  PASSED  \] (\d+) test", text)))
    failed = sum(map(int, re.findall(r"\[  FAILED  \] (\d+) test", text)))
    if failed == 0 and (code != 0 or passed == 0):
        failed = 1
    return passed, failed


def run(program):
    is_fuzz = os.path.basename(program).startswith("fuzz_")
    seeds = corpus(program) if is_fuzz else []
    if is_fuzz and not seeds:
        return program, 0, 1, "no corpus in tests/fuzz/corpus/\n"
    try:
        done = subprocess.run([program] + seeds, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT_S, check=False)
        text, code = done.stdout.decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        text, code = (late.stdout or b"").decode(errors="replace"), "timeout"
    passed, failed = counts(program, seeds, text, code)
    return program, passed, failed, f"{text}\n(ended with {code})\n"


def run_all(programs):
    """Runs them, prints a line each, returns (passed, failed)."""
    total_passed = total_failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for program, passed, failed, text in pool.map(run, programs):
            total_passed += passed
            total_failed += failed
            print(f"  {'FAIL' if failed else 'ok':4} {program}: {passed} passed, {failed} failed")
            if failed:
                print(text)
            sys.stdout.flush()
    return total_passed, total_failed


def main():
    passed, failed = run_all(sys.argv[1:])
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
