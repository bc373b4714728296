/* SPDX-License-Identifier: BSD-2-Clause */
/* The pure parts of the command language: words, numbers, scripts, memory layout, dates, keys. */
/* sources: console/escape.c console/words.c console/number.c console/script.c console/layout.c
 * console/clock.c console/keys.c lib/copy.c lib/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "console/clock.h"
#include "console/escape.h"
#include "console/keys.h"
#include "console/layout.h"
#include "console/number.h"
#include "console/script.h"
#include "console/words.h"

static struct words words;

static enum words_error split(const char *line)
{
	return words_split(&words, line, strlen(line));
}

static void test_words(void **state)
{
	(void)state;
	assert_int_equal(split("  create  web cmdline=\"a  b\\\"c\" x\\ y \"\" # rest \"open"),
			 WORDS_OK);
	assert_int_equal(words.count, 5);
	assert_string_equal(words.word[0], "create");
	assert_string_equal(words.word[1], "web");
	assert_string_equal(words.word[2], "cmdline=a  b\"c");
	assert_string_equal(words.word[3], "x y");
	assert_string_equal(words.word[4], "");
	assert_int_equal(split("a#b \\# \"#\""), WORDS_OK);
	assert_int_equal(words.count, 3);
	assert_string_equal(words.word[0], "a#b");
	assert_int_equal(split(""), WORDS_OK);
	assert_int_equal(words.count, 0);
}

static void test_words_errors(void **state)
{
	static char many[2 * (WORDS_MAX + 1) + 1], longest[WORDS_TEXT + 2];

	(void)state;
	assert_int_equal(split("a \"b"), WORDS_QUOTE);
	assert_int_equal(split("a /b\\/ c"), WORDS_SLASH);
	assert_int_equal(split("a \\"), WORDS_ESCAPE);
	assert_int_equal(split("a \x01"), WORDS_BYTE);
	assert_int_equal(split("a \xc3\xa9"), WORDS_BYTE);
	assert_int_equal(words_split(&words, "a\0b", 3), WORDS_BYTE);
	for (unsigned i = 0; i <= WORDS_MAX; i++)
		memcpy(many + 2 * i, "x ", 2);
	assert_int_equal(split(many), WORDS_TOO_MANY);
	many[2 * WORDS_MAX] = '\0';
	assert_int_equal(split(many), WORDS_OK);
	memset(longest, 'y', WORDS_TEXT);
	assert_int_equal(split(longest), WORDS_TOO_LONG);
	longest[WORDS_TEXT - 2] = '\0';
	assert_int_equal(split(longest), WORDS_OK);
	assert_int_equal(strlen(words.word[0]), WORDS_TEXT - 2);
}

static void expect_raw(unsigned index, const char *text)
{
	assert_int_equal(words.raw_length[index], strlen(text));
	assert_memory_equal(words.raw[index], text, strlen(text));
}

/* An expression is one word as it stands; and of each word it is known how it was typed. */
static void test_words_as_typed(void **state)
{
	(void)state;
	assert_int_equal(split("wait web /a \"b\\/ #/ 30s # c"), WORDS_OK);
	assert_int_equal(words.count, 4);
	assert_string_equal(words.word[2], "/a \"b\\/ #/");
	expect_raw(2, "/a \"b\\/ #/");
	expect_raw(3, "30s");
	assert_int_equal(split("a/b \\x\"1 2\\n\"\\ 3\t\"\""), WORDS_OK);
	assert_int_equal(words.count, 3);
	assert_string_equal(words.word[1], "x1 2n 3");
	expect_raw(0, "a/b");
	expect_raw(1, "\\x\"1 2\\n\"\\ 3");
	expect_raw(2, "\"\"");
}

