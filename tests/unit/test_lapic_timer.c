/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/lapic: the timer in its three modes, its floor, its rounding, and a TSC that jumps. */
/* sources: tests/unit/lapic_fixture.c kernel/lapic.c kernel/lapic_base.c kernel/lapic_ipi.c
 * kernel/lapic_lvt.c
 * kernel/lapic_reg.c kernel/lapic_timer.c */
#include <stdlib.h>

#include "tests/unit/lapic_fixture.h"

/* "Divide Configuration Register" and the counts of "APIC Timer", one-shot. */
static void test_one_shot(void **state)
{
	static const struct {
		uint32_t code, divisor;
	} table[] = {{0xb, 1}, {0, 2}, {1, 4}, {2, 8}, {3, 16}, {8, 32}, {9, 64}, {0xa, 128}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		put(LVT_TIMER, 0x40);
		put(DIVIDE, table[i].code);
		put(COUNT, 1000);
		assert_true(effect.kinds & LAPIC_EFFECT_TIMER);
		assert_int_equal(get(CURRENT), 1000);
		assert_true(lapic_timer_remaining(&apic, now) == 1000 * table[i].divisor);
		now += 400 * table[i].divisor;
		assert_int_equal(get(CURRENT), 600);
		lapic_timer_expire(&apic, now);
		assert_int_equal(lapic_pending_vector(&apic), -1);
		now += 600 * table[i].divisor - 1;
		assert_int_equal(get(CURRENT), 1);
		assert_int_equal(lapic_pending_vector(&apic), -1);
		now++;
		assert_true(lapic_timer_remaining(&apic, now) == 0);
		lapic_timer_expire(&apic, now);
		assert_int_equal(lapic_pending_vector(&apic), 0x40);
		assert_int_equal(get(CURRENT), 0);
		assert_true(lapic_timer_remaining(&apic, now) == UINT64_MAX);
		lapic_accept(&apic, 0x40);
		put(EOI, 0);
		now += 1000000;
		lapic_timer_expire(&apic, now);
		assert_int_equal(lapic_pending_vector(&apic), -1);
	}
}

/* Periods do not drift: 100,000 of them, each served late, end when the arithmetic says. */
static void test_periodic(void **state)
{
	uint64_t start = now, fired = 0;

	(void)state;
	rates = lapic_clock_make(2399987, 1000000);
	put(LVT_TIMER, PERIODIC | 0x40);
	put(COUNT, 999983);
	while (fired < 100000) {
		uint64_t left = lapic_timer_remaining(&apic, now);

		assert_true(left <= 2400000);
		now += left + (uint64_t)(rand() % 5000);
		lapic_timer_expire(&apic, now);
		if (lapic_pending_vector(&apic) == 0x40) {
			fired++;
			lapic_accept(&apic, 0x40);
			put(EOI, 0);
		}
	}
	assert_true((now - start) / 2399946 - fired <= 1);
	now += lapic_timer_remaining(&apic, now);
	/* 100,001 periods of 999,983 ticks at 2.399987 TSC ticks each, rounded up. */
	assert_in_range(now - start, 239997019968, 239997019970);
}

/* Where the clocks' rates do not divide: never early, and late by less than a TSC tick. */
static void test_rounding(void **state)
{
	(void)state;
	rates = lapic_clock_make(2399987, 1000000);
	put(LVT_TIMER, 0x40);
	for (uint32_t count = 1; count < 20000; count += 7) {
		uint64_t left;

		put(COUNT, count);
		left = lapic_timer_remaining(&apic, now);
		assert_true(left * 1000000 >= count * UINT64_C(2399987));
		assert_true((left - 1) * 1000000 < count * UINT64_C(2399987));
	}
}

