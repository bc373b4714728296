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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_lines, boot),
		cmocka_unit_test_setup(test_flood, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
