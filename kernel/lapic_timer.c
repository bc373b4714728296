/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC's timer, computed from the TSC: nothing ticks. A count refers to an anchor, so
 * that a periodic timer does not drift however long it runs. SDM 3A "APIC Timer" and "TSC-Deadline
 * Mode".
 */
#include "kernel/lapic.h"
#include "kernel/lapic_internal.h"

struct lapic_clock lapic_clock_make(uint32_t tsc_khz, uint32_t tick_khz)
{
	return (struct lapic_clock){
		.tsc_to_ticks = scale_make(tsc_khz, tick_khz),
		.ticks_to_tsc = scale_make(tick_khz, tsc_khz),
		.period_min = (uint64_t)tsc_khz * LAPIC_PERIOD_MIN_US / 1000,
	};
}

/*
 * Bits 3, 1 and 0 together: 000 divides by 2, 110 by 128, 111 by 1 ("Divide Configuration
 * Register").
 */
static unsigned divide_shift(const struct lapic *l)
{
	unsigned code = (l->divide & 3) | (l->divide >> 1 & 4);

	return (code + 1) & 7;
}

static bool counts(const struct lapic *l)
{
	return lapic_timer_mode(l) <= TIMER_PERIODIC;
}

void lapic_timer_disarm(struct lapic *l)
{
	l->timer_runs = false;
	l->initial_count = 0;
	l->deadline = 0;
}

static uint64_t elapsed_ticks(const struct lapic *l, uint64_t now)
{
	return scale_apply(l->clock->tsc_to_ticks, now - l->timer_anchor);
}

/* The first TSC at which timer_ticks have passed. A deadline of 0 would say that there is none. */
static void set_count_deadline(struct lapic *l)
{
	uint64_t tsc = scale_apply(l->clock->ticks_to_tsc, l->timer_ticks);

	tsc += scale_apply(l->clock->tsc_to_ticks, tsc) < l->timer_ticks;
	l->deadline = l->timer_anchor + tsc;
	l->deadline += l->deadline == 0;
}

/* In undivided ticks: what a period really takes. */
static uint64_t period_ticks(const struct lapic *l)
{
	uint64_t ticks = (uint64_t)l->initial_count << divide_shift(l);

	return MAX(ticks, scale_apply(l->clock->tsc_to_ticks, l->clock->period_min));
}

void lapic_timer_start(struct lapic *l, uint32_t initial_count, uint64_t now)
{
	if (!counts(l))
		return;
	l->initial_count = initial_count;
	l->timer_runs = initial_count != 0;
	l->deadline = 0;
	if (!l->timer_runs)
		return;
	l->timer_anchor = now;
	l->timer_ticks = (uint64_t)initial_count << divide_shift(l);
	if (lapic_timer_mode(l) == TIMER_PERIODIC)
		l->timer_ticks = period_ticks(l);
	set_count_deadline(l);
}

uint32_t lapic_timer_count(const struct lapic *l, uint64_t now)
{
	uint64_t elapsed, left;
	unsigned shift = divide_shift(l);

	if (!l->timer_runs)
		return 0;
	elapsed = elapsed_ticks(l, now);
	left = elapsed < l->timer_ticks ? l->timer_ticks - elapsed : 0;
	/*
	 * Rounded up: as long as it has not fired it is not 0. A stretched period shows as a late
	 * start.
	 */
	left = (left + (1u << shift) - 1) >> shift;
	return (uint32_t)MIN(left, l->initial_count);
}

/*
 * A running count goes on from where it is, at the new rate. The manual leaves it open; processors
 * and guests that try (kvm-unit-tests do) agree on this.
 */
void lapic_timer_set_divide(struct lapic *l, uint32_t divide, uint64_t now)
{
	uint32_t left = lapic_timer_count(l, now);

	l->divide = divide;
	if (!l->timer_runs)
		return;
	l->timer_anchor = now;
	l->timer_ticks = (uint64_t)left << divide_shift(l);
	set_count_deadline(l);
}

/* To the first multiple of the period after now: the periods between are one interrupt. */
static void next_period(struct lapic *l, uint64_t now)
{
	uint64_t period = period_ticks(l), elapsed = elapsed_ticks(l, now);
	uint64_t late = elapsed > l->timer_ticks ? elapsed - l->timer_ticks : 0;

	l->timer_ticks += (late / period + 1) * period;
	set_count_deadline(l);
}

/*
 * A count is over when its deadline is not ahead, modulo 2^64; a TSC-deadline when the TSC is not
 * below it.
 */
static bool is_due(const struct lapic *l, uint64_t now)
{
	if (!l->deadline)
		return false;
	return l->timer_runs ? (int64_t)(now - l->deadline) >= 0 : now >= l->deadline;
}

void lapic_timer_expire(struct lapic *l, uint64_t now)
{
	if (!is_due(l, now))
		return;
	if (l->timer_runs && lapic_timer_mode(l) == TIMER_PERIODIC) {
		next_period(l, now);
	} else {
		l->timer_runs = false;
		l->deadline = 0;
	}
	lapic_lvt_deliver(l, LAPIC_LVT_TIMER);
}

uint64_t lapic_timer_deadline(const struct lapic *l)
{
	return l->lvt[LAPIC_LVT_TIMER] & LVT_MASKED ? 0 : l->deadline;
}

uint64_t lapic_timer_remaining(const struct lapic *l, uint64_t now)
{
	if (!lapic_timer_deadline(l))
		return UINT64_MAX;
	return is_due(l, now) ? 0 : l->deadline - now;
}

uint64_t lapic_tsc_deadline_read(const struct lapic *l)
{
	return counts(l) ? 0 : l->deadline;
}

void lapic_tsc_deadline_write(struct lapic *l, uint64_t value, uint64_t now,
			      struct lapic_effect *effect)
{
	if (lapic_timer_mode(l) != TIMER_TSC_DEADLINE)
		return;
	/*
	 * One that was due already has fired before this write, whether the host's timer came yet
	 * or not.
	 */
	lapic_timer_expire(l, now);
	if (l->deadline)
		effect->kinds |= LAPIC_EFFECT_TIMER;
	l->deadline = value;
	lapic_timer_expire(l, now);
	if (l->deadline)
		effect->kinds |= LAPIC_EFFECT_TIMER;
}

void lapic_tsc_moved(struct lapic *l, int64_t delta, struct lapic_effect *effect)
{
	if (!l->deadline)
		return;
	effect->kinds |= LAPIC_EFFECT_TIMER;
	if (l->timer_runs) {
		l->timer_anchor += (uint64_t)delta;
		set_count_deadline(l);
	}
}
