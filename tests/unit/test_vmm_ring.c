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

#include "vmm/ring.h"

static struct console_ring *shared;

/* On the heap, so that the sanitizer sees an index that leaves it. */
static int make(void **state)
{
	(void)state;
	fixture_init(MIB(4));
	shared = calloc(1, sizeof(*shared));
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

			assert_int_equal(shared->out[position % RING_OUT_SIZE], data[i]);
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

/* Attached: no byte beyond out_tail + RING_OUT_SIZE, and the console hears that somebody waits. */
static void test_attached_holds_back(void **state)
{
	static uint8_t data[RING_OUT_SIZE];

	(void)state;
	fill(data, sizeof(data), 1);
	shared->attached = 1;
	shared->out_head = shared->out_tail = 12345;
	assert_int_equal(ring_put(data, sizeof(data) - 10), sizeof(data) - 10);
	assert_int_equal(shared->out_waiting, 0);
	assert_int_equal(ring_put(data, 100), 10);
	assert_int_equal(shared->out_waiting, 1);
	assert_int_equal(ring_put(data, 1), 0);
	assert_int_equal(shared->out_head, 12345 + RING_OUT_SIZE);
	shared->out_tail += 50;
	assert_int_equal(ring_put(data, 20), 20);
	assert_int_equal(shared->out_waiting, 0);
	shared->attached = 0;
	assert_int_equal(ring_put(data, 1000), 1000);
}

static void test_more_than_the_ring(void **state)
{
	static uint8_t data[RING_OUT_SIZE + 5];

	(void)state;
	assert_int_equal(ring_put(data, sizeof(data)), RING_OUT_SIZE);
	shared->attached = 1;
	shared->out_tail = shared->out_head;
	assert_int_equal(ring_put(data, sizeof(data)), RING_OUT_SIZE);
}

/* What an attached console writes into its index must not lead us out of the ring. */
static void test_bad_tails(void **state)
{
	static const uint64_t tails[] = {1, 999, UINT64_MAX, 1ull << 63, RING_OUT_SIZE * 3ull};
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_detached_overwrites, make, release),
		cmocka_unit_test_setup_teardown(test_wake, make, release),
		cmocka_unit_test_setup_teardown(test_attached_holds_back, make, release),
		cmocka_unit_test_setup_teardown(test_more_than_the_ring, make, release),
		cmocka_unit_test_setup_teardown(test_bad_tails, make, release),
		cmocka_unit_test_setup_teardown(test_input, make, release),
		cmocka_unit_test_setup_teardown(test_full_input, make, release),
		cmocka_unit_test_setup_teardown(test_bad_heads, make, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
