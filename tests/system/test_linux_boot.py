# SPDX-License-Identifier: BSD-2-Clause
"""What a Linux boot costs in Freehold, beside the same kernel and initrd on the bare emulator; and that
both stock kernels come to their shells on the other beds."""
import os

import boot_cost
import pytest
from conftest import BUILD, GUESTS
from linux_guest import Guest, partitions

import beds

# What Freehold may cost, by the emulator's own count: see boot_cost.
COST_RATIO = 1.02
EXITS = 15_000


@pytest.fixture(scope="module")
def boot_images(linux_images, tmp_path_factory):  # pylint: disable=unused-argument
    return boot_cost.make_images(BUILD, tmp_path_factory.mktemp("boot"))


def check_cost(boot, images, model, cmdlines):
    bare = boot_cost.bare(boot.start, BUILD, images, model)
    for cmdline in cmdlines:
        ours, count = boot_cost.freehold(boot.start, BUILD, images, model, cmdline)
        print(f"{cmdline}: {ours} ticks, bare {bare}: {ours / bare:.3f}; "
              f"{sum(count.values())} exits: {count}")
        assert ours / bare <= COST_RATIO
        assert sum(count.values()) <= EXITS


def test_boot_costs_little(boot, boot_images):
    """A guest is told the rate of its APIC timer, which the bare kernel waits 0.1 s to measure: to be
    fair, it is to cost no more when it measures, too."""
    check_cost(boot, boot_images, None,
               [boot_cost.CMDLINE, boot_cost.CMDLINE + " lapic=notscdeadline"])


@pytest.mark.long
def test_boot_costs_little_on_vmx(boot, boot_images):
    check_cost(boot, boot_images, "corei7_skylake_x", [boot_cost.CMDLINE])


def come_to_shell(boot, bed=beds.QemuBed, kernel="cloud", timeout=60, **options):
    images = {"kernel": os.path.join(GUESTS, kernel, "vmlinuz"),
              "initrd": os.path.join(GUESTS, f"initrd-{kernel}.gz")}
    machine = boot(bed, images=images, config=boot_cost.CONFIG.format(
        cmdline="console=ttyS0 quiet hostname=linux"), **options)
    machine.expect_prompt()
    guest = Guest(machine, "linux")
    guest.wait_shell(timeout)
    assert guest.run("expr 6 '*' 7; uname -m", timeout) == ["42", "x86_64"]
    assert kernel != "amd64" or "cloud" not in guest.run("uname -r", timeout)[0]
    guest.detach()
    answer = machine.command("stop linux", timeout=120)
    assert not any("force" in line for line in answer), answer
    assert partitions(machine) == {"linux": "stopped"}


def test_shell_from_uefi(boot):
    come_to_shell(boot, firmware="uefi", cpus=2, mem="1G")


@pytest.mark.long
def test_shell_of_the_big_kernel(boot):
    come_to_shell(boot, kernel="amd64", cpus=2, mem="1G", timeout=120)


def in_bochs(model, kernel, long=True):
    return pytest.param(model, kernel, marks=[pytest.mark.long] if long else [])


@pytest.mark.parametrize("model, kernel", [
    in_bochs("corei7_skylake_x", "cloud", long=False), in_bochs("corei7_skylake_x", "amd64"),
    in_bochs("corei7_haswell_4770", "cloud"), in_bochs("corei7_haswell_4770", "amd64"),
    in_bochs("ryzen", "cloud"), in_bochs("ryzen", "amd64")])
def test_shell_in_bochs(boot, model, kernel):
    come_to_shell(boot, beds.BochsBed, kernel, model=model, mem=1024, timeout=900, deadline=1500)
