/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A screen of characters, in a framebuffer of pixels or in VGA's text memory. Pure: writes cells to
 * memory that its user has mapped, and never reads there, since reads of such memory are slow.
 */
#pragma once

#include "lib/types.h"

enum { CANVAS_COLUMNS_MAX = 240, CANVAS_ROWS_MAX = 100 };

/* Multiboot2 3.6.12 "Framebuffer info": its kinds. 0, with a palette, is not for us. */
enum canvas_kind { CANVAS_PALETTE, CANVAS_PIXELS, CANVAS_TEXT };

struct canvas {
	volatile uint8_t *base; /* NULL: nothing is drawn */
	uint32_t pitch; /* bytes from one line of pixels, or row of characters, to the next */
	uint32_t columns, rows; /* of characters */
	uint32_t pixel_bytes;	/* 0: VGA text */
};

/*
 * Sets all but base, from a framebuffer's description: width and height in pixels, or in characters for
 * CANVAS_TEXT. Returns how many bytes of memory the canvas reaches, or 0 if it is none that can be
 * drawn on.
 */
uint64_t canvas_init(struct canvas *canvas, enum canvas_kind kind, uint32_t pitch, uint32_t width,
		     uint32_t height, uint32_t bits_per_pixel);

/* Draws c; what is not printable ASCII becomes a box. column and row are within the canvas. */
void canvas_put(const struct canvas *canvas, uint32_t column, uint32_t row, char c, bool inverse);

/* Draws size characters from the row's beginning, as many as fit, and blanks to its end. */
void canvas_put_row(const struct canvas *canvas, uint32_t row, const char *text, size_t size);
