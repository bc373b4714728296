# SPDX-License-Identifier: BSD-2-Clause
"""THREATS K01 over the serial line, as fast as it takes the bytes: 10^6 of them on QEMU, 10^5 on Bochs."""
import random

import pytest

from test_tiny import on

COUNT = {"qemu": 1_000_000, "bochs": 100_000, "skylake": 100_000}
CHUNK = 10_000


@pytest.mark.long
@on("qemu", "bochs", "skylake")
def test_random_bytes_at_full_speed(arena_of, bed):
    """Nothing is executed, news and the neighbour's heartbeats go on, and the next command is answered."""
    arena = arena_of(bed)
    generator = random.Random(3)
    for number in range(COUNT[bed] // CHUNK):
        arena.serial.send(generator.randbytes(CHUNK))
        # Out of a string, a line begun, a page held back or an attachment; then something to wait for.
        position = arena.position()
        arena.serial.send(b"\x1b\\\x1d\x03\r\rmode human\r\rpager off\r\r# " + str(number).encode() + b"\r")
        assert arena.wait_for(rf"freehold> # {number}\r?\n", position, 240), arena.since(position)[-2000:]
    arena.bed.serial.command("#")
    arena.check_invariants()