static void test_escapes(void **state)
{
	static const char good[] = "\"a b\\n\\r\\t\\e\\x00\\xfF\\\\\\\"\\q\"c";
	uint8_t bytes[16];
	size_t size = 99;

	(void)state;
	assert_true(escape_decode(good, strlen(good), bytes, sizeof(bytes), &size));
	assert_int_equal(size, 13);
	assert_memory_equal(bytes, "a b\n\r\t\x1b\0\xff\\\"qc", 13);
	assert_false(escape_decode(good, strlen(good), bytes, 12, &size));
	assert_false(escape_decode("\\x4", 3, bytes, sizeof(bytes), &size));
	assert_false(escape_decode("\\xg0", 4, bytes, sizeof(bytes), &size));
	assert_false(escape_decode("a\\", 2, bytes, sizeof(bytes), &size));
	assert_int_equal(size, 13);
	assert_true(escape_decode("\"\"", 2, bytes, sizeof(bytes), &size));
	assert_int_equal(size, 0);
}

/* K04 */
static void test_numbers(void **state)
{
	static const char *const bad[] = {
		"",
		"-1",
		"+1",
		"0x",
		"x",
		"1x",
		" 1",
		"1 ",
		"010",
		"00",
		"18446744073709551616",
		"1e3",
		"0x1g",
		"99999999999999999999999",
		"--1",
		"1.5",
	};
	uint64_t value = 77;

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(number_parse(bad[i], &value));
	assert_int_equal(value, 77);
	assert_true(number_parse("18446744073709551615", &value));
	assert_true(value == UINT64_MAX);
	assert_true(number_parse("0", &value) && value == 0);
	assert_true(number_parse("0x1F", &value) && value == 31);
}

static void test_sizes(void **state)
{
	static const char *const bad[] = {
		"", "K", "1KB", "-1M", "16777216T", "18446744073709551615K", "1 M", "0xM", "M1"};
	uint64_t bytes = 77;
	char text[NUMBER_TEXT];

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(number_parse_size(bad[i], &bytes));
	assert_int_equal(bytes, 77);
	assert_true(number_parse_size("128M", &bytes) && bytes == MIB(128));
	assert_true(number_parse_size("3g", &bytes) && bytes == GIB(3));
	assert_true(number_parse_size("16777215T", &bytes) && bytes == 16777215ULL << 40);
	assert_true(number_parse_size("4096", &bytes) && bytes == 4096);
	assert_string_equal(number_size_text(text, GIB(1) + MIB(205)), "1.2 GiB");
	assert_string_equal(number_size_text(text, 512), "0.5 KiB");
	assert_string_equal(number_size_text(text, MIB(1024)), "1 GiB");
	assert_string_equal(number_size_text(text, UINT64_MAX), "16777215.9 TiB");
}

static void test_seconds(void **state)
{
	static const char *const bad[] = {"",	"s",   "1d",	   "-1",   "1 s",
					  "01", "1ss", "31622401", "8785h"};
	uint64_t seconds = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(number_parse_seconds(bad[i], &seconds));
	assert_int_equal(seconds, 7);
	assert_true(number_parse_seconds("30", &seconds) && seconds == 30);
	assert_true(number_parse_seconds("30s", &seconds) && seconds == 30);
	assert_true(number_parse_seconds("5m", &seconds) && seconds == 300);
	assert_true(number_parse_seconds("8784h", &seconds) && seconds == 31622400);
	assert_true(number_parse_seconds("0", &seconds) && seconds == 0);
}

static void test_lists(void **state)
{
	static const char *const bad[] = {"",	  ",",	   "1,", ",1",	 "3-2",	       "1-", "-1",
					  "1--2", "1-2-3", "a",	 "1, 2", "4294967295", "1;2"};
	uint32_t list[64];
	size_t count;

	(void)state;
	assert_int_equal(number_parse_list("2-3,5", list, 64, &count), LIST_OK);
	assert_int_equal(count, 3);
	assert_int_equal(list[0], 2);
	assert_int_equal(list[1], 3);
	assert_int_equal(list[2], 5);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(number_parse_list(bad[i], list, 64, &count), LIST_SYNTAX);
	assert_int_equal(number_parse_list("1,2-4,3", list, 64, &count), LIST_TWICE);
	assert_int_equal(number_parse_list("0-64", list, 64, &count), LIST_TOO_MANY);
	assert_int_equal(number_parse_list("0-4294967294", list, 64, &count), LIST_TOO_MANY);
	assert_int_equal(number_parse_list("0-63", list, 64, &count), LIST_OK);
}

