/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two grids of characters: what should be seen, and what has been drawn. Control sequences: ECMA-48
 * "CUU", "CUD", "CUF", "CUB", "CHA", "CUP", "ED", "EL".
 */
#include "console/display.h"

#include "console/call.h"
#include "console/clock.h"
#include "lib/canvas.h"
#include "lib/string.h"

enum {
	REFRESHES_PER_SECOND = 20,
	TAB = 8,
	PARAMETERS = 2,
	PARAMETER_MAX = 9999,
	CURSOR = 0x80, /* in a cell: drawn inverse */
	ESC = 0x1b,
	BEL = 0x07,
};

/* Where the text is within a control sequence. */
enum state { TEXT, AFTER_ESC, IN_CSI, IN_STRING, STRING_ESC };

static struct {
	struct canvas canvas; /* base NULL: there is no screen */
	enum state state;
	uint32_t parameters[PARAMETERS], parameter_count;
	uint32_t column, row; /* column may be the one behind the last: the next character wraps */
	bool changed;
	uint64_t next_tsc; /* no refresh before */
	uint8_t wanted[CANVAS_ROWS_MAX][CANVAS_COLUMNS_MAX];
	uint8_t drawn[CANVAS_ROWS_MAX][CANVAS_COLUMNS_MAX];
} display;

static void blank(uint32_t row, uint32_t from, uint32_t to)
{
	if (from < to)
		memset(&display.wanted[row][from], ' ', to - from);
}

void display_reset(void)
{
	struct screen_info info;

	memset(&display, 0, sizeof(display));
	if (call_screen(&info) != ERR_NONE)
		return;
	if (!canvas_init(&display.canvas, (enum canvas_kind)info.kind, info.pitch, info.width,
			 info.height, info.bits_per_pixel))
		return;
	display.canvas.base = (volatile uint8_t *)(uintptr_t)info.address;
	/* What is drawn is unknown: no cell is 0. */
	memset(display.wanted, ' ', sizeof(display.wanted));
	display.changed = true;
}

static void line_feed(void)
{
	if (display.row + 1 < display.canvas.rows) {
		display.row++;
		return;
	}
	memmove(display.wanted[0], display.wanted[1], display.row * sizeof(display.wanted[0]));
	blank(display.row, 0, display.canvas.columns);
}

static void put(uint8_t c)
{
	if (display.column == display.canvas.columns) {
		display.column = 0;
		line_feed();
	}
	display.wanted[display.row][display.column++] = c;
}

/* UTF-8: one box for what is not ASCII, nothing for the bytes that go on with it. */
static void take_text(uint8_t c)
{
	switch (c) {
	case '\r':
		display.column = 0;
		break;
	case '\n':
		line_feed();
		break;
	case '\b':
		display.column -= display.column > 0;
		break;
	case '\t':
		display.column = (uint32_t)MIN(ALIGN_UP(display.column + 1UL, TAB),
					       display.canvas.columns - 1UL);
		break;
	case ESC:
		display.state = AFTER_ESC;
		break;
	default:
		if ((c >= ' ' && c < 0x7f) || c >= 0xc0)
			put(MIN(c, (uint8_t)0x7f));
	}
}

/* A parameter, or what it is if it is left out or 0. */
static uint32_t parameter(uint32_t index, uint32_t otherwise)
{
	uint32_t value = index < PARAMETERS ? display.parameters[index] : 0;

	return value ? value : otherwise;
}

static void go_to(uint32_t row, uint32_t column)
{
	display.row = MIN(row, display.canvas.rows - 1);
	display.column = MIN(column, display.canvas.columns - 1);
}

static uint32_t minus(uint32_t value, uint32_t less)
{
	return value > less ? value - less : 0;
}

static void erase_in_line(void)
{
	uint32_t what = parameter(0, 0), columns = display.canvas.columns;

	blank(display.row, what == 0 ? display.column : 0,
	      what == 1 ? MIN(display.column + 1, columns) : columns);
}

