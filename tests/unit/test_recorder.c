/* SPDX-License-Identifier: BSD-2-Clause */
/* The flight recorder: what a reader gets, in pieces, late, and while the writer goes on. */
/* sources: kernel/recorder.c */
#include "kernel/recorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct recorder recorder;
static struct exit_record got[EXIT_RECORDS];

static void add(unsigned count)
{
	while (count--) {
		uint64_t number = recorder.next;

		recorder_add(&recorder, number, number + 1, number + 2, number + 3,
			     (uint32_t)(number % 20));
	}
}

static void check(const struct exit_record *record, uint64_t number)
{
	assert_int_equal(record->rip, number);
	assert_int_equal(record->code, (uint32_t)(number + 1));
	assert_int_equal(record->info, number + 2);
	assert_int_equal(record->tsc, number + 3);
	assert_int_equal(record->kind, number % 20);
}

static int set_up(void **state)
{
	(void)state;
	memset(&recorder, 0, sizeof(recorder));
	return 0;
}

static void test_empty(void **state)
{
	struct exit_window window = {.position = 7};

	(void)state;
	assert_int_equal(recorder_read(&recorder, true, &window, got, EXIT_RECORDS), 0);
	assert_int_equal(window.end, 0);
	assert_int_equal(window.lost, 0);
	assert_int_equal(window.position, 0);
}

/* All 1,024, in pieces, once the guest has ended; what came before them is counted. */
static void test_all_of_them(void **state)
{
	struct exit_window window = {0};
	uint64_t next = 5000 - EXIT_RECORDS;
	unsigned count;

	(void)state;
	add(5000);
	while ((count = recorder_read(&recorder, true, &window, got, 100)) > 0) {
		assert_int_equal(window.lost, next == 5000 - EXIT_RECORDS ? next : 0);
		for (unsigned i = 0; i < count; i++)
			check(&got[i], next++);
		assert_int_equal(window.position, next);
	}
	assert_int_equal(next, 5000);
	assert_int_equal(recorder_last(&recorder)->rip, 4999);
}

/* The place after the newest may be written to at any moment: it is the oldest one's. */
static void test_running(void **state)
{
	struct exit_window window = {0};

	(void)state;
	add(EXIT_RECORDS);
	assert_int_equal(recorder_read(&recorder, false, &window, got, 1), 1);
	check(&got[0], 1);
	assert_int_equal(window.lost, 1);
}

/* A start clears nothing: who asks gets the number of its first. */
static void test_a_start(void **state)
{
	struct exit_window window = {0};

	(void)state;
	add(10);
	recorder.begin = recorder.next;
	add(3);
	assert_int_equal(recorder_read(&recorder, true, &window, got, EXIT_RECORDS), 13);
	assert_int_equal(window.begin, 10);
	assert_int_equal(window.end, 13);
}

/* Beyond 2^32 exits the numbers go on. */
static void test_after_years(void **state)
{
	struct exit_window window = {.position = UINT32_MAX - 1ULL};

	(void)state;
	recorder.next = UINT32_MAX - 1ULL;
	add(4);
	assert_int_equal(recorder_read(&recorder, true, &window, got, EXIT_RECORDS), 4);
	for (unsigned i = 0; i < 4; i++)
		check(&got[i], UINT32_MAX - 1ULL + i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_empty, set_up),
		cmocka_unit_test_setup(test_all_of_them, set_up),
		cmocka_unit_test_setup(test_running, set_up),
		cmocka_unit_test_setup(test_a_start, set_up),
		cmocka_unit_test_setup(test_after_years, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
