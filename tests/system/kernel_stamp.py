# SPDX-License-Identifier: BSD-2-Clause
"""Makes a copy of a Linux kernel that tells when it was entered, and initrds with more files in them.

The copy writes the TSC into boot_params at its 64-bit entry and goes on as before; every way into a
bzImage comes through that entry. The guest reads it back from /sys/kernel/boot_params/data.
"""
import gzip
import struct

STAMP_OFFSET = 0xd00  # eddbuf of the zero page, which no loader of ours and no driver in use writes

# Linux/x86 boot protocol: setup_sects counts the sectors after the first one.
SETUP_SECTS, SECTOR, ENTRY_64 = 0x1f1, 512, 0x200

# What stands at startup_64 (arch/x86/boot/compressed/head_64.S): cld; cli; xor %eax,%eax; mov %eax,%ds.
# It may be executed elsewhere, since nothing in it depends on its place.
DISPLACED = bytes.fromhex("fc fa 31c0 8ed8")

# rdtsc; mov %eax,STAMP(%rsi); mov %edx,STAMP+4(%rsi)
STORE_TSC = (bytes.fromhex("0f31 8986") + struct.pack("<I", STAMP_OFFSET) +
             bytes.fromhex("8996") + struct.pack("<I", STAMP_OFFSET + 4))


def jump(at, to):
    return b"\xe9" + struct.pack("<i", to - (at + 5))


def stamped(kernel):
    """The bytes of the stamping copy of a bzImage."""
    image = bytearray(kernel)
    base = (image[SETUP_SECTS] + 1) * SECTOR
    entry = base + ENTRY_64
    if image[entry:entry + len(DISPLACED)] != DISPLACED:
        raise ValueError("this kernel does not begin as expected")
    size = len(STORE_TSC) + len(DISPLACED) + 5
    stub = entry - size  # the 32-bit entry's code is followed by zeros up to the 64-bit one
    if any(image[stub:entry]):
        raise ValueError("no room before this kernel's 64-bit entry")
    code = STORE_TSC + DISPLACED
    image[stub:entry] = code + jump(stub + len(code), entry + len(DISPLACED))
    image[entry:entry + 5] = jump(entry, stub)
    return bytes(image)


def cpio_entry(name, data, mode, number):
    """One file of a newc archive (Linux, Documentation/driver-api/early-userspace/buffer-format.rst)."""
    words = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    header = b"070701" + b"".join(b"%08X" % word for word in words) + name.encode() + b"\0"
    pad = lambda text: text + b"\0" * (-len(text) % 4)
    return pad(header) + pad(data)


def initrd_with(initrd, files):
    """An initrd with more files: {name: (mode, bytes)}. Archives may follow one another."""
    entries = [cpio_entry(name, data, 0o100000 | mode, number)
               for number, (name, (mode, data)) in enumerate(files.items(), 1)]
    archive = b"".join(entries) + cpio_entry("TRAILER!!!", b"", 0, 0)
    # Aligned: the kernel looks for the next archive at a multiple of 4.
    return initrd + b"\0" * (-len(initrd) % 4) + gzip.compress(archive, 1, mtime=0)
