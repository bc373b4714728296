/* SPDX-License-Identifier: BSD-2-Clause */
/* pager on: a screenful at a time for who reads along, all at once for anybody else; nothing is lost. */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/errors.h"
#include "abi/frame.h"
#include "console/pager.h"
#include "console/screen.h"
#include "tests/unit/fake_kernel.h"

enum { LINES = 60 };

static char text[64 * 1024];

static void make_log(unsigned lines)
{
	size_t used = 0;

	for (unsigned i = 0; i < lines; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "line %u\n", i);
	fake.log = text;
}

static int boot(void **state)
{
	(void)state;
	fake_boot_with_web();
	make_log(LINES);
	fake_command("pager on");
	return 0;
}

static const char *press(const char *keys)
{
	fake_clear();
	fake_type(keys);
	fake_run();
	return fake_output();
}

/* The lines [first, end) of the log, between what comes before and after them. */
static void expect(const char *output, const char *before, unsigned first, unsigned end,
		   const char *after)
{
	static char expected[64 * 1024];
	int used = snprintf(expected, sizeof(expected), "%s", before);

	for (unsigned i = first; i < end; i++)
		used += snprintf(expected + used, sizeof(expected) - (size_t)used, "line %u\r\n", i);
	snprintf(expected + used, sizeof(expected) - (size_t)used, "%s", after);
	assert_string_equal(output, expected);
}

#define MORE "--more--"
#define GONE "\r\x1b[J"

static void test_pages(void **state)
{
	(void)state;
	expect(press("log\r"), "log\r\n", 0, 23, MORE);
	expect(press(" "), GONE, 23, 46, MORE);
	expect(press("\r"), GONE, 46, 47, MORE);
	expect(press("\x1b[B"), GONE, 47, 48, MORE);
	expect(press(" "), GONE, 48, LINES, "freehold> ");
}

static void test_quit(void **state)
{
	(void)state;
	press("log\r");
	expect(press("q"), "", 0, 0, GONE "freehold> ");
	press("log\r");
	expect(press("\x03"), "", 0, 0, GONE "freehold> ");
	/* What is quit is the output of that command only. */
	assert_non_null(strstr(press("list\r"), "web   stopped"));
}

/* Who types on does not read along. */
static void test_typing_on(void **state)
{
	(void)state;
	press("log\r");
	expect(press("images\r"), GONE, 23, LINES,
	       "freehold> images\r\nIMAGE     BYTES  PARTITIONS\r\n"
	       "kernel  7000000           0\r\ninitrd  1000000           0\r\n"
	       "tiny       4096           0\r\nfreehold> ");
	assert_null(strstr(press("log\rlist\r"), MORE));
	assert_non_null(strstr(fake_output(), "line 59\r\nfreehold> list\r\nNAME"));
}

/* A short output, a script's, JSON and freehold.conf's are never held. */
static void test_never(void **state)
{
	(void)state;
	assert_string_equal(press("pager\r"), "pager\r\npager on\r\nfreehold> ");
	assert_null(strstr(press("list\r"), MORE));
	assert_null(strstr(press("log --json\r"), MORE));
	press("mode script\r");
	expect(press("log\r"), "", 0, LINES, "ok\r\n");
	press("mode human\r");
	press("pager off\r");
	assert_string_equal(press("pager\r"), "pager\r\npager off\r\nfreehold> ");
	expect(press("log\r"), "log\r\n", 0, LINES, "freehold> ");
}

/* A partition's life goes on while the operator reads, and news of it comes at once. */
static void test_life_goes_on(void **state)
{
	(void)state;
	press("start web\r");
	press("log\r");
	fake_clear();
	fake_end("web", REASON_RESET, "");
	fake_run();
	assert_string_equal(fake_output(), GONE "[web reset: it is started again]\r\n" MORE);
	assert_int_equal(fake_find("web")->info.state, PART_RUNNING);
	assert_non_null(strstr(press(" "), "line 45\r\n" MORE));
}

