# SPDX-License-Identifier: BSD-2-Clause
"""Debian's kernels with one CPU and several: every CPU computes and hears IPIs, CPUs go off- and online
under load, and the kernel has nothing to complain about."""
import os
import re

import pytest
from conftest import GUESTS
from linux_guest import Guest, partitions

import beds

HOTPLUG_ROUNDS = 20
CLOCKSOURCES = "/sys/devices/system/clocksource/clocksource0"

# What Linux says with level "warning" or worse, and why that is right. What is not named here is a bug
# of ours until somebody has found out.
LOUD = {
    r"Speculative Return Stack Overflow: (IBPB-extending microcode not applied!|WARNING: See .*)":
        "QEMU's EPYC is an early Zen, and the speculation controls are hidden: their MSRs are not there",
    r"Speculative Return Stack Overflow: WARNING: kernel not compiled with CPU_SRSO\.":
        "32-bit kernels are not",
    r"hrtimer: interrupt took \d{1,9} ns":  # below a second
        "an emulated CPU stands still when the machine below has others to serve",
    r"sched: RT throttling activated":
        "and to a real-time thread that it stands still under, that is time spent",
    r"RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed attacks, .*":
        "a Skylake is, without IBRS, which is a speculation control",
}


def config(cpus, cmdline="", memory="256M"):
    return (f"create linux {cpus} memory={memory} kernel=kernel initrd=initrd "
            f'cmdline="console=ttyS0 quiet hostname=linux {cmdline}"\nstart linux\n')


def images(kernel):
    return {"kernel": os.path.join(GUESTS, kernel, "vmlinuz"),
            "initrd": os.path.join(GUESTS, f"initrd-{kernel}.gz")}


def interrupts(guest, timeout):
    """{name: [count of each CPU]} of /proc/interrupts."""
    rows = [line.split() for line in guest.run("cat /proc/interrupts", timeout)[1:]]
    return {row[0].rstrip(":"): [int(word) for word in row[1:] if word.isdigit()] for row in rows}


def check_interrupts(guest, count, timeout):
    """Each CPU has a timer; each is sent IPIs, fixed ones of two vectors. None was bad."""
    table = interrupts(guest, timeout)
    assert len(table["LOC"]) == count and all(table["LOC"]), table
    assert count == 1 or all(table["CAL"]) and all(table["RES"]), table
    assert table["ERR"] == table["MIS"] == [0], table
    assert not any(table["SPU"]), table


def check_log(guest, timeout):
    lines = guest.run("dmesg -r | grep '^<[0-4]>'", timeout)
    said = [re.sub(r"^<\d>\[[ .\d]*\] ", "", line) for line in lines]
    unexplained = [line for line in said if not any(re.fullmatch(known, line) for known in LOUD)]
    assert not unexplained, unexplained


def check_each_cpu(guest, count, timeout):
    """A job that is tied to a CPU computes there. Field 39 of stat is the CPU."""
    for cpu in range(count):
        job = ("i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); done; "
               "cut -d' ' -f39 /proc/self/stat; echo $i")
        assert guest.run(f'taskset {1 << cpu:x} sh -c "{job}"'.replace("$", r"\$"), timeout) == \
            [str(cpu), "3000"]


def check_hotplug(guest, count, rounds, timeout):
    """All but the first go and come, while as many jobs as there are CPUs compute and write."""
    for _ in range(count):
        guest.start("while :; do cat /proc/interrupts >/dev/null; done")
    switch = ("for cpu in $(seq {last}); do "
              "echo {to} >/sys/devices/system/cpu/cpu$cpu/online || echo failed; done; nproc; ")
    command = switch.format(last=count - 1, to=0) + switch.format(last=count - 1, to=1)
    answer = guest.run(f"for round in $(seq {rounds}); do {command} done", timeout)
    assert answer == ["1", str(count)] * rounds


def check_smp(machine, count, rounds=HOTPLUG_ROUNDS, timeout=120):
    machine.expect_prompt(timeout)
    guest = Guest(machine, "linux")
    guest.wait_shell(timeout)
    assert guest.run("nproc", timeout) == [str(count)]
    if count > 1:
        check_hotplug(guest, count, rounds, timeout)
    check_each_cpu(guest, count, timeout)
    check_interrupts(guest, count, timeout)
    assert guest.run(f"cat {CLOCKSOURCES}/current_clocksource", timeout) == ["tsc"]
    check_log(guest, timeout)
    guest.detach()
    answer = machine.command("stop linux", timeout)
    assert not any("force" in line for line in answer), answer
    assert partitions(machine) == {"linux": "stopped"}


# With on=0-1, four vCPUs share two CPUs with each other and the console. On CPU 0 QEMU is to be trusted
# with one thread only.
OWN, SHARED = "cpus={}", "vcpus={} on=0-1"
SHORT = {("cloud", 4, OWN), ("amd64", 4, SHARED), ("rt", 2, SHARED)}


@pytest.mark.parametrize("kernel, count, cpus", [
    pytest.param(kernel, count, cpus, marks=[] if (kernel, count, cpus) in SHORT else [pytest.mark.long])
    for kernel in ("cloud", "amd64", "rt") for count in (1, 2, 4) for cpus in (OWN, SHARED)])
def test_smp(boot, kernel, count, cpus):
    check_smp(boot(config=config(cpus.format(count)), images=images(kernel), cpus=5, mem="1G",
                   thread="single" if cpus == SHARED else "multi"), count)


# Debian's 686 has no PAE, and knows several CPUs all the same.
@pytest.mark.parametrize("kernel, count", [
    ("686", 1), ("686-pae", 2),
    pytest.param("686", 2, marks=pytest.mark.long), pytest.param("686-pae", 1, marks=pytest.mark.long)])
def test_32_bit(boot, kernel, count):
    machine = boot(config=config(OWN.format(count)), images=images(kernel), cpus=3, mem="1G")
    check_smp(machine, count, rounds=5)


def test_on_the_8259(boot):
    """Without ACPI's tables, its local APIC, or both: LINT0 stays as the firmware left it."""
    options = {"acpi": "acpi=off", "lapic": "nolapic", "both": "acpi=off nolapic"}
    text = "".join(config("vcpus=1", words, "128M").replace("linux", name)
                   for name, words in options.items())
    machine = boot(config=text, images=images("cloud"), cpus=4, mem="1G")
    machine.expect_prompt(120)
    for name in options:
        guest = Guest(machine, name)
        guest.wait_shell(120)
        timer = interrupts(guest, 60)["0"]
        assert sum(timer) > 0, (name, timer)
        guest.detach()


def test_smp_on_vmx(boot):
    machine = boot(beds.BochsBed, config=config(SHARED.format(2)), images=images("cloud"),
                   model="corei7_skylake_x", count=2, mem=768, deadline=3000)
    check_smp(machine, 2, rounds=3, timeout=1500)
