/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/log: lines, lost bytes, what a guest may not do to the operator's terminal, and the
 * limiter.
 */
/* sources: kernel/log.c lib/format.c lib/string.c */
#include "kernel/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/assert.h"

static uint64_t time_us;
static unsigned notified;
static char text[2 * LOG_SIZE];

noreturn void assert_failed(const char *expression, const char *file, int line)
{
	print_error("%s:%d: %s\n", file, line, expression);
	abort();
}

static uint64_t fake_clock(void)
{
	return time_us;
}

static void on_notify(void)
{
	notified++;
}

static int set_up(void **state)
{
	(void)state;
	time_us = 0;
	notified = 0;
	log_set_level(LOG_INFO);
	log_set_clock(fake_clock);
	log_set_notify(on_notify);
	return 0;
}

/* All that was written since position, as a string. */
static const char *since(uint64_t position)
{
	size_t used = 0, got;

	while ((got = log_read(&position, text + used, 100)) != 0)
		used += got;
	text[used] = '\0';
	return text;
}

static void test_line(void **state)
{
	uint64_t from = log_head();

	(void)state;
	time_us = 12000345;
	log_print(LOG_INFO, "%u CPUs, %s", 4u, "SVM");
	assert_string_equal(since(from), "[   12.000345] 4 CPUs, SVM\n");
	assert_int_equal(notified, 1);
}

static void test_level(void **state)
{
	uint64_t from = log_head();

	(void)state;
	log_print(LOG_DEBUG, "hidden");
	log_set_level(LOG_DEBUG);
	log_print(LOG_DEBUG, "shown");
	log_set_level(LOG_ERROR);
	log_print(LOG_WARNING, "hidden");
	log_print(LOG_ERROR, "shown too");
	assert_string_equal(since(from), "[    0.000000] shown\n[    0.000000] error: shown too\n");
	assert_int_equal(notified, 2);
}

static void test_no_clock(void **state)
{
	uint64_t from = log_head();

	(void)state;
	time_us = 99;
	log_set_clock(NULL);
	log_set_notify(NULL);
	log_print(LOG_INFO, "early");
	assert_string_equal(since(from), "[    0.000000] early\n");
}

/* THREATS T3: an escape sequence or a forged line in guest text must come out as harmless text. */
static void test_sanitised(void **state)
{
	uint64_t from = log_head();

	(void)state;
	log_print(LOG_INFO, "%s", "a\x1b[2J\n[    0.000000] forged\x7f\xc3\xa4\r\t~ ");
	assert_string_equal(
		since(from),
		"[    0.000000] a\\x1b[2J\\x0a[    0.000000] forged\\x7f\\xc3\\xa4\\x0d\\x09~ \n");
}

static void test_all_bytes(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		uint64_t from = log_head();
		const char *line;

		log_print(LOG_INFO, "%c", c);
		line = since(from);
		for (size_t i = 0; i + 1 < strlen(line); i++)
			assert_in_range(line[i], ' ', '~');
		assert_int_equal(line[strlen(line) - 1], '\n');
	}
}

static void test_long_line(void **state)
{
	char many[2000];
	struct log_limiter limiter = {0};
	uint64_t from = log_head();

	(void)state;
	memset(many, 'm', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	log_print(LOG_INFO, "%s", many);
	assert_int_equal(strlen(since(from)), LOG_LINE_SIZE);
	memset(many, '\x01', sizeof(many) - 1);
	from = log_head();
	log_print(LOG_INFO, "%s", many);
	assert_in_range(strlen(since(from)), LOG_LINE_SIZE - 4, LOG_LINE_SIZE);
	from = log_head();
	log_partition(&limiter, many, LOG_INFO, "%s", many);
	assert_in_range(strlen(since(from)), LOG_LINE_SIZE - 8, LOG_LINE_SIZE);
	assert_int_equal(text[strlen(text) - 1], '\n');
}

/*
 * A reader that was away for more than a ring begins at a whole line, and only the oldest are
 * missing.
 */
static void test_overwritten(void **state)
{
	uint64_t from = log_head(), position = from;
	unsigned first, expected;
	const char *at;

	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		log_print(LOG_INFO, "line %u %.*s", i, (int)(i % 40),
			  "........................................");
	at = since(position);
	assert_int_equal(sscanf(at, "[    0.000000] line %u", &first), 1);
	assert_true(strlen(at) > LOG_SIZE - LOG_LINE_SIZE);
	for (expected = first; *at; expected++) {
		unsigned number;

		assert_int_equal(sscanf(at, "[    0.000000] line %u ", &number), 1);
		assert_int_equal(number, expected);
		at = strchr(at, '\n') + 1;
	}
	assert_int_equal(expected, 5000);
}

/* A reader that keeps up sees every byte once, through many turns of the ring. */
static void test_follow(void **state)
{
	uint64_t position = log_head();
	char line[LOG_LINE_SIZE], should[LOG_LINE_SIZE];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		size_t got = 0, part;

		log_print(LOG_INFO, "number %u", i);
		while ((part = log_read(&position, line + got, 7)) != 0)
			got += part;
		snprintf(should, sizeof(should), "[    0.000000] number %u\n", i);
		assert_int_equal(got, strlen(should));
		assert_memory_equal(line, should, got);
	}
	assert_true(position == log_head());
}

