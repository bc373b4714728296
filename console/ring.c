/* SPDX-License-Identifier: BSD-2-Clause */
/* Each access to the other side's half of the ring is one atomic load: a value is never fetched twice. */
#include "console/ring.h"

#include "lib/string.h"

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

uint64_t ring_head(const struct console_ring *ring)
{
	return load(&ring->out_head);
}

struct ring_view ring_look(const struct console_ring *ring, uint64_t position)
{
	uint64_t head = load(&ring->out_head);
	struct ring_view view = {.start = position};

	if (head <= position)
		return view;
	if (head - position > RING_OUT_SIZE) {
		view.start = head - RING_OUT_SIZE;
		view.lost = view.start - position;
	}
	view.size = (size_t)(head - view.start);
	return view;
}

void ring_copy(const struct console_ring *ring, uint64_t position, uint8_t *to, size_t count)
{
	size_t at = position % RING_OUT_SIZE;
	size_t first = MIN(count, RING_OUT_SIZE - at);

	memcpy(to, ring->out + at, first);
	memcpy(to + first, ring->out, count - first);
}

/*
 * The full barriers: "attached" must be seen by the VMM before we read how far it has come, as the
 * VMM writes its head before it looks whether somebody is attached.
 */
void ring_attach(struct console_ring *ring, uint64_t position)
{
	store(&ring->out_tail, position);
	__atomic_store_n(&ring->attached, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&ring->wake, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void ring_detach(struct console_ring *ring)
{
	__atomic_store_n(&ring->wake, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&ring->attached, 0, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void ring_move_tail(struct console_ring *ring, uint64_t position)
{
	store(&ring->out_tail, position);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

bool ring_is_waiting(const struct console_ring *ring)
{
	return __atomic_load_n(&ring->out_waiting, __ATOMIC_ACQUIRE) != 0;
}

void ring_set_wake(struct console_ring *ring, bool wake)
{
	__atomic_store_n(&ring->wake, wake, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

size_t ring_input_room(const struct console_ring *ring)
{
	uint64_t used = ring->in_head - load(&ring->in_tail);

	/* A tail that is ahead of us, or further behind than the ring is long: nonsense, so no room. */
	return used > RING_IN_SIZE ? 0 : RING_IN_SIZE - (size_t)used;
}

size_t ring_write_input(struct console_ring *ring, const uint8_t *data, size_t count)
{
	uint64_t head = ring->in_head;
	size_t taken = MIN(count, ring_input_room(ring));

	for (size_t i = 0; i < taken; i++)
		ring->in[(head + i) % RING_IN_SIZE] = data[i];
	store(&ring->in_head, head + taken);
	return taken;
}
