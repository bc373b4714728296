# SPDX-License-Identifier: BSD-2-Clause
"""CPUs that the firmware tells of and that are not there, or twice, or with gaps in their numbers (L11): the
machine goes on with the others, and says so."""
import acpi_iso
import beds
import pytest

BEDS = {"qemu": (beds.QemuBed, {"cpus": 2}),
        "skylake": (beds.BochsBed, {"model": "corei7_skylake_x", "count": 2})}
# The APIC ids that the table has, how many of how many run, and who is left out.
TABLES = {
    "absent": ([0, 7, 1], "2 of 3", ["cpu 1 (APIC id 7) does not answer: left out"]),
    "all-absent": ([0, 8, 9, 10, 11, 12, 13], "1 of 7",
                   [f"cpu {at + 1} (APIC id {at + 8}) does not answer: left out" for at in range(6)]),
    "twice": ([0, 1, 1], "2 of 2", []),
}


# Bochs's CPUs take turns: waiting for six of them is a minute.
LONG = {("skylake", "all-absent")}


@pytest.mark.parametrize("name,table", [
    pytest.param(name, table, marks=(pytest.mark.long,) if (name, table) in LONG else ())
    for name in BEDS for table in TABLES])
def test_left_out(boot, build, tmp_path, name, table):
    bed_class, options = BEDS[name]
    ids, running, told = TABLES[table]
    bed = boot.start(bed_class, acpi_iso.make(build, tmp_path, "APIC", acpi_iso.madt(ids)), **options)
    bed.expect_prompt()
    log = bed.command("log")
    assert any(f"cpu: {running} run" in line for line in log), log
    for line in told:
        assert any(line in entry for entry in log), log
    assert sum("left out" in line for line in log) == len(told), log
    host = [line.split() for line in bed.command("host") if line.startswith("cpu ")]
    assert sum("failed" in line for line in host) == len(told), host
    assert bed.command("audit")[-1].endswith(" 0 violations")


@pytest.mark.parametrize("cpus", ["3,sockets=3,cores=1,threads=1", "6,sockets=2,cores=3,threads=1",
                                  "10,sockets=2,cores=5,threads=1"])
def test_numbers_with_gaps(boot, cpus):
    """Cores of three or five: the second socket's APIC ids begin at 4 or 8."""
    bed = boot(config="# nothing\n", cpus=cpus)
    bed.expect_prompt()
    count = int(cpus.split(",")[0])
    assert any(f"cpu: {count} of {count} run" in line for line in bed.command("log"))
