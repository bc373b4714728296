/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtual times are compared by their signed difference, so that they may wrap. */
#include "kernel/turn.h"

/*
 * An account cannot be further ahead than one turn brings it, which the longest upcall bounds. Beyond that
 * the difference is not a debt but a clock that wrapped while it slept.
 */
enum { DEBT_SLICES = 16 };

static bool before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return before(a, b) ? b : a;
}

/* Rounded up: nothing is for free. */
static uint64_t cost(uint64_t ticks, uint32_t weight)
{
	return (ticks * WEIGHT_MAX + weight - 1) / weight;
}

/* Where one stands that comes back: its debt stays, what it is owed is bounded. */
static uint64_t place(uint64_t vtime, uint64_t clock, uint64_t slice)
{
	uint64_t earliest = clock - slice, latest = clock + DEBT_SLICES * slice;

	if (before(vtime, earliest))
		return earliest;
	return before(latest, vtime) ? latest : vtime;
}

static uint32_t weight_of(const struct turn_account *account)
{
	return __atomic_load_n(&account->weight, __ATOMIC_RELAXED);
}

void turn_weigh(struct turn_queue *q, uint32_t slot, uint32_t weight)
{
	__atomic_store_n(&q->accounts[slot].weight, weight ? weight : WEIGHT_DEFAULT,
			 __ATOMIC_RELAXED);
}

void turn_join(struct turn_queue *q, struct turn *t, uint32_t slot, uint32_t weight)
{
	struct turn_account *account = &q->accounts[slot];

	if (!account->members++) {
		turn_weigh(q, slot, weight);
		account->vtime = q->clock;
		account->clock = 0;
		account->wanting = 0;
	}
	*t = (struct turn){.account = account, .vtime = account->clock};
}

void turn_leave(struct turn *t)
{
	if (t->wants)
		t->account->wanting--;
	t->account->members--;
	*t = (struct turn){0};
}

void turn_want(struct turn_queue *q, struct turn *t, bool wants)
{
	struct turn_account *account = t->account;

	if (t->wants == wants)
		return;
	t->wants = wants;
	if (!wants) {
		account->wanting--;
		return;
	}
	if (!account->wanting++)
		account->vtime = place(account->vtime, q->clock, cost(q->slice, weight_of(account)));
	t->vtime = place(t->vtime, account->clock, q->slice);
}

void turn_charge(struct turn *t, uint64_t ticks)
{
	t->vtime += ticks;
	t->account->vtime += cost(ticks, weight_of(t->account));
}

bool turn_before(const struct turn *a, const struct turn *b)
{
	if (a->account->vtime != b->account->vtime)
		return before(a->account->vtime, b->account->vtime);
	return before(a->vtime, b->vtime);
}

bool turn_is_owed(const struct turn_queue *q, const struct turn *t)
{
	return before(t->account->vtime, q->clock);
}

/* A light one takes short turns: so its own come more often, and a heavy one waits for it less. */
static uint64_t length(const struct turn_queue *q, const struct turn_account *account)
{
	uint64_t ticks = q->slice;
	uint32_t weight = weight_of(account);

	if (weight < WEIGHT_DEFAULT)
		ticks = ticks * weight / WEIGHT_DEFAULT;
	return MAX(ticks, q->slice_min);
}

uint64_t turn_pick(struct turn_queue *q, struct turn *t, unsigned others)
{
	struct turn_account *account = t->account;

	q->clock = later(q->clock, account->vtime);
	account->clock = later(account->clock, t->vtime);
	return others ? q->slice_min : length(q, account);
}

bool turn_preempts(const struct turn_queue *q, const struct turn *woken, const struct turn *runs)
{
	if (woken->account == runs->account)
		return before(woken->vtime, runs->vtime + q->slice_min);
	return before(woken->account->vtime,
		      runs->account->vtime + cost(q->slice_min, weight_of(runs->account)));
}
