/* SPDX-License-Identifier: BSD-2-Clause */
/* The line editor as the operator sees it: a small terminal shows what the console sends. */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "console/history.h"
#include "tests/unit/fake_kernel.h"

enum { ROWS = 60, COLUMNS = 80 };

/* A VT100 with as much of it as the console uses; anything else fails the test. */
static struct {
	char cell[ROWS][COLUMNS + 1];
	unsigned row, column; /* column == COLUMNS: the next character wraps */
	unsigned bells;
	size_t seen;
} term;

static void clear_rest(void)
{
	memset(term.cell[term.row] + term.column, ' ', COLUMNS - term.column);
	for (unsigned i = term.row + 1; i < ROWS; i++)
		memset(term.cell[i], ' ', COLUMNS);
}

static void term_reset(void)
{
	memset(&term, 0, sizeof(term));
	clear_rest();
}

static void line_feed(void)
{
	if (term.row + 1 < ROWS) {
		term.row++;
		return;
	}
	memmove(term.cell[0], term.cell[1], sizeof(term.cell) - sizeof(term.cell[0]));
	memset(term.cell[ROWS - 1], ' ', COLUMNS);
}

static void term_sequence(char final, unsigned number)
{
	if (final == 'A') {
		assert_true(number <= term.row);
		term.row -= number;
	} else if (final == 'B') {
		term.row += number;
		assert_true(term.row < ROWS);
	} else if (final == 'G') {
		assert_true(number >= 1 && number <= COLUMNS);
		term.column = number - 1;
	} else if (final == 'H') {
		term.row = term.column = 0;
	} else if (final == 'J') {
		if (number == 2)
			term.row = term.column = 0;
		clear_rest();
	} else {
		fail_msg("sequence ending in %c", final);
	}
}

static void term_put(char c)
{
	if (term.column == COLUMNS) {
		term.column = 0;
		line_feed();
	}
	term.cell[term.row][term.column++] = c;
}

/* Shows what came out since the last time. */
static void term_show(void)
{
	const char *out = fake.output;

	for (; term.seen < fake.output_size; term.seen++) {
		char c = out[term.seen];

		if (c == '\r') {
			term.column = 0;
		} else if (c == '\n') {
			line_feed();
		} else if (c == '\b') {
			term.column -= term.column > 0;
		} else if (c == '\a') {
			term.bells++;
		} else if (c == 0x1b) {
			unsigned number = 0;

			assert_int_equal(out[++term.seen], '[');
			while (out[++term.seen] >= '0' && out[term.seen] <= '9')
				number = number * 10 + (unsigned)(out[term.seen] - '0');
			term_sequence(out[term.seen], number);
		} else {
			assert_true(c >= ' ' && c <= '~');
			term_put(c);
		}
	}
}

static void boot(void **state)
{
	(void)state;
	fake_reset();
	fake_boot();
	fake_clear();
	term_reset();
	fake_type("\x0c");
	fake_run();
	term_show();
}

static void type(const char *bytes)
{
	fake_type(bytes);
	fake_run();
	term_show();
}

/* The screen ends with the prompt and text, the cursor at text's character `cursor`. */
static void expect_shown(const char *text, size_t cursor)
{
	char expected[2048];
	size_t length = (size_t)snprintf(expected, sizeof(expected), "freehold> %s", text);
	size_t cell = 10 + cursor;
	/* At the edge the terminal has not wrapped yet. */
	unsigned row = term.row + (term.column == COLUMNS), top;

	assert_true(row >= cell / COLUMNS);
	top = row - (unsigned)(cell / COLUMNS);
	assert_int_equal(term.column % COLUMNS, cell % COLUMNS);
	for (size_t i = 0; i < length; i++)
		assert_int_equal(term.cell[top + i / COLUMNS][i % COLUMNS], expected[i]);
	for (size_t i = length; i < (ROWS - top) * COLUMNS; i++)
		assert_int_equal(term.cell[top + i / COLUMNS][i % COLUMNS], ' ');
}

static void test_editing(void **state)
{
	boot(state);
	expect_shown("", 0);
	type("list");
	expect_shown("list", 4);
	type("\x1b[D\x1b[DX");
	expect_shown("liXst", 3);
	type("\x01"
	     "a\x05z");
	expect_shown("aliXstz", 7);
	type("\x7f\x1b[D\x1b[3~");
	expect_shown("aliXs", 5);
	type("\x17");
	expect_shown("", 0);
	type("one two  three\x17");
	expect_shown("one two  ", 9);
	type("\x17\x01\x0b");
	expect_shown("", 0);
	type("abc\x1b[D\x15");
	expect_shown("c", 0);
	type("\x03");
	expect_shown("", 0);
	type("typed\x0c");
	expect_shown("typed", 5);
}

static void test_history(void **state)
{
	boot(state);
	type("list\rimages\rimages\r\rdraft");
	type("\x1b[A");
	expect_shown("images", 6);
	type("\x1b[A");
	expect_shown("list", 4);
	assert_int_equal(term.bells, 0);
	type("\x1b[A");
	expect_shown("list", 4);
	assert_int_equal(term.bells, 1);
	type("\x1b[B\x1b[B");
	expect_shown("draft", 5);
	type("\x1b[B");
	assert_int_equal(term.bells, 2);
}

