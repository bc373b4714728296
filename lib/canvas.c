/* SPDX-License-Identifier: BSD-2-Clause */
/* Grey on black. In 24 and 32 bits a grey has the same bytes wherever red, green and blue stand. */
#include "lib/canvas.h"

#include "lib/font.h"

enum {
	TEXT_BITS = 16,	  /* a character and its attribute */
	TEXT_GREY = 0x07, /* IBM VGA "Attribute byte": on black */
	TEXT_INVERSE = 0x70,
	TEXT_BOX = 0xfe, /* code page 437 */
	GREY = 0xc0,
	SIDE_MAX = 1 << 15, /* of any screen, in pixels; so no product below overflows */
	PITCH_MAX = 1 << 18,
};

static uint32_t cell_width(const struct canvas *canvas)
{
	return canvas->pixel_bytes ? FONT_CELL_WIDTH : 1;
}

static uint32_t cell_height(const struct canvas *canvas)
{
	return canvas->pixel_bytes ? FONT_CELL_HEIGHT : 1;
}

uint64_t canvas_init(struct canvas *canvas, enum canvas_kind kind, uint32_t pitch, uint32_t width,
		     uint32_t height, uint32_t bits_per_pixel)
{
	uint32_t unit = kind == CANVAS_TEXT ? TEXT_BITS / 8 : (bits_per_pixel + 7) / 8;

	*canvas = (struct canvas){.pitch = pitch, .pixel_bytes = kind == CANVAS_PIXELS ? unit : 0};
	if (kind != CANVAS_TEXT && (kind != CANVAS_PIXELS || unit < 2 || unit > 4))
		return 0;
	if (width > SIDE_MAX || height > SIDE_MAX || pitch > PITCH_MAX || pitch < width * unit)
		return 0;
	canvas->columns = MIN(width / cell_width(canvas), (uint32_t)CANVAS_COLUMNS_MAX);
	canvas->rows = MIN(height / cell_height(canvas), (uint32_t)CANVAS_ROWS_MAX);
	if (!canvas->columns || !canvas->rows)
		return 0;
	return (uint64_t)canvas->rows * cell_height(canvas) * pitch;
}

static void put_text(volatile uint8_t *at, char c, bool inverse)
{
	uint8_t code = c >= ' ' && c <= '~' ? (uint8_t)c : (uint8_t)TEXT_BOX;

	/* At once: a reader sees both or neither. */
	*(volatile uint16_t *)at = (uint16_t)((inverse ? TEXT_INVERSE : TEXT_GREY) << 8 | code);
}

/* One line of a cell's pixels. ink: bit 0 is the leftmost. */
static void put_line(volatile uint8_t *at, uint32_t pixel_bytes, uint32_t ink)
{
	uint8_t grey = pixel_bytes > 2 ? GREY : 0xff;

	for (uint32_t x = 0; x < FONT_CELL_WIDTH; x++, ink >>= 1) {
		uint8_t value = ink & 1 ? grey : 0;

		if (pixel_bytes == 4)
			*(volatile uint32_t *)(at + x * 4UL) = value * 0x010101U;
		else
			for (uint32_t i = 0; i < pixel_bytes; i++)
				at[x * pixel_bytes + i] = value;
	}
}

/* The pixels of a line of c's cell, y from its top. */
static uint32_t ink_of(char c, uint32_t y, bool inverse)
{
	uint32_t ink = 0, all = (1 << FONT_CELL_WIDTH) - 1;
	const char *row;

	if (c != ' ' && y >= FONT_TOP && y < FONT_TOP + FONT_ROWS) {
		row = font_row(c, y - FONT_TOP);
		for (uint32_t x = 0; x < FONT_COLUMNS; x++)
			ink |= row[x] == '#' ? 1U << (x + FONT_LEFT) : 0;
	}
	return inverse ? ~ink & all : ink;
}

void canvas_put(const struct canvas *canvas, uint32_t column, uint32_t row, char c, bool inverse)
{
	uint32_t unit = canvas->pixel_bytes ? canvas->pixel_bytes : TEXT_BITS / 8;
	volatile uint8_t *at = canvas->base + (uint64_t)row * cell_height(canvas) * canvas->pitch +
			       (uint64_t)column * cell_width(canvas) * unit;

	if (!canvas->pixel_bytes) {
		put_text(at, c, inverse);
		return;
	}
	for (uint32_t y = 0; y < FONT_CELL_HEIGHT; y++, at += canvas->pitch)
		put_line(at, canvas->pixel_bytes, ink_of(c, y, inverse));
}

void canvas_put_row(const struct canvas *canvas, uint32_t row, const char *text, size_t size)
{
	for (uint32_t column = 0; column < canvas->columns; column++)
		canvas_put(canvas, column, row, column < size ? text[column] : ' ', false);
}
