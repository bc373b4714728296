/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tracks where the terminal's cursor stands, so that typing at the end of the line costs one byte and
 * no control sequence. Sequences: ECMA-48 "CUU", "CUD", "CHA", "ED".
 */
#include "console/screen.h"

#include "console/uart.h"
#include "lib/format.h"
#include "lib/string.h"

static struct {
	const char *prompt;
	bool plain;
	bool in_line;
	bool drawn;    /* the prompt and the line are on the screen */
	size_t cursor; /* the terminal's, in characters from the line's first */
	bool at_edge;  /* the terminal has filled a row and wraps at the next character only */
} screen;

void screen_reset(void)
{
	screen.prompt = "";
	screen.plain = screen.in_line = false;
	screen.drawn = false;
	screen.cursor = 0;
}

void screen_set_plain(bool plain)
{
	screen_hide();
	screen.plain = plain;
}

void screen_write_raw(const void *data, size_t size)
{
	uart_write(data, size);
}

static void put(const char *text)
{
	uart_write(text, strlen(text));
}

static void put_sequence(size_t count, char final)
{
	char text[16];

	format(text, sizeof(text), "\x1b[%lu%c", count, final);
	put(text);
}

/* Makes the terminal wrap, so that our count of rows holds before the cursor is moved. */
static void settle(void)
{
	if (screen.at_edge)
		put(" \b");
	screen.at_edge = false;
}

/* Moves the terminal's cursor to a character of the line. */
static void move(size_t to)
{
	size_t prompt = strlen(screen.prompt);
	size_t from_cell = prompt + screen.cursor;
	size_t to_cell = prompt + to;
	size_t from_row = from_cell / SCREEN_COLUMNS, to_row = to_cell / SCREEN_COLUMNS;

	if (from_cell == to_cell)
		return;
	settle();
	if (to_row < from_row)
		put_sequence(from_row - to_row, 'A');
	if (to_row > from_row)
		put_sequence(to_row - from_row, 'B');
	if (to_row == from_row && to_cell + 1 == from_cell)
		put("\b");
	else
		put_sequence(to_cell % SCREEN_COLUMNS + 1, 'G');
	screen.cursor = to;
}

/* Prints text at the cursor. */
static void put_line_text(const char *text, size_t length)
{
	uart_write(text, length);
	screen.cursor += length;
	if (length > 0)
		screen.at_edge = (strlen(screen.prompt) + screen.cursor) % SCREEN_COLUMNS == 0;
}

void screen_hide(void)
{
	size_t row = (strlen(screen.prompt) + screen.cursor) / SCREEN_COLUMNS;

	if (!screen.drawn)
		return;
	settle();
	screen.drawn = false;
	if (row > 0)
		put_sequence(row, 'A');
	put("\r\x1b[J");
}

void screen_set_prompt(const char *text)
{
	if (!strcmp(screen.prompt, text))
		return;
	screen_hide();
	screen.prompt = text;
}

static void draw(const struct line *line)
{
	put(screen.prompt);
	screen.cursor = 0;
	screen.at_edge = false;
	put_line_text(line->text, line->length);
	move(line->cursor);
	screen.drawn = true;
}

static void update(const struct line *line)
{
	size_t dirty = line->dirty;

	if (dirty != LINE_CLEAN) {
		bool appended = dirty == screen.cursor && line->cursor == line->length &&
				line->length > dirty;

		move(MIN(dirty, line->length));
		put_line_text(line->text + screen.cursor, line->length - screen.cursor);
		if (!appended) {
			settle();
			put("\x1b[J");
		}
	}
	move(line->cursor);
}

void screen_refresh(struct line *line)
{
	if (screen.in_line)
		return;
	if (screen.plain) {
		line->bell = false;
		line->dirty = LINE_CLEAN;
		return;
	}
	if (line->bell)
		put("\a");
	line->bell = false;
	if (screen.drawn)
		update(line);
	else if (screen.prompt[0] || line->length > 0)
		draw(line);
	line->dirty = LINE_CLEAN;
}

void screen_commit(struct line *line)
{
	line->cursor = line->length;
	screen_refresh(line);
	if (screen.drawn)
		put("\r\n");
	screen.drawn = false;
}

void screen_clear(void)
{
	if (screen.plain)
		return;
	put("\x1b[H\x1b[2J");
	screen.drawn = false;
}

/* ECMA-48 "ST" ends a control string, "DECSTR" of the VT220 resets modes and attributes, SI the set. */
void screen_restore(void)
{
	if (!screen.plain)
		put("\x1b\\\x1b[!p\x0f");
	put("\r\n");
}

void screen_put_line(const char *text, size_t length)
{
	size_t plain = 0;

	screen_hide();
	for (size_t i = 0; i < length; i++) {
		char escaped[8];

		if (text[i] >= ' ' && text[i] <= '~')
			continue;
		uart_write(text + plain, i - plain);
		format(escaped, sizeof(escaped), "\\x%02x", (unsigned)(uint8_t)text[i]);
		put(escaped);
		plain = i + 1;
	}
	uart_write(text + plain, length - plain);
	put("\r\n");
}

void screen_begin_line(void)
{
	screen_hide();
	screen.in_line = true;
}

void screen_end_line(void)
{
	put("\r\n");
	screen.in_line = false;
}

bool screen_is_in_line(void)
{
	return screen.in_line;
}
