# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures of the system tests: `boot` starts beds and takes them down, with the logs kept."""
import os
import re
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [ROOT, os.path.join(ROOT, "tools"), os.path.dirname(os.path.abspath(__file__))]

import arena  # pylint: disable=wrong-import-position
import beds  # pylint: disable=wrong-import-position
import isos  # pylint: disable=wrong-import-position

BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
LOGS = os.path.join(BUILD, "logs")
GUESTS = os.path.join(BUILD, "guests")

# What the kernel gives up with; no test may see it unasked. Linux writes "Kernel panic".
PANIC = re.compile(r"^.*\bfreehold: panic\b.*$", re.MULTILINE)


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="run the slow tests, too")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes; only `make test-long` runs it")


def pytest_collection_modifyitems(config, items):
    """The slow ones are left out, not skipped: what `make test` says is what `make test` ran."""
    if config.getoption("--long"):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    for bed in getattr(item, "beds", []):
        if report.failed and os.path.exists(bed.serial_log):
            with open(bed.serial_log, encoding="utf-8", errors="replace") as log:
                tail = "".join(log.readlines()[-40:])
            report.sections.append((f"serial log: {os.path.relpath(bed.serial_log, ROOT)}", tail))
    for failed in getattr(item, "arenas", []) if report.failed else []:
        if not failed.broken:
            report.sections.append((f"where {failed.name} is", failed.where()))
        failed.broken = True


class Booter:
    """Starts beds for one test."""

    def __init__(self, item):
        self.item = item
        item.beds = []
        self.panic_expected = False
        self.problems_expected = False

    def name(self):
        base = re.sub(r"[^A-Za-z0-9_.-]+", "-", self.item.nodeid.split("/")[-1]).strip("-")
        return f"{base}.{len(self.item.beds)}" if self.item.beds else base

    def __call__(self, bed=beds.QemuBed, *, config="", images=None, kernel="freehold.elf",
                 cmdline="", **options):
        """Boots an ISO with that configuration text; options are the bed's own."""
        iso = isos.get(BUILD, config, images, kernel, cmdline)
        return self.start(bed, iso, **options)

    def start(self, bed, iso, **options):
        started = bed(iso, self.name(), LOGS, **options)
        self.item.beds.append(started)
        return started

    def finish(self):
        for bed in self.item.beds:
            bed.stop()
        for bed in self.item.beds:
            panic = PANIC.search(bed.serial.all)
            assert self.panic_expected or not panic, f"{panic.group(0)} ({bed.serial_log})"
            problems = bed.problems()
            assert self.problems_expected or not problems, "\n".join(problems[:20])


@pytest.fixture
def boot(request):
    booter = Booter(request.node)
    yield booter
    booter.finish()


@pytest.fixture(scope="session")
def linux_images():
    """Images of the small Linux guest, by the names that guests/freehold.conf uses."""
    return {"cloud-kernel": os.path.join(GUESTS, "cloud", "vmlinuz"),
            "cloud-initrd": os.path.join(GUESTS, "initrd-cloud.gz")}


@pytest.fixture(scope="session")
def build():
    return BUILD


@pytest.fixture(scope="session")
def arenas(build):
    """The arenas that this process has booted, by bed and kernel."""
    running = {}
    yield running
    for running_arena in running.values():
        running_arena.stop()


@pytest.fixture
def arena_of(request, arenas, build):
    """arena_of("qemu"): the arena on that bed, booted once. The tests of one belong into one xdist group.
    Between the tests that use it, it stands still."""
    request.node.beds, request.node.arenas = [], []
    used = set()

    def get(name, kernel="freehold.elf", **options):
        key = (name, kernel, *sorted(options.items()))
        if key in arenas and arenas[key].broken:
            arenas.pop(key).stop()
        if key not in arenas:
            arenas[key] = arena.Arena(name, build, LOGS, kernel=kernel, **options)
        elif key not in used:
            arenas[key].bed.thaw()
        used.add(key)
        request.node.beds.append(arenas[key].bed)
        request.node.arenas.append(arenas[key])
        return arenas[key]
    yield get
    for key in used:
        arenas[key].bed.freeze()