static void test_history_is_bounded(void **state)
{
	char text[64];

	boot(state);
	for (unsigned i = 0; i < 3 * HISTORY_LINES; i++) {
		snprintf(text, sizeof(text), "help x%u\r", i);
		type(text);
	}
	for (unsigned i = 0; i < HISTORY_LINES; i++)
		type("\x1b[A");
	snprintf(text, sizeof(text), "help x%u", 2 * HISTORY_LINES);
	expect_shown(text, strlen(text));
	type("\x1b[A");
	expect_shown(text, strlen(text));
}

/* An independent model of the line, under random keys: what is shown must be what would be executed. */
struct model {
	char text[2048];
	size_t length, cursor;
};

static void model_insert(struct model *model, char c)
{
	memmove(model->text + model->cursor + 1, model->text + model->cursor,
		model->length + 1 - model->cursor);
	model->text[model->cursor++] = c;
	model->length++;
}

static void model_erase(struct model *model, size_t from, size_t to)
{
	memmove(model->text + from, model->text + to, model->length + 1 - to);
	model->length -= to - from;
	model->cursor = from;
}

static void random_key(struct model *model, char *keys)
{
	unsigned kind = (unsigned)rand() % 24;
	char c = (char)('a' + rand() % 26);

	if (kind < 10 || model->length < 60) {
		model_insert(model, c);
		snprintf(keys, 8, "%c", c);
	} else if (kind < 14) {
		model->cursor -= model->cursor > 0;
		strcpy(keys, "\x1b[D");
	} else if (kind < 17) {
		model->cursor += model->cursor < model->length;
		strcpy(keys, "\x1b[C");
	} else if (kind == 17) {
		model->cursor = 0;
		strcpy(keys, "\x01");
	} else if (kind == 18) {
		model->cursor = model->length;
		strcpy(keys, "\x05");
	} else if (kind < 21) {
		if (model->cursor > 0)
			model_erase(model, model->cursor - 1, model->cursor);
		strcpy(keys, "\x7f");
	} else if (kind == 21) {
		if (model->cursor < model->length)
			model_erase(model, model->cursor, model->cursor + 1);
		strcpy(keys, "\x04");
	} else {
		fake.events |= CONSOLE_LOG;
		strcpy(keys, "");
	}
}

static void test_random_editing(void **state)
{
	static struct model model;
	static char log[1 << 16] = "";
	char keys[64];

	srand(7);
	for (unsigned round = 0; round < 20; round++) {
		boot(state);
		memset(&model, 0, sizeof(model));
		log[0] = '\0';
		fake.log = log;
		for (unsigned i = 0; i < 300 && model.length < 400; i++) {
			random_key(&model, keys);
			/* A warning that comes while one types stands above, and changes nothing. */
			if (!keys[0])
				strcat(log, "[1.0] warning: hot\n");
			type(keys);
			expect_shown(model.text, model.cursor);
		}
	}
}

/* K02: one error and one bell, however long the line is; the line that follows is executed. */
static void test_overlong_line(void **state)
{
	static char bytes[(1 << 20) + 16];
	const char *error;

	boot(state);
	memset(bytes, 'a', 1 << 20);
	strcpy(bytes + (1 << 20), "\rimages\r");
	fake_clear();
	fake_type(bytes);
	fake_run();
	error = strstr(fake.output, "error: ");
	assert_non_null(error);
	assert_null(strstr(error + 1, "error: "));
	assert_non_null(strstr(error, "at most 1023 characters"));
	assert_non_null(strchr(fake.output, '\a'));
	assert_null(strchr(strchr(fake.output, '\a') + 1, '\a'));
	assert_non_null(strstr(fake.output, "initrd"));
}

static void test_longest_line(void **state)
{
	static char bytes[2048];
	char text[LINE_SIZE];

	boot(state);
	memset(text, 'a', sizeof(text));
	memcpy(text, "help ", 5);
	text[LINE_SIZE - 1] = '\0';
	snprintf(bytes, sizeof(bytes), "%s\r", text);
	fake_clear();
	fake_type(bytes);
	fake_run();
	assert_non_null(strstr(fake.output, "error: help aaaa"));
	assert_null(strstr(fake.output, "1023"));
	assert_null(strchr(fake.output, '\a'));
}

static void test_completion(void **state)
{
	boot(state);
	type("cre\t");
	expect_shown("create ", 7);
	type("web mem\t");
	expect_shown("create web memory=", 18);
	type("64M ker\tk\t");
	expect_shown("create web memory=64M kernel=kernel ", 36);
	type("\r");
	type("sho\tw\t");
	expect_shown("show web ", 9);
	type("\x15"
	     "debug \tv\t");
	expect_shown("debug vcpu ", 11);
	type("\x15"
	     "destroy web --\t");
	expect_shown("destroy web --yes ", 18);
	type("\x15"
	     "re\t");
	assert_true(term.bells >= 1);
	expect_shown("re", 2);
	assert_non_null(strstr(fake.output, "reboot  rename  reset   resume"));
	type("\x15"
	     "help st\to\t");
	expect_shown("help stop ", 10);
	type("\x15"
	     "ti\tsho\tw\t");
	expect_shown("time show web ", 14);
	type("\x15"
	     "\"\t");
	expect_shown("\"", 1);
	/* Before the cursor only. */
	type("\x15"
	     "lis x\x1b[D\x1b[D\t");
	expect_shown("list  x", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_editing),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_history_is_bounded),
		cmocka_unit_test(test_random_editing),
		cmocka_unit_test(test_overlong_line),
		cmocka_unit_test(test_longest_line),
		cmocka_unit_test(test_completion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
