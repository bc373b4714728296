# SPDX-License-Identifier: BSD-2-Clause
"""UEFI's runtime services where ACPI does not serve, OVMF's own and bad ones (tests/efi/spoil.c)."""
import os
import re
import shutil
import time

import pytest
import test_uefi


def start(boot, build, folder, words, options=""):
    """freehold.efi on a machine that spoil.efi has had before it."""
    tree = test_uefi.make_tree(build, folder)
    shutil.copy(os.path.join(build, "spoil.efi"), tree / "freehold" / "spoil.efi")
    bed = test_uefi.start_by_shell(boot, tree, f"freehold\\spoil.efi {words}",
                                   f"{test_uefi.SHELL_PROGRAM} {options}")
    bed.expect_prompt(test_uefi.PATIENCE)
    return bed


def clock(bed):
    line = next(line for line in bed.command("host") if line.startswith("clock "))
    return re.search(r"(\d{4}-\d\d-\d\d \d\d:\d\d):\d\d UTC", line).group(1)


def said(bed, pattern):
    log = bed.command("log")
    found = [line for line in log if re.search(pattern, line)]
    assert found, log
    return found


def test_found_through_grub(boot):
    """GRUB passes on where they are, too."""
    bed = boot(firmware="uefi")
    bed.expect_prompt(test_uefi.PATIENCE)
    said(bed, r"efi: UEFI 2\.\d, runtime services in \d+ regions")


def test_the_firmware_tells_the_time(boot, build, tmp_path):
    """OVMF's own GetTime, on a machine that says it has no RTC; and nobody asks it where there is one."""
    bed = start(boot, build, tmp_path, "no-rtc")
    said(bed, r"efi: UEFI 2\.\d, runtime services in \d+ regions")
    assert clock(bed).startswith("20") and clock(bed) >= "2026-11"
    assert not [line for line in bed.command("log") if "no time of day" in line]


@pytest.mark.parametrize("how", ["flip", "ports", pytest.param("good", marks=pytest.mark.long)])
def test_services_of_all_kinds(boot, build, tmp_path, how):
    """SSE, code that is written and then run, ports, CLI and STI: an hour west of UTC."""
    bed = start(boot, build, tmp_path, f"no-rtc time={how}")
    assert clock(bed) == "2031-02-03 05:05"


BAD = {
    "spin": "does not come back at rip",
    "mixed": "does not come back at rip",
    "fault": r"#PF at rip 0x[0-9a-f]+, address 0x123456789000",
    "privileged": "#GP at rip",
    "gate": "#GP at rip",
}


@pytest.mark.parametrize("how", [
    "spin", "fault", "gate", *(pytest.param(how, marks=pytest.mark.long) for how in ("mixed", "privileged"))])
def test_a_bad_service_costs_the_time_of_day(boot, build, tmp_path, how):
    bed = start(boot, build, tmp_path, f"no-rtc time={how}")
    said(bed, "efi: GetTime: " + BAD[how])
    said(bed, "clock: no time of day")
    assert clock(bed) == "1970-01-01 00:00"


def test_an_rtc_goes_first(boot, build, tmp_path):
    bed = start(boot, build, tmp_path, "time=fault")
    assert clock(bed) >= "2026-11"
    assert not [line for line in bed.command("log") if "efi: GetTime" in line]


def test_the_operator_may_do_without(boot, build, tmp_path):
    bed = start(boot, build, tmp_path, "no-rtc time=good", "efi=off")
    said(bed, "efi: runtime services are not used: efi=off")
    said(bed, "clock: no time of day")


def test_the_firmware_switches_off(boot, build, tmp_path):
    """OVMF's own ResetSystem, on a machine without S5: without it, the kernel says that it is still on."""
    bed = start(boot, build, tmp_path, "no-reset")
    bed.send_line("poweroff --yes")
    bed.wait_exit(60)


@pytest.mark.parametrize("how,least,said_last", [
    ("", 0, ""), ("reset=keyboard", 0, "K"), ("reset=spin", 9, ""),
    pytest.param("reset=fault", 0, "", marks=pytest.mark.long)])
def test_reboot_by_and_in_spite_of_the_firmware(boot, build, tmp_path, how, least, said_last):
    """A machine without a reset register: by OVMF, by a service of ours; and if the service fails, the one
    that hangs after 10 s, by what there was before ACPI. QEMU ends at a reset."""
    bed = start(boot, build, tmp_path, "no-reset " + how)
    began = time.monotonic()
    bed.send_line("reboot --yes")
    bed.wait_exit(90)
    assert time.monotonic() - began >= least
    last = f"\r\n{said_last}" if said_last else ""
    assert bed.serial.all.rstrip().endswith("the machine restarts" + last)
