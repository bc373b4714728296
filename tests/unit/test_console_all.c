/* SPDX-License-Identifier: BSD-2-Clause */
/* `console all`: what several guests say at once. */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "console/main.h"
#include "console/uart.h"
#include "tests/unit/fake_expect.h"

enum { GUESTS = 8 };

static const char *const names[GUESTS] = {"a", "bb", "ccc", "d", "e", "f", "g", "h"};
static struct fake_partition *guests[GUESTS];

static int boot(void **state)
{
	char line[80];

	(void)state;
	fake_reset();
	fake_boot();
	for (unsigned i = 0; i < GUESTS; i++) {
		snprintf(line, sizeof(line), "create %s memory=4M kernel=kernel", names[i]);
		fake_command(line);
		snprintf(line, sizeof(line), "start %s", names[i]);
		fake_command(line);
		guests[i] = fake_find(names[i]);
	}
	return 0;
}

static void say(unsigned guest, const char *text)
{
	assert_int_equal(fake_guest_write(guests[guest], text, strlen(text)), strlen(text));
	fake_run();
}

static void expect_closed(void)
{
	for (unsigned i = 0; i < GUESTS; i++) {
		assert_int_equal(guests[i]->ring->attached, 0);
		assert_int_equal(guests[i]->ring->wake, 0);
	}
}

static void test_lines(void **state)
{
	(void)state;
	say(0, "before\n");
	fake_command("console all");
	fake_expect("[attached to all to read only; Ctrl-] detaches]\r\n");
	assert_null(strstr(fake_output(), "before"));
	say(0, "one\r\ntw");
	say(2, "other \x1b[2J\n");
	say(0, "o\n");
	fake_expect("\na   | one\r\n");
	fake_expect("\nccc | other \\x1b[2J\r\na   | two\r\n");
	/* News comes as ever. */
	fake_end("bb", REASON_TRIPLE, "");
	fake_run();
	fake_expect("[bb stopped: triple fault]\r\n");
	say(3, "half");
	fake_type("x\x1dlist\r");
	fake_run();
	fake_expect("d   | half\r\n[detached from all]\r\n");
	fake_expect("freehold> list\r\nNAME");
	expect_closed();
	/* Nor is what was typed before it, if the console has it already. */
	fake_command("console all");
	fake_type("list\r");
	fake_run();
	fake_type("x");
	fake_run();
	fake_type("\x1dimages\r");
	fake_run();
	fake_expect("[detached from all]\r\nfreehold> images\r\nIMAGE");
	expect_closed();
	fake_command("console all");
	fake_type("\x03");
	fake_run();
	fake_expect("^C\r\nfreehold> ");
	expect_closed();
	/* A line that goes on is whole: with what was said of it before. */
	fake_command("console all");
	say(3, " and half\nnext\n");
	fake_expect("\nd   | half and half\r\nd   | next\r\n");
	fake_type("\x03");
	fake_run();
	expect_closed();
}

/* All flood: each line of each comes once, in its guest's order. */
static void test_flood(void **state)
{
	static char text[GUESTS][160000];
	size_t size[GUESTS] = {0}, sent[GUESTS] = {0};
	const char *at[GUESTS];
	bool more = true;

	(void)state;
	for (unsigned i = 0; i < GUESTS; i++)
		for (unsigned k = 0; k < 8000; k++)
			size[i] += (size_t)sprintf(text[i] + size[i], "line %u\n", k);
	fake_command("console all");
	fake.line_takes = 3000;
	while (more) {
		more = false;
		for (unsigned i = 0; i < GUESTS; i++) {
			sent[i] += fake_guest_write(guests[i], text[i] + sent[i], size[i] - sent[i]);
			more |= sent[i] < size[i];
		}
		fake_run();
	}
	for (unsigned i = 0; i < GUESTS; i++)
		at[i] = fake_output();
	for (unsigned k = 0; k < 8000; k++) {
		for (unsigned i = 0; i < GUESTS; i++) {
			char line[40];

			snprintf(line, sizeof(line), "\n%-3s | line %u\r\n", names[i], k);
			at[i] = strstr(at[i], line);
			if (!at[i])
				fail_msg("%s: no line %u", names[i], k);
		}
	}
	assert_null(strstr(fake_output(), "lost"));
}

