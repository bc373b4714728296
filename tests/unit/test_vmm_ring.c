/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console ring's producer and consumer, against the protocol of abi/console_ring.h and bad
 * indices.
 */
/* sources: vmm/ring.c vmm/partition.c vmm/guest_mem.c tests/unit/vmm_fixture.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/vmm_fixture.h"
#include <cmocka.h>

#include "vmm/host_clock.h"
#include "vmm/partition.h"
#include "vmm/ring.h"

static struct console_ring *shared;
static uint64_t now = (uint64_t)1 << 40;

uint64_t host_clock_tsc(void)
{
	return now;
}

/* On the heap, so that the sanitizer sees an index that leaves it. */
static int make(void **state)
{
	(void)state;
	fixture_init(MIB(4));
	shared = calloc(RING_PAGES(RING_OUT_MIN), 4096);
	ring = shared;
	return shared ? 0 : -1;
}

static int release(void **state)
{
	(void)state;
	free(shared);
	return 0;
}

static void fill(uint8_t *to, size_t size, unsigned seed)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(i * 7 + seed);
}

/* Nobody attached: everything is taken, the oldest bytes are overwritten. */
static void test_detached_overwrites(void **state)
{
	static uint8_t data[40000];

	(void)state;
	for (unsigned round = 0; round < 5; round++) {
		fill(data, sizeof(data), round);
		assert_int_equal(ring_put(data, sizeof(data)), sizeof(data));
		assert_int_equal(shared->out_head, (round + 1) * sizeof(data));
		for (size_t i = 0; i < sizeof(data); i++) {
			uint64_t position = round * sizeof(data) + i;

			assert_int_equal(ring_out(shared, RING_OUT_MIN)[position % RING_OUT_MIN],
					 data[i]);
		}
	}
	assert_int_equal(shared->out_waiting, 0);
	assert_int_equal(fake_calls.notifies, 0);
}

static void test_wake(void **state)
{
	(void)state;
	shared->wake = 1;
	assert_int_equal(ring_put("ab", 2), 2);
	assert_int_equal(fake_calls.notifies, 1);
	assert_int_equal(shared->wake, 1); /* the console's, not ours to clear */
	assert_int_equal(ring_put("", 0), 0);
	assert_int_equal(fake_calls.notifies, 1);
}

/* Attached: no byte beyond out_tail + RING_OUT_MIN, and the console hears that somebody waits. */
static void test_attached_holds_back(void **state)
{
	static uint8_t data[RING_OUT_MIN];

	(void)state;
	fill(data, sizeof(data), 1);
	shared->attached = 1;
	shared->out_head = shared->out_tail = 12345;
	assert_int_equal(ring_put(data, sizeof(data) - 10), sizeof(data) - 10);
	assert_int_equal(shared->out_waiting, 0);
	assert_int_equal(ring_put(data, 100), 10);
	assert_int_equal(shared->out_waiting, 1);
	assert_int_equal(ring_put(data, 1), 0);
	assert_int_equal(shared->out_head, 12345 + RING_OUT_MIN);
	shared->out_tail += 50;
	assert_int_equal(ring_put(data, 20), 20);
	shared->attached = 0;
	assert_int_equal(ring_put(data, 1000), 1000);
}

/* The UART waits, and port E9h finds the room: the console has yet to see that somebody waits. */
static void test_waiting_is_the_waiters(void **state)
{
	static uint8_t data[RING_OUT_MIN];

	(void)state;
	shared->attached = shared->wake = 1;
	assert_int_equal(ring_put(data, sizeof(data)), sizeof(data));
	assert_int_equal(ring_put("uart", 4), 0);
	assert_int_equal(shared->out_waiting, 1);
	/* The console goes on: wake, tail, and then the look. */
	shared->wake = 0;
	assert_int_equal(ring_put("9", 1), 0);
	shared->out_tail += 4096;
	assert_int_equal(ring_put("9", 1), 1);
	assert_int_equal(shared->out_waiting, 1);
	/* It has looked and has all: who waits now sets it again. */
	shared->out_tail = shared->out_head;
	shared->wake = 1;
	assert_int_equal(ring_put("9", 1), 1);
	assert_int_equal(shared->out_waiting, 0);
	assert_int_equal(ring_put(data, sizeof(data)), sizeof(data) - 1);
	assert_int_equal(shared->out_waiting, 1);
}

