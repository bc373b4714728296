# SPDX-License-Identifier: BSD-2-Clause
"""What stands on a QEMU machine's screen: read from VGA's text memory, or from its pixels by our own font."""
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WIDTH, HEIGHT = 8, 16  # of a cell; the picture stands two rows from its top and a column from its left
TOP, LEFT, ROWS, COLUMNS = 2, 1, 12, 7
BAND = 8
VGA_TEXT = 0xb8000
TEXT_COLUMNS, TEXT_ROWS = 80, 25


def font():
    """{a cell's pixels as a tuple of numbers, bit 0 the leftmost: its character}"""
    with open(os.path.join(ROOT, "lib", "font.c"), encoding="ascii") as source:
        lines = re.findall(r'"([.# ]{63})"', source.read())
    cells = {}
    for code in range(0x20, 0x7f):
        band, index = divmod(code - 0x20, BAND)
        rows = [0] * HEIGHT
        for y in range(ROWS):
            picture = lines[band * ROWS + y][index * (COLUMNS + 1):][:COLUMNS]
            rows[TOP + y] = sum(1 << (x + LEFT) for x, dot in enumerate(picture) if dot == "#")
        cells[tuple(rows)] = chr(code)
    return cells


def text_of_ppm(path):
    """The lines of a screendump. What is no character of ours is \\ufffd; one drawn inverse is the cursor."""
    with open(path, "rb") as file:
        kind, size, depth, pixels = file.read().split(b"\n", 3)
    assert (kind, depth) == (b"P6", b"255")
    width, height = map(int, size.split())
    cells, lines = font(), []
    for top in range(0, height - HEIGHT + 1, HEIGHT):
        line = ""
        for left in range(0, width - WIDTH + 1, WIDTH):
            rows = tuple(sum(1 << x for x in range(WIDTH)
                             if pixels[((top + y) * width + left + x) * 3] > 0x40)
                         for y in range(HEIGHT))
            inverse = tuple(row ^ 0xff for row in rows)
            line += cells.get(rows) or cells.get(inverse, "\ufffd")
        lines.append(line.rstrip())
    return lines


def text_of_vga(bed):
    dump = bed.hmp(f"xp /{TEXT_COLUMNS * TEXT_ROWS}hx {VGA_TEXT:#x}")
    cells = [int(word, 16) & 0xff for line in dump.splitlines()
             for word in line.split(":")[1].split()]
    text = "".join(chr(cell) for cell in cells)
    return [text[at:at + TEXT_COLUMNS].rstrip() for at in range(0, len(text), TEXT_COLUMNS)]


def read(bed, pixels):
    if not pixels:
        return text_of_vga(bed)
    path = bed.path("screen.ppm")
    bed.hmp(f"screendump {path}")
    return text_of_ppm(path)
