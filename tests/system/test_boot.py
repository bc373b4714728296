# SPDX-License-Identifier: BSD-2-Clause
"""Freehold comes up on every bed with an empty configuration, and its console answers."""
import beds
import pytest

BEDS = {
    "qemu-bios": (beds.QemuBed, {"cpus": 2}),
    "qemu-uefi": (beds.QemuBed, {"cpus": 2, "firmware": "uefi"}),
    "qemu-one-cpu": (beds.QemuBed, {"cpus": 1, "icount": True}),
    "bochs-ryzen": (beds.BochsBed, {"model": "ryzen"}),
    "bochs-ryzen-2": (beds.BochsBed, {"model": "ryzen", "count": 2}),
}


@pytest.mark.parametrize("name", BEDS)
def test_prompt_and_help(boot, name):
    bed, options = BEDS[name]
    machine = boot(bed, config="# nothing to start\n", **options)
    machine.expect_prompt()
    answer = machine.command("help")
    assert any("create" in line for line in answer), answer
    answer = machine.command("no-such-command")
    assert answer[0].startswith("error: "), answer