static void test_more_than_the_ring(void **state)
{
	static uint8_t data[RING_OUT_MIN + 5];

	(void)state;
	assert_int_equal(ring_put(data, sizeof(data)), RING_OUT_MIN);
	shared->attached = 1;
	shared->out_tail = shared->out_head;
	assert_int_equal(ring_put(data, sizeof(data)), RING_OUT_MIN);
}

/* What an attached console writes into its index must not lead us out of the ring. */
static void test_bad_tails(void **state)
{
	static const uint64_t tails[] = {1, 999, UINT64_MAX, 1ull << 63, RING_OUT_MIN * 3ull};
	static uint8_t data[300];

	(void)state;
	shared->attached = 1;
	for (unsigned i = 0; i < ARRAY_SIZE(tails); i++) {
		uint64_t head = shared->out_head;
		size_t taken;

		shared->out_tail = tails[i];
		taken = ring_put(data, sizeof(data));
		assert_in_range(taken, 0, sizeof(data));
		assert_int_equal(shared->out_head, head + taken);
	}
}

static void test_input(void **state)
{
	uint8_t got[RING_IN_SIZE];

	(void)state;
	assert_int_equal(ring_get(got, sizeof(got)), 0);
	shared->in_head = shared->in_tail = 3 * RING_IN_SIZE - 2;
	memcpy(shared->in + RING_IN_SIZE - 2, "ab", 2);
	memcpy(shared->in, "cd", 2);
	shared->in_head += 4;
	assert_int_equal(ring_get(got, 3), 3);
	assert_memory_equal(got, "abc", 3);
	assert_int_equal(ring_get(got, sizeof(got)), 1);
	assert_int_equal(got[0], 'd');
	assert_int_equal(shared->in_tail, shared->in_head);
	assert_int_equal(ring_get(got, sizeof(got)), 0);
}

static void test_full_input(void **state)
{
	uint8_t got[RING_IN_SIZE];

	(void)state;
	fill(shared->in, RING_IN_SIZE, 9);
	shared->in_head = RING_IN_SIZE;
	assert_int_equal(ring_get(got, sizeof(got)), RING_IN_SIZE);
	assert_memory_equal(got, shared->in, RING_IN_SIZE);
}

/* More than fits, or backward: nothing of it can be right. The next byte counts again. */
static void test_bad_heads(void **state)
{
	static const uint64_t heads[] = {RING_IN_SIZE + 1, UINT64_MAX, 1ull << 40};
	uint8_t got[RING_IN_SIZE];

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(heads); i++) {
		shared->in_tail = 0;
		shared->in_head = heads[i];
		assert_int_equal(ring_get(got, sizeof(got)), 0);
		shared->in[shared->in_head % RING_IN_SIZE] = 'x';
		shared->in_head++;
		assert_int_equal(ring_get(got, sizeof(got)), 1);
		assert_int_equal(got[0], 'x');
	}
}

/* A reader that does not move is waited for five seconds, and one that has gone on is waited for anew. */
static void test_reader_stands_still(void **state)
{
	static uint8_t data[RING_OUT_MIN];
	const uint64_t second = 1000 * partition->tsc_khz;

	(void)state;
	fill(data, sizeof(data), 1);
	shared->attached = 1;
	assert_int_equal(ring_put(data, sizeof(data)), sizeof(data));
	assert_int_equal(ring_put("ab", 2), 0);
	now += 5 * second - 1;
	assert_int_equal(ring_put("ab", 2), 0);
	shared->out_tail = 1;
	now += 2;
	assert_int_equal(ring_put("ab", 2), 1);
	now += 5 * second - 1;
	assert_int_equal(ring_put("bc", 2), 0);
	now++;
	assert_int_equal(ring_put("bc", 2), 2);
	assert_int_equal(shared->out_head, sizeof(data) + 3);
	/* From now on it is behind by more than the ring holds: not waited for until it moves. */
	assert_int_equal(ring_put(data, 1000), 1000);
	shared->out_tail = shared->out_head - RING_OUT_MIN;
	assert_int_equal(ring_put("d", 1), 0);
	now += 4 * second;
	shared->out_tail++;
	assert_int_equal(ring_put("d", 1), 1);
	/* What was held back once is forgotten once there was room. */
	now += 4 * second;
	assert_int_equal(ring_put("e", 1), 0);
	now += 4 * second;
	assert_int_equal(ring_put("e", 1), 0);
}