/* THREATS E05: divide by 1, count 1, periodic: no faster than the floor, late ticks are one. */
static void test_period_clamp(void **state)
{
	uint64_t start = now;
	unsigned fired = 0;

	(void)state;
	put(LVT_TIMER, PERIODIC | 0x40);
	put(COUNT, 1);
	while (now - start < 1000000000) {
		uint64_t left = lapic_timer_remaining(&apic, now);

		assert_true(left > 0 && left <= 100000);
		assert_int_equal(get(CURRENT), 1);
		now += left;
		lapic_timer_expire(&apic, now);
		assert_int_equal(lapic_pending_vector(&apic), 0x40);
		lapic_accept(&apic, 0x40);
		put(EOI, 0);
		assert_int_equal(lapic_pending_vector(&apic), -1);
		fired++;
	}
	assert_int_equal(fired, 10000);
	/* Away for ten seconds: one interrupt, and the next a full period away at most. */
	now += 10000000000;
	lapic_timer_expire(&apic, now);
	assert_int_equal(lapic_pending_vector(&apic), 0x40);
	lapic_accept(&apic, 0x40);
	lapic_timer_expire(&apic, now);
	assert_int_equal(get(IRR + 0x20), 0);
	assert_in_range(lapic_timer_remaining(&apic, now), 1, 100000);
}

/* THREATS E05: modes are changed while it counts; only TSC-deadline disarms. Count 0 stops. */
static void test_mode_changes(void **state)
{
	(void)state;
	put(LVT_TIMER, 0x40);
	put(COUNT, 1000000);
	now += 400000;
	put(LVT_TIMER, PERIODIC | 0x40);
	assert_int_equal(get(CURRENT), 600000);
	now += 600000 + 250000;
	assert_int_equal(get(CURRENT), 750000);
	assert_int_equal(get(IRR + 0x20), 1);
	put(LVT_TIMER, 0x40);
	assert_int_equal(get(CURRENT), 750000);
	now += 750000;
	assert_int_equal(get(CURRENT), 0);
	put(LVT_TIMER, PERIODIC | 0x40);
	assert_int_equal(get(CURRENT), 0);
	assert_int_equal(get(COUNT), 1000000);
	put(COUNT, 5000000);
	put(LVT_TIMER, TSC_DEADLINE | 0x40);
	assert_int_equal(get(CURRENT), 0);
	assert_true(lapic_timer_remaining(&apic, now) == UINT64_MAX);
	put(COUNT, 1234);
	assert_int_equal(get(COUNT), 0);
	put_deadline(now + 100);
	assert_true(lapic_tsc_deadline_read(&apic) == now + 100);
	put(LVT_TIMER, 0x40);
	assert_true(lapic_tsc_deadline_read(&apic) == 0);
	assert_true(lapic_timer_remaining(&apic, now) == UINT64_MAX);
	put(COUNT, 100);
	put(COUNT, 0);
	assert_true(lapic_timer_remaining(&apic, now) == UINT64_MAX);
	put(LVT_TIMER, 0x60040);
	put(COUNT, 100);
	put_deadline(now + 100);
	assert_true(lapic_timer_remaining(&apic, now) == UINT64_MAX);
}

/* Its divider changes while it counts: the count goes on, at the new rate. */
static void test_divide_change(void **state)
{
	(void)state;
	put(LVT_TIMER, 0x40);
	put(COUNT, 1000);
	now += 300;
	put(DIVIDE, 0x3);
	assert_int_equal(get(CURRENT), 700);
	assert_true(lapic_timer_remaining(&apic, now) == 700 * 16);
	now += 10 * 16;
	assert_int_equal(get(CURRENT), 690);
	put(DIVIDE, DIVIDE_BY_1);
	assert_true(lapic_timer_remaining(&apic, now) == 690);
}

/* A masked timer counts on, interrupts nobody, and asks the host for nothing. */
static void test_masked_timer(void **state)
{
	(void)state;
	put(LVT_TIMER, MASKED | PERIODIC | 0x40);
	put(COUNT, 1000000);
	assert_true(lapic_timer_remaining(&apic, now) == UINT64_MAX);
	now += 5300000;
	assert_int_equal(get(CURRENT), 700000);
	put(LVT_TIMER, PERIODIC | 0x40);
	assert_true(effect.kinds & LAPIC_EFFECT_TIMER);
	assert_int_equal(lapic_pending_vector(&apic), -1);
	assert_true(lapic_timer_remaining(&apic, now) == 700000);
}