static void test_hostile_position(void **state)
{
	char bytes[8];
	uint64_t position = UINT64_MAX;

	(void)state;
	assert_int_equal(log_read(&position, bytes, sizeof(bytes)), 0);
	assert_true(position == log_head());
	position = 0;
	assert_int_equal(log_read(&position, bytes, 0), 0);
}

static char tail[2 * LOG_SIZE];
static size_t tail_size;

static void take_tail(const char *bytes, size_t size)
{
	memcpy(tail + tail_size, bytes, size);
	tail_size += size;
}

static void test_panic_tail(void **state)
{
	(void)state;
	for (unsigned turn = 0; turn < 700; turn++) {
		for (unsigned i = 0; i < 3; i++)
			log_print(LOG_INFO, "turn %u line %u", turn, i);
		tail_size = 0;
		log_panic_tail(64, take_tail);
		tail[tail_size] = '\0';
		assert_true(tail_size <= 64 && tail_size > 0);
		assert_int_equal(tail[0], '[');
		assert_non_null(strstr(tail, "line 2\n"));
	}
	tail_size = 0;
	log_panic_tail(SIZE_MAX, take_tail);
	assert_true(tail_size <= LOG_SIZE && tail_size > LOG_SIZE - LOG_LINE_SIZE);
	assert_int_equal(tail[0], '[');
}

/* THREATS "Log lines": burst of 20, then 10 a second, the line of suppression included. */
static void test_limiter(void **state)
{
	struct log_limiter limiter = {0};
	uint32_t suppressed;
	unsigned passed = 0, told = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		bool allowed = log_limiter_allow(&limiter, 5000000, &suppressed);

		assert_int_equal(allowed, i < 20);
		assert_int_equal(suppressed, 0);
	}
	/* 10,000 tries a second for 100 s. */
	for (uint64_t us = 5000000; us < 105000000; us += 100) {
		bool allowed = log_limiter_allow(&limiter, us, &suppressed);

		assert_true(allowed || !suppressed);
		passed += allowed;
		passed += suppressed != 0;
		told += suppressed;
		told += allowed;
	}
	assert_in_range(passed, 990, 1000);
	assert_int_equal(told + limiter.suppressed, 1000000 + 80);
	/* Quiet for a while: the bucket is empty again, and the rest is told. */
	assert_true(log_limiter_allow(&limiter, 200000000, &suppressed));
	for (unsigned i = 0; i < 30; i++)
		if (!log_limiter_allow(&limiter, 200000000, &suppressed))
			return;
	fail();
}

/* A clock that stands or steps back neither opens the limiter nor closes it for ever. */
static void test_limiter_clock(void **state)
{
	struct log_limiter limiter = {.last_us = 1000000000};
	uint32_t suppressed;
	unsigned passed = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		passed += log_limiter_allow(&limiter, i % 2 ? 0 : 50, &suppressed);
	assert_in_range(passed, 20, 21);
	assert_true(log_limiter_allow(&limiter, UINT64_MAX, &suppressed));
}

static void test_partition(void **state)
{
	struct log_limiter limiter = {0};
	uint64_t from;

	(void)state;
	for (unsigned i = 0; i < 25; i++)
		log_partition(&limiter, "web", LOG_INFO, "spam %u", i);
	assert_int_equal(notified, 20);
	from = log_head();
	time_us = 3000000;
	log_partition(&limiter, "web", LOG_INFO, "again");
	assert_string_equal(since(from),
			    "[    3.000000] web: 5 lines suppressed\n[    3.000000] web: again\n");
	for (unsigned i = 0; i < 25; i++)
		log_partition(&limiter, "web", LOG_INFO, "spam %u", i);
	from = log_head();
	log_partition_flush(&limiter, "web", LOG_INFO);
	log_partition_flush(&limiter, "web", LOG_INFO);
	assert_string_equal(since(from), "[    3.000000] web: 7 lines suppressed\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_line, set_up),
		cmocka_unit_test_setup(test_level, set_up),
		cmocka_unit_test_setup(test_no_clock, set_up),
		cmocka_unit_test_setup(test_sanitised, set_up),
		cmocka_unit_test_setup(test_all_bytes, set_up),
		cmocka_unit_test_setup(test_long_line, set_up),
		cmocka_unit_test_setup(test_overwritten, set_up),
		cmocka_unit_test_setup(test_follow, set_up),
		cmocka_unit_test_setup(test_hostile_position, set_up),
		cmocka_unit_test_setup(test_panic_tail, set_up),
		cmocka_unit_test_setup(test_limiter, set_up),
		cmocka_unit_test_setup(test_limiter_clock, set_up),
		cmocka_unit_test_setup(test_partition, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