static void test_lossless(void **state)
{
	static uint8_t data[RING_OUT_MIN];

	(void)state;
	shared->attached = shared->lossless = 1;
	assert_int_equal(ring_put(data, sizeof(data)), sizeof(data));
	assert_int_equal(ring_put("ab", 2), 0);
	now += 3600 * 1000 * partition->tsc_khz;
	assert_int_equal(ring_put("ab", 2), 0);
	shared->attached = 0;
	assert_int_equal(ring_put("ab", 2), 2);
}

static void expect_stamp(uint64_t index, uint64_t position, uint64_t tsc)
{
	uint64_t stamp = ring_stamps(shared)[index % RING_STAMPS(RING_OUT_MIN)];

	assert_int_equal(stamp & 0xffffff, position & 0xffffff);
	assert_int_equal(stamp >> 24, tsc >> RING_STAMP_UNIT);
}

/* Each line has the time at which its first byte came, whatever pieces it is written in. */
static void test_stamps(void **state)
{
	const uint64_t unit = 1 << RING_STAMP_UNIT;
	uint64_t first;

	(void)state;
	ring_put("\n", 1); /* whatever the tests before left */
	memset(shared, 0, sizeof(*shared));
	first = now += unit;
	ring_put("on", 2);
	now += unit;
	ring_put("e\n", 2);
	now += unit;
	assert_int_equal(shared->stamp_head, 1);
	expect_stamp(0, 0, first);
	ring_put("two\nthree\n", 10); /* of one moment: one stamp */
	assert_int_equal(shared->stamp_head, 2);
	expect_stamp(1, 4, first + 2 * unit);
	now += unit;
	ring_put("fo", 2);
	now += unit;
	ring_put("ur\nfi", 5); /* the line that begins in the piece, not the one that ends */
	assert_int_equal(shared->stamp_head, 4);
	expect_stamp(2, 14, first + 3 * unit);
	expect_stamp(3, 19, first + 4 * unit);
	ring_put("ve\nsix\n", 7); /* the same moment again */
	assert_int_equal(shared->stamp_head, 4);
	/* The oldest are overwritten. */
	for (unsigned i = 0; i < 3000; i++) {
		now += unit;
		ring_put("\n", 1);
	}
	assert_int_equal(shared->stamp_head, 3004);
	expect_stamp(3003, shared->out_head - 1, now);
	expect_stamp(3003 - 2047, shared->out_head - 2048, now - 2047 * unit);
}

/* A CR at a line's begin belongs to the end of the one before. */
static void test_stamps_of_lf_cr(void **state)
{
	const uint64_t unit = 1 << RING_STAMP_UNIT;

	(void)state;
	ring_put("\n", 1);
	memset(shared, 0, sizeof(*shared));
	now += unit;
	ring_put("\r", 1);
	assert_int_equal(shared->stamp_head, 0);
	now += unit;
	ring_put("one\n\r", 5);
	expect_stamp(0, 1, now);
	now += unit;
	ring_put("\rtwo\r", 5);
	assert_int_equal(shared->stamp_head, 2);
	expect_stamp(1, 7, now);
	now += unit;
	ring_put("\r", 1); /* in the line */
	ring_put("\n\r\r", 3);
	assert_int_equal(shared->stamp_head, 2);
	ring_put("\n", 1);
	assert_int_equal(shared->stamp_head, 3);
	expect_stamp(2, shared->out_head - 1, now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_detached_overwrites, make, release),
		cmocka_unit_test_setup_teardown(test_wake, make, release),
		cmocka_unit_test_setup_teardown(test_attached_holds_back, make, release),
		cmocka_unit_test_setup_teardown(test_waiting_is_the_waiters, make, release),
		cmocka_unit_test_setup_teardown(test_reader_stands_still, make, release),
		cmocka_unit_test_setup_teardown(test_lossless, make, release),
		cmocka_unit_test_setup_teardown(test_stamps, make, release),
		cmocka_unit_test_setup_teardown(test_stamps_of_lf_cr, make, release),
		cmocka_unit_test_setup_teardown(test_more_than_the_ring, make, release),
		cmocka_unit_test_setup_teardown(test_bad_tails, make, release),
		cmocka_unit_test_setup_teardown(test_input, make, release),
		cmocka_unit_test_setup_teardown(test_full_input, make, release),
		cmocka_unit_test_setup_teardown(test_bad_heads, make, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