static void erase_in_display(void)
{
	uint32_t what = parameter(0, 0);

	erase_in_line();
	for (uint32_t row = 0; row < display.canvas.rows; row++)
		if (what >= 2 || (what == 1 ? row < display.row : row > display.row))
			blank(row, 0, display.canvas.columns);
}

static void take_final(uint8_t c)
{
	uint32_t count = parameter(0, 1), row = display.row, column = display.column;

	switch (c) {
	case 'A':
		go_to(minus(row, count), column);
		break;
	case 'B':
		go_to(row + count, column);
		break;
	case 'C':
		go_to(row, column + count);
		break;
	case 'D':
		go_to(row, minus(column, count));
		break;
	case 'G':
		go_to(row, count - 1);
		break;
	case 'H':
		go_to(count - 1, parameter(1, 1) - 1);
		break;
	case 'J':
		erase_in_display();
		break;
	case 'K':
		erase_in_line();
		break;
	default:
		break;
	}
}

static void take_sequence(uint8_t c)
{
	uint32_t *value = &display.parameters[MIN(display.parameter_count, PARAMETERS - 1U)];

	if (c >= '0' && c <= '9' && display.parameter_count < PARAMETERS) {
		*value = MIN(*value * 10 + c - '0', (uint32_t)PARAMETER_MAX);
	} else if (c == ';') {
		display.parameter_count++;
	} else if (c >= 0x40 && c <= 0x7e) {
		display.state = TEXT;
		take_final(c);
	}
}

static void take_after_escape(uint8_t c)
{
	static const char strings[] = "PX]^_"; /* ECMA-48 5.6 "Control strings" */

	memset(display.parameters, 0, sizeof(display.parameters));
	display.parameter_count = 0;
	if (c == '[')
		display.state = IN_CSI;
	else if (strchr(strings, c) && c)
		display.state = IN_STRING;
	else if (c < 0x20 || c > 0x2f) /* these go on with an escape sequence */
		display.state = TEXT;
}

static void take(uint8_t c)
{
	/* ECMA-48 5.5: whatever was begun, this begins something new. */
	bool begins = c == ESC && display.state != TEXT;

	switch (display.state) {
	case TEXT:
		take_text(c);
		break;
	case AFTER_ESC:
		if (!begins)
			take_after_escape(c);
		break;
	case IN_CSI:
		if (begins)
			display.state = AFTER_ESC;
		else
			take_sequence(c);
		break;
	case IN_STRING:
		if (begins || c == BEL)
			display.state = begins ? STRING_ESC : TEXT;
		break;
	case STRING_ESC:
		display.state = AFTER_ESC;
		take_after_escape(c);
		break;
	}
}

void display_write(const uint8_t *bytes, size_t size)
{
	if (!display.canvas.base || size == 0)
		return;
	for (size_t i = 0; i < size; i++)
		take(bytes[i]);
	display.changed = true;
}

static void draw_row(uint32_t row)
{
	for (uint32_t column = 0; column < display.canvas.columns; column++) {
		uint8_t cell = display.wanted[row][column];

		if (row == display.row && column == MIN(display.column, display.canvas.columns - 1))
			cell |= CURSOR;
		if (cell == display.drawn[row][column])
			continue;
		display.drawn[row][column] = cell;
		canvas_put(&display.canvas, column, row, (char)(cell & ~CURSOR), cell & CURSOR);
	}
}

void display_refresh(bool now)
{
	uint64_t tsc = call_clock();

	if (!display.changed || (!now && tsc < display.next_tsc))
		return;
	for (uint32_t row = 0; row < display.canvas.rows; row++)
		draw_row(row);
	display.changed = false;
	display.next_tsc = tsc + clock_hz() / REFRESHES_PER_SECOND;
}

uint64_t display_deadline(void)
{
	return display.changed ? MAX(display.next_tsc, 1ULL) : 0;
}
