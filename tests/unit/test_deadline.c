/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/deadline: order, moving, and a random walk against an unsorted table. */
/* sources: kernel/deadline.c */
#include "kernel/deadline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ENTRIES = 40, STEPS = 200000 };

static struct deadline_queue queue;
static struct deadline entries[ENTRIES];
static unsigned fired;
static struct deadline *last_fired;

static void on_expired(struct deadline *deadline)
{
	assert_false(deadline_is_set(deadline));
	fired++;
	last_fired = deadline;
}

/* A guest's timer that is always late: sets itself into the past. */
static void on_expired_again(struct deadline *deadline)
{
	fired++;
	deadline_set(&queue, deadline, 1);
}

static int set_up(void **state)
{
	(void)state;
	deadline_queue_init(&queue);
	for (unsigned i = 0; i < ENTRIES; i++)
		deadline_init(&entries[i], on_expired);
	fired = 0;
	return 0;
}

static void test_empty(void **state)
{
	(void)state;
	assert_true(deadline_first(&queue) == DEADLINE_NONE);
	assert_null(deadline_pop(&queue, UINT64_MAX));
	deadline_cancel(&entries[0]);
	assert_false(deadline_is_set(&entries[0]));
}

static void test_order(void **state)
{
	(void)state;
	deadline_set(&queue, &entries[0], 30);
	deadline_set(&queue, &entries[1], 10);
	deadline_set(&queue, &entries[2], 20);
	deadline_set(&queue, &entries[3], 20);
	assert_true(deadline_first(&queue) == 10);
	assert_null(deadline_pop(&queue, 9));
	assert_ptr_equal(deadline_pop(&queue, 10), &entries[1]);
	assert_null(deadline_pop(&queue, 19));
	assert_ptr_equal(deadline_pop(&queue, 100), &entries[2]);
	assert_ptr_equal(deadline_pop(&queue, 100), &entries[3]);
	assert_ptr_equal(deadline_pop(&queue, 100), &entries[0]);
	assert_true(deadline_first(&queue) == DEADLINE_NONE);
}

/* Moving the first, the only and the last entry; the greatest time is a time like any other. */
static void test_move(void **state)
{
	(void)state;
	deadline_set(&queue, &entries[0], 10);
	deadline_set(&queue, &entries[0], 12);
	assert_true(deadline_first(&queue) == 12);
	deadline_set(&queue, &entries[1], 20);
	deadline_set(&queue, &entries[0], 30);
	assert_true(deadline_first(&queue) == 20);
	deadline_set(&queue, &entries[0], 5);
	assert_true(deadline_first(&queue) == 5);
	deadline_cancel(&entries[0]);
	deadline_cancel(&entries[0]);
	assert_true(deadline_first(&queue) == 20);
	deadline_set(&queue, &entries[1], DEADLINE_NONE);
	assert_true(deadline_is_set(&entries[1]));
	assert_ptr_equal(deadline_pop(&queue, UINT64_MAX), &entries[1]);
}

static void test_run(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++)
		deadline_set(&queue, &entries[i], 10 * i);
	assert_int_equal(deadline_run(&queue, 45, 100), 5);
	assert_ptr_equal(last_fired, &entries[4]);
	assert_int_equal(deadline_run(&queue, 1000, 3), 3);
	assert_int_equal(deadline_run(&queue, 1000, 100), 2);
	entries[0].expired = on_expired_again;
	deadline_set(&queue, &entries[0], 1);
	fired = 0;
	assert_int_equal(deadline_run(&queue, 1000, 16), 16);
	assert_int_equal(fired, 16);
}

/*
 * The model: the earliest of those that are set, by looking at all; among equals the one set first.
 */
struct model {
	bool set[ENTRIES];
	uint64_t tsc[ENTRIES], order[ENTRIES];
};

static int model_first(const struct model *model)
{
	int first = -1;

	for (int i = 0; i < ENTRIES; i++)
		if (model->set[i] &&
		    (first < 0 || model->tsc[i] < model->tsc[first] ||
		     (model->tsc[i] == model->tsc[first] && model->order[i] < model->order[first])))
			first = i;
	return first;
}

static void test_random(void **state)
{
	static struct model model;

	(void)state;
	srand(1);
	for (uint64_t step = 0; step < STEPS; step++) {
		int i = rand() % ENTRIES, first = model_first(&model);
		uint64_t tsc = (uint64_t)(rand() % 50);

		assert_true(deadline_first(&queue) == (first < 0 ? DEADLINE_NONE : model.tsc[first]));
		switch (rand() % 4) {
		case 0:
		case 1:
			deadline_set(&queue, &entries[i], tsc);
			model.set[i] = true;
			model.tsc[i] = tsc;
			model.order[i] = step;
			break;
		case 2:
			deadline_cancel(&entries[i]);
			model.set[i] = false;
			break;
		default:
			if (first >= 0 && model.tsc[first] <= tsc) {
				assert_ptr_equal(deadline_pop(&queue, tsc), &entries[first]);
				model.set[first] = false;
			} else {
				assert_null(deadline_pop(&queue, tsc));
			}
		}
		assert_int_equal(deadline_is_set(&entries[i]), model.set[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_empty, set_up),
		cmocka_unit_test_setup(test_order, set_up),
		cmocka_unit_test_setup(test_move, set_up),
		cmocka_unit_test_setup(test_run, set_up),
		cmocka_unit_test_setup(test_random, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
