# SPDX-License-Identifier: BSD-2-Clause
"""`policy cpuid` and `policy msrs` say what a guest finds, to the bit, on each of its CPUs."""
import re

from test_tiny import on

# What the kernel puts in when a vCPU asks: OSXSAVE, OSPKE, the APIC id, the size of an XSAVE area.
LIVE = {(0x1, 1): 0xff00_0000, (0x1, 2): 1 << 27, (0x7, 2): 1 << 4, (0xb, 3): 0xffff_ffff,
        (0x1f, 3): 0xffff_ffff, (0xd, 1): 0xffff_ffff, (0x8000001e, 0): 0xffff_ffff,
        (0x8000001e, 1): 0xff}


def printed_leaves(lines):
    """{leaf: registers} of subleaf 0."""
    leaves, leaf = {}, None
    for line in lines:
        head = re.match(r"leaf ([0-9a-f]{8})(?:, subleaf (\d+))?$", line)
        if head:
            leaf = int(head.group(1), 16) if head.group(2) in (None, "0") else None
        elif leaf is not None and line.startswith("  guest"):
            leaves[leaf] = [int(word, 16) for word in re.findall(r"\b[0-9a-f]{8}\b", line)]
    return leaves


def masked(leaf, registers):
    return [value & ~LIVE.get((leaf, number), 0) for number, value in enumerate(registers)]


def printed_msrs(lines):
    msrs = set()
    for line in lines:
        match = re.match(r"([0-9a-f]{8})(?:-([0-9a-f]{8}))? +(?:processor|kernel|VMM) ", line)
        if match:
            first, last = match.group(1), match.group(2) or match.group(1)
            msrs |= set(range(int(first, 16), int(last, 16) + 1))
    return msrs - set(range(0x800, 0x900))


@on("qemu", "qemu-smp", "bochs", "skylake", "skylake-smp", "haswell")
def test_what_is_printed_is_what_is_there(arena_of, bed):
    arena = arena_of(bed)
    arena.create("policy", "cpus=2", cpus="vcpus=2")
    position = arena.start()
    assert arena.wait_for(r"\[a stopped: powered off\]", position, 120), arena.since(position)[-2000:]
    cpuid, msrs = arena.commands(["policy cpuid a", "policy msrs"])
    text = arena.output("a")
    arena.destroy()
    arena.check_invariants()
    assert re.search(r"^done 3 failed 0$", text, re.MULTILINE), text

    printed = printed_leaves(cpuid)
    found = {}
    for line in re.findall(r"^cpuid (.*)$", text, re.MULTILINE):
        leaf, *registers = (int(word, 16) for word in line.split())
        found[leaf] = registers
    assert len(found) > 15
    for leaf in found.keys() | printed.keys():
        assert masked(leaf, found.get(leaf, [0] * 4)) == masked(leaf, printed.get(leaf, [0] * 4)), hex(leaf)
    backend = "svm" if bed in ("qemu", "qemu-smp", "bochs") else "vmx"
    # Names that do not fit a line go on below, behind blanks.
    assert any(re.match(rf"  (hidden|      ).* {backend}\b", line) for line in cpuid), cpuid
    # What QEMU shows us it shows as a hypervisor, too; Bochs has x2APIC.
    added = "hypervisor" if bed in ("bochs", "skylake", "skylake-smp", "haswell") else "x2apic"
    assert any(re.match(rf"  added .*\b{added}\b", line) for line in cpuid), cpuid

    readable = {int(index, 16) for index in re.findall(r"^msr ([0-9a-f]+)$", text, re.MULTILINE)}
    assert readable == printed_msrs(msrs), sorted(map(hex, readable ^ printed_msrs(msrs)))
