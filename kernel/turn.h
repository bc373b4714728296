/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose turn it is on one CPU: proportional shares by virtual time (as stride scheduling and BVT have it).
 * Each partition has an account on each CPU where it has vCPUs; what they use is charged to it, in ticks
 * divided by its weight, and the account that has used least comes next. Its vCPUs share the account, by
 * the same rule with equal weights: more of them get a partition no more of a CPU.
 *
 * Who slept may be behind the others by one slice of its own, no more: that is what it gets at once, and
 * why it need not wait. Pure logic, times in TSC ticks; the CPU that it is about is the only caller.
 */
#pragma once

#include "abi/config.h"
#include "lib/types.h"

struct turn_account {
	uint64_t vtime;	  /* what was used, by weight */
	uint64_t clock;	  /* of its vCPUs: the vtime of the latest that was picked, or more */
	uint32_t weight;  /* WEIGHT_MIN..WEIGHT_MAX */
	uint32_t members; /* vCPUs that are homed here */
	uint32_t wanting; /* of these, those that want the CPU or have it */
};

struct turn_queue {
	uint64_t clock;	    /* the vtime of the latest account that was picked, or more */
	uint64_t slice;	    /* how long a turn lasts that nobody cuts short */
	uint64_t slice_min; /* how long one lasts at least, and at most while others are owed time */
	struct turn_account accounts[MAX_PARTITIONS]; /* by slot */
};

/* A vCPU's part in it. */
struct turn {
	struct turn_account *account;
	uint64_t vtime; /* against account->clock */
	bool wants;
};

/* A vCPU of the partition in this slot is homed here from now on; it does not want the CPU yet. */
void turn_join(struct turn_queue *q, struct turn *t, uint32_t slot, uint32_t weight);
void turn_leave(struct turn *t);

/* Another weight (0: WEIGHT_DEFAULT) for the slot's account from now on; any CPU may call it. */
void turn_weigh(struct turn_queue *q, uint32_t slot, uint32_t weight);

/* It wants the CPU from now on, or no longer. */
void turn_want(struct turn_queue *q, struct turn *t, bool wants);

/* It had the CPU for so long. */
void turn_charge(struct turn *t, uint64_t ticks);

/* Of two that want the CPU: a comes before b. */
bool turn_before(const struct turn *a, const struct turn *b);

/* It has used less than the others, since it slept. */
bool turn_is_owed(const struct turn_queue *q, const struct turn *t);

/* It comes next; others: of those that wait, how many are owed. Answers how long its turn may last. */
uint64_t turn_pick(struct turn_queue *q, struct turn *t, unsigned others);

/* A woken one comes before who runs, if that gets slice_min more. */
bool turn_preempts(const struct turn_queue *q, const struct turn *woken, const struct turn *runs);
