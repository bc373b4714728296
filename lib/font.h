/* SPDX-License-Identifier: BSD-2-Clause */
/* A font of our own for cells of 8 by 16 pixels, printable ASCII. */
#pragma once

#include "lib/types.h"

enum {
	FONT_CELL_WIDTH = 8,
	FONT_CELL_HEIGHT = 16,
	FONT_TOP = 2,  /* rows of the cell above the picture */
	FONT_LEFT = 1, /* columns before it */
	FONT_ROWS = 12,
	FONT_COLUMNS = 7,
	/* How the pictures stand in the source. */
	FONT_BANDS = 12,
	FONT_BAND = 8,
	FONT_STRIDE = FONT_COLUMNS + 1,
};

/* Row 0..11 of c's picture: FONT_COLUMNS characters, '#' where there is ink. */
const char *font_row(char c, unsigned row);