/* "TSC-Deadline Mode": armed, re-armed, disarmed by 0, in the past, at the ends of time. */
static void test_tsc_deadline(void **state)
{
	(void)state;
	put_deadline(now + 10);
	assert_true(lapic_tsc_deadline_read(&apic) == 0);
	put(LVT_TIMER, TSC_DEADLINE | 0x40);
	put_deadline(now + 1000);
	assert_true(effect.kinds & LAPIC_EFFECT_TIMER);
	assert_true(lapic_timer_remaining(&apic, now) == 1000);
	put_deadline(now + 500);
	put_deadline(0);
	assert_true(effect.kinds & LAPIC_EFFECT_TIMER);
	assert_true(lapic_timer_remaining(&apic, now) == UINT64_MAX);
	put_deadline(now + 500);
	now += 500;
	lapic_timer_expire(&apic, now);
	assert_int_equal(lapic_pending_vector(&apic), 0x40);
	assert_true(lapic_tsc_deadline_read(&apic) == 0);
	lapic_accept(&apic, 0x40);
	put(EOI, 0);
	for (unsigned i = 0; i < 1000; i++) {
		put_deadline(now - i);
		assert_int_equal(effect.kinds, 0);
		assert_int_equal(lapic_pending_vector(&apic), 0x40);
		lapic_accept(&apic, 0x40);
		put(EOI, 0);
		assert_int_equal(lapic_pending_vector(&apic), -1);
	}
	put_deadline(UINT64_MAX);
	assert_true(lapic_timer_remaining(&apic, now) == UINT64_MAX - now);
	lapic_timer_expire(&apic, now);
	assert_int_equal(lapic_pending_vector(&apic), -1);
	put(LVT_TIMER, MASKED | TSC_DEADLINE | 0x40);
	put_deadline(now - 1);
	assert_int_equal(lapic_pending_vector(&apic), -1);
	assert_true(lapic_tsc_deadline_read(&apic) == 0);
}

/*
 * The guest sets its TSC: a count does not feel it, a deadline does; even across the end of the
 * TSC.
 */
static void test_tsc_moved(void **state)
{
	static const int64_t jumps[] = {1000000, -4000, INT64_MAX, INT64_MIN, -1};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(jumps); i++) {
		put(LVT_TIMER, PERIODIC | 0x40);
		put(COUNT, 1000000);
		now += 250000;
		now += (uint64_t)jumps[i];
		lapic_tsc_moved(&apic, jumps[i], &effect);
		assert_int_equal(get(CURRENT), 750000);
		assert_true(lapic_timer_remaining(&apic, now) == 750000);
		lapic_timer_expire(&apic, now);
		assert_int_equal(lapic_pending_vector(&apic), -1);
	}
	now = UINT64_MAX - 1000;
	put(COUNT, 1000000);
	assert_true(lapic_timer_remaining(&apic, now) == 1000000);
	now += 999999;
	assert_int_equal(get(CURRENT), 1);
	assert_int_equal(lapic_pending_vector(&apic), -1);
	now = 5000;
	put(LVT_TIMER, TSC_DEADLINE | 0x40);
	put_deadline(6000);
	effect = (struct lapic_effect){0};
	now += 2000;
	lapic_tsc_moved(&apic, 2000, &effect);
	assert_true(effect.kinds & LAPIC_EFFECT_TIMER);
	assert_true(lapic_timer_remaining(&apic, now) == 0);
}

/* The host's timer comes late: what the guest does meanwhile sees the timer as it should be. */
static void test_late_host_timer(void **state)
{
	(void)state;
	put(LVT_TIMER, 0x40);
	put(COUNT, 1000);
	now += 5000;
	assert_int_equal(get(CURRENT), 0);
	assert_int_equal(lapic_pending_vector(&apic), 0x40);
	lapic_accept(&apic, 0x40);
	put(EOI, 0);
	put(COUNT, 1000);
	now += 5000;
	put(COUNT, 700);
	assert_int_equal(get(IRR + 0x20), 1);
	assert_true(lapic_timer_remaining(&apic, now) == 700);
	now += 5000;
	put(LVT_TIMER, MASKED | 0x41);
	assert_int_equal(get(IRR + 0x20), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_one_shot, set_up),
		cmocka_unit_test_setup(test_periodic, set_up),
		cmocka_unit_test_setup(test_rounding, set_up),
		cmocka_unit_test_setup(test_period_clamp, set_up),
		cmocka_unit_test_setup(test_mode_changes, set_up),
		cmocka_unit_test_setup(test_divide_change, set_up),
		cmocka_unit_test_setup(test_masked_timer, set_up),
		cmocka_unit_test_setup(test_tsc_deadline, set_up),
		cmocka_unit_test_setup(test_tsc_moved, set_up),
		cmocka_unit_test_setup(test_late_host_timer, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
