/* SPDX-License-Identifier: BSD-2-Clause */
/* The console's screen: its small terminal, when it draws, and pixels and cells as they are drawn. */
/* sources: console/display.c lib/canvas.c lib/font.c */
#include "console/display.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "console/call.h"
#include "console/clock.h"
#include "lib/canvas.h"
#include "lib/font.h"

enum { COLUMNS = 20, ROWS = 5, HZ = 1000 };

static uint16_t cells[ROWS][COLUMNS];
static struct screen_info screen;
static uint64_t tsc;
static int64_t answer;

int64_t call_invoke(enum call number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	(void)b, (void)c, (void)d;
	assert_int_equal(number, CALL_SCREEN);
	memcpy((void *)(uintptr_t)a, &screen, sizeof(screen));
	return answer;
}

uint64_t call_clock(void)
{
	return tsc;
}

uint64_t clock_hz(void)
{
	return HZ;
}

static int begin(void **state)
{
	(void)state;
	screen = (struct screen_info){.address = (uintptr_t)cells,
				      .pitch = COLUMNS * 2,
				      .width = COLUMNS,
				      .height = ROWS,
				      .bits_per_pixel = 16,
				      .kind = CANVAS_TEXT};
	answer = ERR_NONE;
	tsc = 1000000;
	memset(cells, 0, sizeof(cells));
	display_reset();
	return 0;
}

static void show(const char *text)
{
	display_write((const uint8_t *)text, strlen(text));
	display_refresh(true);
}

/* A row as text, without the blanks at its end. */
static const char *row(unsigned number)
{
	static char text[COLUMNS + 1];
	unsigned length = 0;

	for (unsigned i = 0; i < COLUMNS; i++) {
		text[i] = (char)cells[number][i];
		if (text[i] != ' ')
			length = i + 1;
	}
	text[length] = '\0';
	return text;
}

static void assert_cursor(unsigned at_row, unsigned at_column)
{
	for (unsigned r = 0; r < ROWS; r++)
		for (unsigned c = 0; c < COLUMNS; c++)
			assert_int_equal(cells[r][c] >> 8,
					 r == at_row && c == at_column ? 0x70 : 0x07);
}

/* What is written, and what then stands in rows 0 and 1 and where the cursor is. */
static const struct {
	const char *text, *rows[2];
	unsigned row, column;
} cases[] = {
	{"", {"", ""}, 0, 0},
	{"one\r\ntwo", {"one", "two"}, 1, 3},
	{"0123456789abcdefghij", {"0123456789abcdefghij", ""}, 0, 19},
	{"0123456789abcdefghijk", {"0123456789abcdefghij", "k"}, 1, 1},
	{"abc\b\bX\b\b\b\b", {"aXc", ""}, 0, 0},
	{"a\tb\tc", {"a       b       c", ""}, 0, 17},
	{"abc\rX\x1b[K", {"X", ""}, 0, 1},
	{"abc\r\ndef\x1b[2G\x1b[1K", {"abc", "  f"}, 1, 1},
	{"abc\r\ndef\x1b[A\x1b[2K", {"", "def"}, 0, 3},
	{"abc\r\ndef\x1b[H\x1b[C\x1b[J", {"a", ""}, 0, 1},
	{"abc\r\ndef\x1b[2J", {"", ""}, 1, 3},
	{"abc\r\ndef\x1b[1J", {"", ""}, 1, 3},
	{"\x1b[2;4Hx\x1b[99Ay\x1b[99D\x1b[Bz", {"    y", "z  x"}, 1, 1},
	{"\x1b[99999999999;3Hlast\x1b[H", {"", ""}, 0, 0},
	/* Dropped: colours, modes, character sets, a window's title, a device string. */
	{"\x1b[1;31mred\x1b[0m\x1b[?25l\x1b(B.", {"red.", ""}, 0, 4},
	{"a\x1b]0;title\x07z\x1bPq#\x1b\\b", {"azb", ""}, 0, 3},
	{"a\x1b[3\x1b[Db\x07\x0e\x7f", {"b", ""}, 0, 1},
	{"gr\xc3\xbc\xe2\x82\xac.", {"gr\xfe\xfe.", ""}, 0, 5},
};

static void test_terminal(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(state);
		show(cases[i].text);
		for (unsigned r = 0; r < 2; r++)
			if (strcmp(row(r), cases[i].rows[r]))
				fail_msg("case %u row %u: \"%s\"", i, r, row(r));
		assert_cursor(cases[i].row, cases[i].column);
	}
}

static void test_scrolls(void **state)
{
	(void)state;
	show("1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7");
	assert_string_equal(row(0), "3");
	assert_string_equal(row(4), "7");
	show("\n");
	assert_string_equal(row(3), "7");
	assert_string_equal(row(4), "");
}

/* Where one write ends and the next begins makes no difference. */
static void test_in_pieces(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(state);
		for (const char *at = cases[i].text; *at; at++)
			display_write((const uint8_t *)at, 1);
		display_refresh(true);
		assert_string_equal(row(0), cases[i].rows[0]);
		assert_cursor(cases[i].row, cases[i].column);
	}
}

/* Whatever a guest sends, the cells around the screen stay as they are: the sanitizer looks. */
static void test_random_bytes(void **state)
{
	static const char likely[] = "\x1b\x1b\x1b[[[;;0123456789ABCDGHJKm\n\n\r\b\t";

	(void)state;
	srandom(1);
	for (unsigned i = 0; i < 300000; i++) {
		uint8_t byte = random() % 2 ? (uint8_t)random()
					    : (uint8_t)likely[(size_t)random() % sizeof(likely)];

		display_write(&byte, 1);
		if (i % 64 == 0)
			display_refresh(true);
	}
}

