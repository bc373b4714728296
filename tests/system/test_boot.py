# SPDX-License-Identifier: BSD-2-Clause
"""Freehold comes up on every bed from one ISO with an empty configuration, and its console answers."""
import beds
import isos
import pytest

# The bed, and what has to be found there: the backend, the mode of the machine's local APICs, CPUs.
BEDS = {
    "qemu-bios": (beds.QemuBed, {"cpus": 2, "firmware": "bios"}, "SVM", "xAPIC", 2),
    "qemu-uefi": (beds.QemuBed, {"cpus": 2, "firmware": "uefi"}, "SVM", "xAPIC", 2),
    "qemu-one-cpu": (beds.QemuBed, {"cpus": 1, "icount": True}, "SVM", "xAPIC", 1),
    "bochs-ryzen": (beds.BochsBed, {"model": "ryzen"}, "SVM", "xAPIC", 1),
    "bochs-ryzen-2": (beds.BochsBed, {"model": "ryzen", "count": 2}, "SVM", "xAPIC", 2),
    "bochs-skylake": (beds.BochsBed, {"model": "corei7_skylake_x"}, "VMX", "x2APIC", 1),
    "bochs-skylake-2": (beds.BochsBed, {"model": "corei7_skylake_x", "count": 2}, "VMX", "x2APIC", 2),
    "bochs-haswell": (beds.BochsBed, {"model": "corei7_haswell_4770"}, "VMX", "x2APIC", 1),
    "bochs-haswell-2": (beds.BochsBed, {"model": "corei7_haswell_4770", "count": 2}, "VMX", "x2APIC", 2),
    "bochs-tigerlake": (beds.BochsBed, {"model": "tigerlake"}, "VMX", "x2APIC", 1),
}
CONFIG = "# nothing to start\n"


@pytest.mark.parametrize("name", BEDS)
def test_prompt_and_help(boot, build, name):
    bed, options, backend, apic, cpus = BEDS[name]
    machine = boot.start(bed, isos.get(build, CONFIG), **options)
    machine.expect_prompt()
    answer = machine.command("help")
    assert any("create" in line for line in answer), answer
    answer = machine.command("no-such-command")
    assert answer[0].startswith("error: "), answer
    answer = machine.command("host")
    assert ["backend", backend] in [line.split() for line in answer], answer
    assert len([line for line in answer if line.startswith("cpu ")]) == cpus, answer
    answer = machine.command("log")
    assert any(f"apic: {apic}," in line for line in answer), answer
