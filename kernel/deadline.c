/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The queue is a ring through its head, whose time is past all others: so no end needs a special
 * case.
 */
#include "kernel/deadline.h"

void deadline_queue_init(struct deadline_queue *queue)
{
	queue->head = (struct deadline){
		.tsc = DEADLINE_NONE, .next = &queue->head, .previous = &queue->head};
}

void deadline_init(struct deadline *deadline, void (*expired)(struct deadline *))
{
	*deadline = (struct deadline){.tsc = DEADLINE_NONE, .expired = expired};
}

void deadline_cancel(struct deadline *deadline)
{
	if (!deadline->next)
		return;
	deadline->previous->next = deadline->next;
	deadline->next->previous = deadline->previous;
	deadline->next = deadline->previous = NULL;
}

void deadline_set(struct deadline_queue *queue, struct deadline *deadline, uint64_t tsc)
{
	struct deadline *after = queue->head.next;

	if (deadline == after)
		after = after->next;
	deadline_cancel(deadline);
	while (after != &queue->head && after->tsc <= tsc)
		after = after->next;
	deadline->tsc = tsc;
	deadline->next = after;
	deadline->previous = after->previous;
	after->previous->next = deadline;
	after->previous = deadline;
}

struct deadline *deadline_pop(struct deadline_queue *queue, uint64_t now)
{
	struct deadline *first = queue->head.next;

	if (first == &queue->head || first->tsc > now)
		return NULL;
	deadline_cancel(first);
	return first;
}

unsigned deadline_run(struct deadline_queue *queue, uint64_t now, unsigned limit)
{
	unsigned count = 0;

	while (count < limit) {
		struct deadline *due = deadline_pop(queue, now);

		if (!due)
			break;
		count++;
		due->expired(due);
	}
	return count;
}
