# SPDX-License-Identifier: BSD-2-Clause
"""`doctor` on machines of which it is known what they lack."""
import re

import pytest
import beds

# What it must say of each bed's machine, the emulators being what they are.
FINDINGS = {
    "qemu": [r"^well  virtualization SVM$", r"^LACKS x2apic +the processor has none$",
             r"^LACKS instructions +no next-RIP saving$", r"^LACKS tsc +the TSC may change its rate",
             r"^note  iommu +none is described", r"^well  serial +0x3f8, .*; by interrupt$",
             r"^well  acpi +all tables could be used$", r"runs below: TCGTCGTCGTCG$",
             r"^well  emulator "],
    "qemu-smp": [r"^note  emulator +QEMU without KVM, with several CPUs$"],
    "bochs": [r"^well  virtualization SVM$", r"^well  instructions ", r"^well  serial +0x3f8, "],
    "skylake": [r"^well  virtualization VMX$", r"^well  x2apic +on$", r"^well  smap ",
                r"^well  tsc +the TSC is invariant", r"^note  iommu +none is described"],
    "haswell": [r"^well  virtualization VMX$", r"^LACKS smap +no SMAP$"],
}


@pytest.mark.parametrize("bed", [pytest.param(bed, marks=pytest.mark.xdist_group(f"arena-{bed}"))
                                 for bed in FINDINGS])
def test_findings(arena_of, bed):
    arena = arena_of(bed)
    answer = arena.command("doctor")
    text = "\n".join(answer)
    for pattern in FINDINGS[bed]:
        assert re.search(pattern, text, re.MULTILINE), f"{pattern}\n{text}"
    assert all(len(line) <= 80 for line in answer), text
    lacking = [line for line in answer if re.match(r"LACKS|note", line)]
    assert sum("effect" in line[:14] for line in answer) == len(lacking), text
    assert sum("remedy" in line[:14] for line in answer) == len(lacking), text
    arena.check_invariants()


def test_machine_that_cannot_run_guests(boot):
    """It ends at a console that works, which says why and what to do."""
    bed = boot(beds.QemuBed, cpu="EPYC,-svm")
    bed.expect(r"\[no guest can run on this machine: [^\n]*SVM", 120)
    bed.expect_prompt()
    answer = "\n".join(bed.command("doctor"))
    assert re.search(r"^LACKS virtualization the processor has ", answer, re.MULTILINE), answer
    assert "Switch SVM (AMD) or VT-x (Intel) on in the firmware" in answer, answer


def test_iommu_and_another_port(boot):
    """What ACPI and the boot loader's line say is seen."""
    bed = boot(beds.QemuBed, cmdline="smt=share", extra=["-machine", "q35", "-device", "amd-iommu"])
    bed.expect_prompt()
    answer = "\n".join(bed.command("doctor"))
    assert re.search(r"^note  iommu +AMD-Vi is there, and not used$", answer, re.MULTILINE), answer
    assert re.search(r"^LACKS threads +smt=share", answer, re.MULTILINE), answer
