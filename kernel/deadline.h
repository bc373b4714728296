/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One CPU's queue of deadlines in host TSC, sorted, of entries that stand in their owners' objects.
 * Only the CPU that a queue belongs to touches it.
 */
#pragma once

#include "lib/types.h"

#define DEADLINE_NONE UINT64_MAX

struct deadline {
	uint64_t tsc;
	/* Called with the entry out of the queue: it may set it anew. */
	void (*expired)(struct deadline *deadline);
	struct deadline *next, *previous; /* next is NULL while it is not queued */
};

struct deadline_queue {
	/* Of the ring: next is the earliest, previous the latest; its own time is DEADLINE_NONE. */
	struct deadline head;
};

void deadline_queue_init(struct deadline_queue *queue);
void deadline_init(struct deadline *deadline, void (*expired)(struct deadline *));

/* Queues it, or moves it if it is queued. Equal times keep the order in which they were set. */
void deadline_set(struct deadline_queue *queue, struct deadline *deadline, uint64_t tsc);

/* Takes it out; nothing happens if it is not queued. */
void deadline_cancel(struct deadline *deadline);

static inline bool deadline_is_set(const struct deadline *deadline)
{
	return deadline->next != NULL;
}

/* The earliest time, or DEADLINE_NONE. */
static inline uint64_t deadline_first(const struct deadline_queue *queue)
{
	return queue->head.next->tsc;
}

/*
 * Takes out and returns the earliest entry whose time is at or before now; NULL if there is none.
 */
struct deadline *deadline_pop(struct deadline_queue *queue, uint64_t now);

/*
 * Calls expired() of all entries that were due at now, at most limit of them, so that one that sets
 * itself into the past cannot hold the CPU. Returns how many.
 */
unsigned deadline_run(struct deadline_queue *queue, uint64_t now, unsigned limit);
