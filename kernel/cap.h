/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much CPU time a partition may use at most: a budget for each window, for all its vCPUs together. What
 * was not used is lost at the window's end, what was used too much is owed. Pure logic in TSC ticks; who
 * calls holds the partition's lock (but for cap_is_set), and all CPUs' TSCs agree to within a turn.
 */
#pragma once

#include "lib/types.h"

struct cap {
	uint64_t window, budget; /* budget 0: no cap */
	uint64_t end;		 /* TSC: of the present window */
	uint64_t used;		 /* in it, with what is owed from those before */
};

void cap_init(struct cap *cap, uint64_t window, uint32_t percent);

/* Another budget from now on, or none. What was used in this window counts. */
void cap_change(struct cap *cap, uint32_t percent);

/* Without the lock. */
static inline bool cap_is_set(const struct cap *cap)
{
	return __atomic_load_n(&cap->budget, __ATOMIC_RELAXED) != 0;
}

/* What is left of the budget; 0: nothing before cap->end. */
uint64_t cap_left(struct cap *cap, uint64_t now);

void cap_charge(struct cap *cap, uint64_t now, uint64_t ticks);
