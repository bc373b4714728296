/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine's clocks, read side by side: those that are counted up, and those that interrupt. */
#pragma once

#include "lib/types.h"

#define NS_PER_SECOND 1000000000ULL

/* a * b / c without an overflow on the way, if c * b fits in 64 bits. */
static inline uint64_t multiply_divide(uint64_t a, uint64_t b, uint64_t c)
{
	return a / c * b + a % c * b / c;
}

/* A duration by the TSC, whose rate is what the guest was told. */
uint64_t clocks_ns(uint64_t tsc);

/* What a clock showed, and the TSC before and after it was asked. */
struct reading {
	uint64_t before, after, value;
};

/* A clock that counts up, modulo modulus (0: 2^64), hz_num / hz_den times a second. */
struct counter {
	const char *name;
	uint64_t (*read)(void);
	uint64_t modulus, hz_num, hz_den;
	struct reading first;
};

/* counters.c: the 8254, the PM timer, the local APIC timer's count, KVM's clock. Starts the first. */
extern struct counter counters[];
extern const unsigned counter_count;
void counters_start(void);
/* By now against the TSC: no more than a count, the time a reading took, and ppb apart. */
void counters_check(uint64_t ppb);

/* KVM's clock: ns since the partition's start; and its wall clock's time of day, in ns. */
uint64_t kvm_clock(void);
uint64_t kvm_time_of_day(void);

enum ticking { TICKING_PIT, TICKING_RTC, TICKING_APIC, TICKINGS };

/* ticks.c: a clock that interrupts each time period_num / period_den seconds are over. */
struct ticks {
	const char *name;
	uint64_t period_num, period_den;
	volatile uint64_t count;
	volatile uint64_t first, last, longest; /* TSC */
};

extern struct ticks ticks[TICKINGS];

/* The local APIC's timer, which counts through these 1 GHz ticks again and again. */
enum { APIC_PERIOD = 100000000, PIT_COUNT = 65536 };

void ticks_start(void);
void ticks_stop(void);
/*
 * Each came at a whole number of periods, slack_us apart at most; and if none may be missing, as many
 * as there were periods. Says how many are.
 */
void ticks_check(uint64_t slack_us, bool all);
/* The RTC's seconds are those that its ticks counted, and begin when those of KVM's wall clock do. */
void ticks_check_seconds(uint64_t slack_us);