/* More than is ever held at once, by a command that prints it in steps: it is not stepped meanwhile. */
static void test_long(void **state)
{
	(void)state;
	make_log(6000);
	expect(press("log\r"), "log\r\n", 0, 23, MORE);
	for (unsigned page = 1; page < 6000 / 23; page++)
		expect(press(" "), GONE, page * 23, page * 23 + 23, MORE);
	expect(press(" "), GONE, 5980, 6000, "freehold> ");
	press("log\r");
	assert_non_null(strstr(press("time list\r"), "line 5999\r\nfreehold> time list\r\n"));
}

/* Nothing is done by the clock while a page waits to be turned. */
static void test_live(void **state)
{
	static struct fake_exits recorder;
	unsigned waits;

	(void)state;
	press("start web\r");
	recorder = (struct fake_exits){0};
	fake_find("web")->exits[0] = &recorder;
	fake.stand_still = true;
	press("trace web\r");
	for (unsigned i = 0; i < 1000 && !strstr(fake_output(), MORE); i++) {
		fake_exit(fake_find("web"), 0, FAKE_CPUID, i, 0, 0);
		fake.tsc += FAKE_HZ;
		fake_run();
	}
	assert_non_null(strstr(fake_output(), MORE));
	fake.tsc += 10ull * FAKE_HZ;
	waits = fake.count[CALL_WAIT];
	fake_run();
	assert_true(fake.count[CALL_WAIT] <= waits + 3);
	assert_non_null(strstr(press("q"), GONE "freehold> "));
}

/* A screen that is cleared begins a page: that of `top` does not grow. */
static void test_top(void **state)
{
	(void)state;
	press("start web\r");
	fake.stand_still = true;
	press("top\r");
	for (unsigned i = 0; i < 100; i++) {
		fake.tsc += FAKE_HZ + 1;
		fake_run();
	}
	assert_null(strstr(fake_output(), MORE));
	fake_clear();
	fake.tsc += FAKE_HZ + 1;
	fake_run();
	assert_non_null(strstr(fake_output(), "web   running"));
}

/* One step that prints more than can be held shows it all, in order. */
static void test_too_much(void **state)
{
	char line[128];

	(void)state;
	fake_clear();
	pager_begin();
	for (unsigned i = 0; i < 1000; i++) {
		int length = snprintf(line, sizeof(line), "line %u%60s", i, "");

		if (!pager_take(line, (size_t)length))
			screen_put_line(line, (size_t)length);
	}
	assert_false(pager_is_holding());
	pager_end();
	fake_run();
	for (unsigned i = 0; i < 1000; i++) {
		int length = snprintf(line, sizeof(line), "line %u ", i);
		const char *at = strstr(fake_output(), line);

		assert_non_null(at);
		snprintf(line, sizeof(line), "line %u ", i + 1);
		assert_true(i == 999 || strstr(at + length, line));
	}
}

/* A guest's ring is larger than what the pager holds. */
static void test_a_whole_ring(void **state)
{
	enum { RING_LINES = 3000 };
	static char all[RING_LINES * 24];
	size_t size = 0;

	(void)state;
	press("start web\r");
	for (unsigned i = 0; i < RING_LINES; i++)
		size += (size_t)snprintf(all + size, sizeof(all) - size, "line %u\r\n", i);
	assert_int_equal(fake_guest_write(fake_find("web"), all, size), size);
	press("");
	assert_non_null(strstr(press("logs web\r"), "line 20\r\n"));
	assert_non_null(strstr(fake_output(), MORE));
	assert_null(strstr(fake_output(), "line 23\r\n"));
	assert_non_null(strstr(press(" "), "line 30\r\n"));
	assert_non_null(strstr(fake_output(), MORE));
	assert_string_equal(press("q"), GONE "freehold> ");
	/* Not paged, all of it comes. */
	press("pager off\r");
	assert_non_null(strstr(press("logs web\r"), "line 2999\r\nfreehold> "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_pages, boot),
		cmocka_unit_test_setup(test_quit, boot),
		cmocka_unit_test_setup(test_typing_on, boot),
		cmocka_unit_test_setup(test_never, boot),
		cmocka_unit_test_setup(test_life_goes_on, boot),
		cmocka_unit_test_setup(test_long, boot),
		cmocka_unit_test_setup(test_live, boot),
		cmocka_unit_test_setup(test_top, boot),
		cmocka_unit_test_setup(test_too_much, boot),
		cmocka_unit_test_setup(test_a_whole_ring, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
