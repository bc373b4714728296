#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs all suites, also after one failed, and closes with one line for the whole: N passed, N failed."""
import argparse
import shlex
import subprocess
import sys
import xml.etree.ElementTree

import run_unit


def run_system(command, report):
    """(passed, failed, skipped) of the system tests."""
    code = subprocess.call(shlex.split(command) + ["--junitxml", report])
    try:
        suite = xml.etree.ElementTree.parse(report).getroot().find("testsuite")
    except (OSError, xml.etree.ElementTree.ParseError):
        return 0, 1, 0
    failed = int(suite.get("failures")) + int(suite.get("errors"))
    skipped = int(suite.get("skipped"))
    passed = int(suite.get("tests")) - failed - skipped
    # A run that found no test, or was interrupted, reports no failure by itself.
    return passed, failed or (1 if code else 0), skipped


def run_lints(targets):
    """(passed, failed) of the lints, each a target of make."""
    # Open descriptors are passed on: two of them are make's own, by which its children share the CPUs.
    failed = [target for target in targets
              if subprocess.call(["make", "--no-print-directory", target], close_fds=False)]
    return len(targets) - len(failed), len(failed)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", required=True, help="unit tests and fuzz harnesses")
    parser.add_argument("--lints", required=True, help="make targets, each a test")
    parser.add_argument("--pytest", required=True, help="the command for the system tests")
    parser.add_argument("--report", required=True, help="where pytest's XML goes")
    options = parser.parse_args()
    lints = run_lints(options.lints.split())
    units = run_unit.run_all(options.programs.split())
    *system, skipped = run_system(options.pytest, options.report)
    passed, failed = (sum(counts) for counts in zip(lints, units, system))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