static struct script_line line;

static void expect_line(struct script *script, unsigned number, const char *text)
{
	assert_true(script_next(script, &line));
	assert_int_equal(line.line, number);
	assert_int_equal(line.length, strlen(text));
	assert_memory_equal(line.text, text, line.length);
	assert_false(line.too_long);
}

static void test_script(void **state)
{
	static const char text[] = "# comment \\\nlist\n\n  \t\r\n"
				   "create a \\\n  # inside \\\n  b=\"x \\\n#y\" \\\r\n c\n"
				   "start \\\\\nstart x # note \\\nhost";
	struct script script;

	(void)state;
	script_open(&script, text, sizeof(text) - 1);
	expect_line(&script, 2, "list");
	expect_line(&script, 5, "create a   b=\"x #y\"  c");
	expect_line(&script, 10, "start \\\\");
	expect_line(&script, 11, "start x ");
	expect_line(&script, 12, "host");
	assert_false(script_next(&script, &line));
	assert_false(script_next(&script, &line));
}

static void test_script_limits(void **state)
{
	static char text[1 << 20];
	struct script script;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text + sizeof(text) - 5, "\nlist", 5);
	script_open(&script, text, sizeof(text));
	assert_true(script_next(&script, &line));
	assert_true(line.too_long);
	assert_int_equal(line.length, SCRIPT_LINE);
	expect_line(&script, 2, "list");
	script_open(&script, "list \\", 6);
	expect_line(&script, 1, "list ");
	assert_false(script_next(&script, &line));
	script_open(&script, text, 0);
	assert_false(script_next(&script, &line));
}

static void test_layout(void **state)
{
	struct part_range r[MAX_RANGES];

	(void)state;
	assert_int_equal(layout_plan(MIB(512), r), 2);
	assert_int_equal(r[0].gpa, 0);
	assert_int_equal(r[0].size, 0xa0000);
	assert_int_equal(r[1].gpa, 0xc0000);
	assert_int_equal(r[1].gpa + r[1].size, MIB(512));
	assert_int_equal(layout_bytes(r, 2), MIB(512) - KIB(128));
	assert_int_equal(layout_asked(r, 2), MIB(512));
	assert_int_equal(layout_plan(GIB(3), r), 2);
	assert_int_equal(layout_asked(r, 2), GIB(3));
	assert_int_equal(layout_plan(GIB(3) + 4096, r), 3);
	assert_int_equal(r[1].gpa + r[1].size, GIB(3));
	assert_int_equal(r[2].gpa, GIB(4));
	assert_int_equal(r[2].size, 4096);
	assert_int_equal(layout_asked(r, 3), GIB(3) + 4096);
	assert_int_equal(layout_asked(r, 0), 0);
	assert_int_equal(layout_asked(r, 99), 0);
	assert_int_equal(layout_plan(LAYOUT_MIN, r), 2);
	assert_int_equal(r[1].size, KIB(1280));
}

static void test_clock(void **state)
{
	char text[CLOCK_TEXT];

	(void)state;
	assert_string_equal(clock_date(text, 0), "1970-01-01 00:00:00 UTC");
	assert_string_equal(clock_date(text, 951782400ULL * 1000000000), "2000-02-29 00:00:00 UTC");
	assert_string_equal(clock_date(text, 1767225599ULL * 1000000000), "2025-12-31 23:59:59 UTC");
	assert_string_equal(clock_date(text, 4107542400ULL * 1000000000), "2100-03-01 00:00:00 UTC");
	clock_reset(1000);
	assert_string_equal(clock_duration(text, 3723456), "1:02:03.4");
}

static struct keys keys;

