/* SPDX-License-Identifier: BSD-2-Clause */
/* The timer queue: order, moves, cancels, the one deadline, bounded expiry. */
/* sources: vmm/bus.c vmm/timers.c */
#include "tests/unit/dev_fakes.h"
#include "tests/unit/random.h"

#include "vmm/device.h"

enum { TIMERS = 8 };

static struct device dev;
static struct device_timer timer[TIMERS];
static unsigned order[64], expired_count;
static uint64_t rearm; /* added to now for timer 0, if not 0 */

static void expired(struct device *owner, struct device_timer *which, uint64_t now)
{
	assert_ptr_equal(owner, &dev);
	assert_false(which->armed);
	if (expired_count < ARRAY_SIZE(order))
		order[expired_count] = (unsigned)(which - timer);
	expired_count++;
	if (rearm != 0 && which == &timer[0])
		timer_arm(which, now + rearm);
}

static const struct device_ops ops = {.expired = expired};

static int setup(void **state)
{
	(void)state;
	fake_start();
	dev = (struct device){.name = "t", .ops = &ops};
	memset(timer, 0, sizeof(timer));
	for (unsigned i = 0; i < TIMERS; i++)
		timer[i].owner = &dev;
	expired_count = 0;
	rearm = 0;
	return 0;
}

static void they_expire_in_order_of_time(void **state)
{
	(void)state;
	timer_arm(&timer[0], 5000000);
	timer_arm(&timer[1], 3000000);
	timer_arm(&timer[2], 4000000);
	timer_arm(&timer[3], 3000000);
	assert_int_equal(fake.deadline, 3000000);
	fake_go(2999999 - fake.now);
	assert_int_equal(expired_count, 0);
	fake_go(1);
	assert_int_equal(expired_count, 2);
	assert_int_equal(order[0], 1); /* of equals, the first armed */
	assert_int_equal(order[1], 3);
	assert_int_equal(fake.deadline, 4000000);
	fake_go(10000000);
	assert_int_equal(expired_count, 4);
	assert_int_equal(order[2], 2);
	assert_int_equal(order[3], 0);
	assert_true(fake.deadline == UINT64_MAX);
}

static void arming_again_moves(void **state)
{
	(void)state;
	timer_arm(&timer[0], 5000000);
	timer_arm(&timer[1], 6000000);
	timer_arm(&timer[0], 7000000);
	assert_int_equal(fake.deadline, 6000000);
	timer_arm(&timer[0], 2000000);
	assert_int_equal(fake.deadline, 2000000);
	fake_go(10000000);
	assert_int_equal(expired_count, 2);
	assert_int_equal(order[0], 0);
}

static void cancelling_takes_the_deadline_back(void **state)
{
	(void)state;
	timer_cancel(&timer[0]);
	timer_arm(&timer[0], 5000000);
	timer_arm(&timer[1], 6000000);
	timer_cancel(&timer[0]);
	assert_int_equal(fake.deadline, 6000000);
	timer_cancel(&timer[1]);
	assert_true(fake.deadline == UINT64_MAX);
	timer_cancel(&timer[1]);
	fake_go(10000000);
	assert_int_equal(expired_count, 0);
}

static void the_kernel_is_asked_only_for_changes(void **state)
{
	(void)state;
	timer_arm(&timer[0], 5000000);
	assert_int_equal(fake.deadlines_set, 1);
	timer_arm(&timer[1], 6000000);
	timer_arm(&timer[2], 5000000);
	timer_cancel(&timer[1]);
	timer_cancel(&timer[0]);
	assert_int_equal(fake.deadlines_set, 1);
}

static void a_spent_deadline_is_asked_for_again(void **state)
{
	(void)state;
	timer_arm(&timer[0], 5000000);
	/* Told too early: nothing expires, but the kernel has forgotten. */
	fake.deadline = UINT64_MAX;
	timers_expire(4000000);
	assert_int_equal(expired_count, 0);
	assert_int_equal(fake.deadline, 5000000);
}

static void a_timer_armed_for_the_past_does_not_hold_the_vcpu(void **state)
{
	(void)state;
	rearm = 0;
	timer_arm(&timer[0], 10);
	timer_arm(&timer[1], 10);
	rearm = UINT64_MAX; /* now - 1 */
	timers_expire(fake.now);
	/* Two were armed, so at most two expiries, and the rest is asked for. */
	assert_int_equal(expired_count, 2);
	assert_true(fake.deadline < fake.now);
}

/* Against a model: a random play of arm, cancel and time. */
static void a_long_random_play_equals_the_model(void **state)
{
	uint64_t due[TIMERS];

	(void)state;
	memset(due, 0xff, sizeof(due));
	for (unsigned step = 0; step < 20000; step++) {
		uint32_t draw = (uint32_t)next_random();
		unsigned which = draw >> 8 & 7, what = draw >> 16 & 3;
		uint64_t first = UINT64_MAX;

		if (what == 0) {
			timer_cancel(&timer[which]);
			due[which] = UINT64_MAX;
		} else if (what < 3) {
			due[which] = fake.now + 1 + (draw >> 20) % 1000;
			timer_arm(&timer[which], due[which]);
		} else {
			unsigned expect = 0;
			uint64_t end = fake.now + (draw >> 20) % 500;

			for (unsigned i = 0; i < TIMERS; i++) {
				if (due[i] <= end) {
					expect++;
					due[i] = UINT64_MAX;
				}
			}
			expired_count = 0;
			fake_go(end - fake.now);
			assert_int_equal(expired_count, expect);
		}
		for (unsigned i = 0; i < TIMERS; i++)
			first = MIN(first, due[i]);
		assert_true(fake.deadline == first);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(they_expire_in_order_of_time, setup),
		cmocka_unit_test_setup(arming_again_moves, setup),
		cmocka_unit_test_setup(cancelling_takes_the_deadline_back, setup),
		cmocka_unit_test_setup(the_kernel_is_asked_only_for_changes, setup),
		cmocka_unit_test_setup(a_spent_deadline_is_asked_for_again, setup),
		cmocka_unit_test_setup(a_timer_armed_for_the_past_does_not_hold_the_vcpu, setup),
		cmocka_unit_test_setup(a_long_random_play_equals_the_model, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