static void test_draws_now_and_then(void **state)
{
	(void)state;
	display_refresh(true);
	assert_int_equal(display_deadline(), 0);
	display_write((const uint8_t *)"a", 1);
	display_refresh(false);
	assert_string_equal(row(0), "");
	assert_int_equal(display_deadline(), tsc + HZ / 20);
	tsc = display_deadline();
	display_refresh(false);
	assert_string_equal(row(0), "a");
	assert_int_equal(display_deadline(), 0);
}

/* Only what changed is drawn: the memory behind is slow. */
static void test_draws_differences(void **state)
{
	(void)state;
	show("same");
	cells[0][1] = 0x1234;
	show("x");
	assert_int_equal(cells[0][1], 0x1234);
	assert_int_equal(cells[0][4], 0x0700 | 'x');
}

static void test_no_screen(void **state)
{
	(void)state;
	answer = ERR_NOENT;
	display_reset();
	show("nothing");
	assert_int_equal(display_deadline(), 0);
	answer = ERR_NONE;
	screen.kind = CANVAS_PALETTE;
	display_reset();
	show("nothing");
	assert_int_equal(cells[0][0], 0);
}

/* Each character's picture, in every size of pixel, with nothing touched beside its cell. */
static void check_cell(uint32_t bits, char c, bool inverse)
{
	enum { WIDTH = 24, HEIGHT = 32, LAST_COLUMN = 2 };
	uint32_t unit = (bits + 7) / 8, pitch = WIDTH * unit + 8;
	struct canvas canvas;
	uint64_t size = canvas_init(&canvas, CANVAS_PIXELS, pitch, WIDTH, HEIGHT, bits);
	uint8_t *memory = calloc(1, size);

	assert_int_equal(size, HEIGHT * pitch);
	canvas.base = memory;
	memset(memory, 0x55, size);
	canvas_put(&canvas, LAST_COLUMN, 1, c, inverse);
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++) {
			uint32_t in_x = x - LAST_COLUMN * 8 - FONT_LEFT, in_y = y - 16 - FONT_TOP;
			bool ink = in_x < FONT_COLUMNS && in_y < FONT_ROWS &&
				   font_row(c, in_y)[in_x] == '#';
			bool cell = x >= LAST_COLUMN * 8 && y >= 16;

			assert_int_equal(memory[y * pitch + x * unit] == 0x55, !cell);
			if (cell)
				assert_int_equal(memory[y * pitch + x * unit] != 0, ink != inverse);
		}
	free(memory);
}

static void test_pixels(void **state)
{
	static const uint32_t bits[] = {15, 16, 24, 32};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++)
		for (unsigned c = 0x20; c <= 0x7f; c++) {
			check_cell(bits[i], (char)c, false);
			check_cell(bits[i], (char)c, true);
		}
}

static void test_pictures_differ(void **state)
{
	(void)state;
	for (unsigned a = 0x20; a <= 0x7f; a++)
		for (unsigned b = a + 1; b <= 0x7f; b++) {
			bool differ = false;

			for (unsigned y = 0; y < FONT_ROWS; y++)
				differ |= memcmp(font_row((char)a, y), font_row((char)b, y),
						 FONT_COLUMNS) != 0;
			assert_true(differ);
		}
}

static void test_canvas_refused(void **state)
{
	static const struct {
		enum canvas_kind kind;
		uint32_t pitch, width, height, bits;
	} wrong[] = {
		{CANVAS_PALETTE, 640, 640, 480, 8},
		{CANVAS_PIXELS, 640, 640, 480, 8},
		{CANVAS_PIXELS, 2559, 640, 480, 32},
		{CANVAS_PIXELS, 2560, 7, 480, 32},
		{CANVAS_PIXELS, 2560, 640, 15, 32},
		{CANVAS_PIXELS, 0, 0, 0, 32},
		{CANVAS_PIXELS, 8000, 640, 480, 64},
		{CANVAS_PIXELS, 2560, UINT32_MAX, 480, 32},
		{CANVAS_PIXELS, UINT32_MAX, 640, 480, 32},
		{CANVAS_PIXELS, 2560, 640, UINT32_MAX, 32},
		{CANVAS_TEXT, 159, 80, 25, 16},
		{CANVAS_TEXT, 160, 80, 0, 16},
		{3, 2560, 640, 480, 32},
		{255, 2560, 640, 480, 32},
	};
	struct canvas canvas;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(canvas_init(&canvas, wrong[i].kind, wrong[i].pitch, wrong[i].width,
					     wrong[i].height, wrong[i].bits),
				 0);
	/* A larger screen than anybody can read is used in part. */
	assert_int_not_equal(canvas_init(&canvas, CANVAS_PIXELS, 15360, 3840, 2160, 32), 0);
	assert_int_equal(canvas.columns, CANVAS_COLUMNS_MAX);
	assert_int_equal(canvas.rows, CANVAS_ROWS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terminal),
		cmocka_unit_test_setup(test_scrolls, begin),
		cmocka_unit_test(test_in_pieces),
		cmocka_unit_test_setup(test_random_bytes, begin),
		cmocka_unit_test_setup(test_draws_now_and_then, begin),
		cmocka_unit_test_setup(test_draws_differences, begin),
		cmocka_unit_test_setup(test_no_screen, begin),
		cmocka_unit_test(test_pixels),
		cmocka_unit_test(test_pictures_differ),
		cmocka_unit_test(test_canvas_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