/* The keys that bytes give, as a list ended by -1. */
static void expect_keys(const char *bytes, size_t size, const int *expected, uint64_t noise)
{
	memset(&keys, 0, sizeof(keys));
	for (size_t i = 0; i < size; i++) {
		int key = keys_feed(&keys, (uint8_t)bytes[i]);

		if (key != KEY_NONE)
			assert_int_equal(key, *expected++);
	}
	assert_int_equal(*expected, -1);
	assert_int_equal(keys.noise, noise);
}

#define EXPECT_KEYS(bytes, noise, ...) \
	expect_keys(bytes, sizeof(bytes) - 1, (const int[]){__VA_ARGS__ __VA_OPT__(, ) - 1}, noise)

static void test_keys(void **state)
{
	(void)state;
	EXPECT_KEYS("a~", 0, 'a', '~');
	EXPECT_KEYS("\x1b[A\x1bOB\x1b[1;5C\x1b[3~\x1b[H\x1bOF\x1b[4~", 0, KEY_UP, KEY_DOWN,
		    KEY_RIGHT, KEY_DELETE, KEY_HOME, KEY_END, KEY_END);
	EXPECT_KEYS("\r\n\n\r\r", 0, KEY_ENTER, KEY_ENTER, KEY_ENTER, KEY_ENTER);
	EXPECT_KEYS("\x01\x05\x0b\x15\x17\x03\x0c\t\x7f\x08", 0, KEY_HOME, KEY_END, KEY_KILL_END,
		    KEY_KILL_START, KEY_KILL_WORD, KEY_INTERRUPT, KEY_CLEAR, KEY_TAB, KEY_BACKSPACE,
		    KEY_BACKSPACE);
	/* Function keys and bracketed paste do nothing, and spoil nothing. */
	EXPECT_KEYS("\x1b[15~\x1b[200~x\x1b[201~\x1bOP\x1b[24;80R", 0, 'x');
	EXPECT_KEYS("\x1b]0;title\x07y\x1bP1$r0m\x1b\\z", 0, 'y', 'z');
}

/* K03 */
static void test_keys_noise(void **state)
{
	(void)state;
	EXPECT_KEYS("\0\x11\x13\x07q", 0, 'q');
	EXPECT_KEYS("\xff\xc3\xa9q", 3, 'q');
	EXPECT_KEYS("\x1blist", 1, 'i', 's', 't');
	EXPECT_KEYS("\x1b\rq", 1, KEY_ENTER, 'q');
	EXPECT_KEYS("\x1b[\rq", 1, KEY_ENTER, 'q');
	EXPECT_KEYS("\x1b[mq", 1, 'q');
	EXPECT_KEYS("\x1b[99~q", 1, 'q');
	EXPECT_KEYS("\x1b[1111111111111111111111111111q", 1, '1', '1', '1', 'q');
	EXPECT_KEYS("\x1b]never ends\rq", 1, KEY_ENTER, 'q');
	EXPECT_KEYS("\x1b\x1b[A", 0, KEY_UP);
	EXPECT_KEYS("\x1b\xff\x1b[\xffq", 2, 'q');
}

/* Whatever came before: a CR ends every state, and plain text behind it is plain text. */
static void test_keys_recover(void **state)
{
	(void)state;
	memset(&keys, 0, sizeof(keys));
	srand(1);
	for (unsigned i = 0; i < 1000000; i++) {
		keys_feed(&keys, (uint8_t)(rand() & 0xff));
		if (i % 100)
			continue;
		struct keys copy = keys;

		keys_feed(&copy, '\r');
		assert_int_equal(keys_feed(&copy, 'x'), 'x');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),	     cmocka_unit_test(test_words_as_typed),
		cmocka_unit_test(test_escapes),	     cmocka_unit_test(test_words_errors),
		cmocka_unit_test(test_numbers),	     cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_seconds),	     cmocka_unit_test(test_lists),
		cmocka_unit_test(test_script),	     cmocka_unit_test(test_script_limits),
		cmocka_unit_test(test_layout),	     cmocka_unit_test(test_clock),
		cmocka_unit_test(test_keys),	     cmocka_unit_test(test_keys_noise),
		cmocka_unit_test(test_keys_recover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