/* Some go away in the background, by either way: of them nothing is read any more, the others go on. */
static void test_gone(void **state)
{
	static const char *const ways[] = {"destroy a --yes\r", "edit\rdestroy a\rcommit --yes\r"};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		boot(state);
		fake.again[CALL_PART_DESTROY] = 50;
		fake_type(ways[i]);
		for (unsigned turn = 0; turn < 5; turn++)
			console_turn();
		fake_type("\x03");
		console_turn();
		fake_type("console all\r");
		console_turn();
		assert_int_equal(guests[0]->ring->attached, 1);
		fake_guest_write(guests[0], "half", 4);
		fake_run();
		fake_expect("in the background\r\n");
		assert_null(fake_find("a"));
		say(1, "goes on\n");
		fake_expect("\nbb  | goes on\r\n");
		fake_type("\x1d");
		fake_run();
		fake_expect("[detached from all]\r\n");
		assert_int_equal(guests[1]->ring->attached, 0);
	}
}

/* One is made anew in the background: its lines are shown again. */
static void test_made_anew(void **state)
{
	(void)state;
	fake_command("stop a --force");
	fake_command("edit");
	fake_command("set a cmdline=x");
	fake.again[CALL_PART_DESTROY] = 50;
	fake_type("commit\r");
	console_turn();
	fake_type("\x03");
	console_turn();
	fake_type("console all\r");
	fake_run();
	fake_expect("[committed]\r\n");
	guests[0] = fake_find("a");
	assert_string_equal(guests[0]->info.cmdline, "x");
	say(0, "anew\n");
	fake_expect("\na   | anew\r\n");
	fake_type("\x03");
	fake_run();
	expect_closed();
}

/* While a page waits to be turned the guests are not looked at by the clock, and wait if they must. */
static void test_pager(void **state)
{
	static char text[400];
	size_t size = 0;

	(void)state;
	for (unsigned i = 0; i < 30; i++)
		size += (size_t)sprintf(text + size, "line %u\n", i);
	fake_command("pager on");
	fake_command("console all");
	say(1, "begins\n");
	say(0, text);
	fake_expect("a   | line 10\r\n");
	fake_expect("--more--");
	assert_null(strstr(fake_output(), "line 25"));
	/* As it came to rest it has no deadline; else fake_run() would not have ended. */
	fake_type(" ");
	fake_run();
	fake_expect("a   | line 29\r\n");
	fake_type("\x03");
	fake_run();
	expect_closed();
}

/* More is typed than the console keeps, while it does something that only a key ends. */
static void test_typed_over(void **state)
{
	static const char *const commands[] = {"console all", "logs -f a", "top", "trace a"};
	static const char told[] = "[more than 16 KiB were typed ahead: nothing of that is executed]";
	static char text[40000];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 100 == 99 ? '\r' : 'x';
	text[sizeof(text) - 1] = 3;
	fake.stand_still = true;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		fake_command(commands[i]);
		fake_type_bytes(text, sizeof(text));
		fake_run();
		assert_int_equal(i < 2, strstr(fake_output(), told) != NULL);
		assert_true(fake_has_prompt());
		assert_non_null(strstr(fake_command("list"), "NAME"));
	}
	/* The rest of a line that was cut is no command, where the command ends otherwise. */
	fake_command("edit");
	fake_command("set a weight=7");
	fake_command("commit confirmed 30");
	fake_command("console all");
	text[UART_IN_SIZE - 1] = 'x';
	fake_type_bytes(text, UART_IN_SIZE);
	fake_run();
	fake_type("ist\rlist\r");
	fake_run();
	fake.stand_still = false;
	fake_run();
	fake_expect("[nobody confirmed: the commit is undone]");
	fake_expect("bytes of the line were no text; nothing was done\r\n");
	fake_expect("freehold> list\r\nNAME");
}

/* What runs to its end has all of it executed: the line is held. */
static void test_typed_much(void **state)
{
	static const char first[] = "wait a /never/ 5s\r", last[] = "\rimages\rdestroy a --yes\r";
	static char text[40000];

	(void)state;
	memset(text, '\r', sizeof(text));
	memcpy(text, first, sizeof(first) - 1);
	memcpy(text + sizeof(text) - sizeof(last) + 1, last, sizeof(last) - 1);
	fake_type_bytes(text, sizeof(text));
	fake_run();
	fake_expect("IMAGE ");
	assert_null(fake_find("a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_lines, boot),
		cmocka_unit_test_setup(test_flood, boot),
		cmocka_unit_test_setup(test_gone, boot),
		cmocka_unit_test_setup(test_made_anew, boot),
		cmocka_unit_test_setup(test_pager, boot),
		cmocka_unit_test_setup(test_typed_over, boot),
		cmocka_unit_test_setup(test_typed_much, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
