/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/cap.h"

void cap_init(struct cap *cap, uint64_t window, uint32_t percent)
{
	*cap = (struct cap){.window = window, .budget = window * percent / 100};
}

void cap_change(struct cap *cap, uint32_t percent)
{
	__atomic_store_n(&cap->budget, cap->window * percent / 100, __ATOMIC_RELAXED);
}

/* On to the window that now lies in. A CPU whose TSC is a little behind changes nothing. */
static void advance(struct cap *cap, uint64_t now)
{
	uint64_t windows, paid;

	if (now < cap->end)
		return;
	windows = (now - cap->end) / cap->window + 1;
	/* No budget any more: who saw one a moment ago owes nothing. */
	paid = !cap->budget || windows > cap->used / cap->budget ? cap->used : windows * cap->budget;
	cap->used -= paid;
	cap->end += windows * cap->window;
}

uint64_t cap_left(struct cap *cap, uint64_t now)
{
	advance(cap, now);
	return cap->used < cap->budget ? cap->budget - cap->used : 0;
}

void cap_charge(struct cap *cap, uint64_t now, uint64_t ticks)
{
	advance(cap, now);
	cap->used += ticks;
}
