/* SPDX-License-Identifier: BSD-2-Clause */
/* Each access to the other side's half of the ring is one atomic load: a value is never fetched twice. */
#include "console/ring.h"

#include "console/call.h"
#include "lib/string.h"

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

bool ring_size_is_valid(uint64_t size)
{
	return size >= RING_OUT_MIN && size <= RING_OUT_MAX && (size & (size - 1)) == 0;
}

int64_t ring_make(struct ring *ring, size_t size, bool lossless)
{
	int64_t address = call_mem_map(RING_PAGES(size));

	if (address <= 0)
		return address ? address : ERR_NOMEM;
	ring->shared = (struct console_ring *)(uintptr_t)address;
	ring->size = size;
	ring->shared->lossless = lossless;
	return ERR_NONE;
}

void ring_free(struct ring *ring)
{
	if (ring->shared)
		call_mem_unmap(call_address(ring->shared), RING_PAGES(ring->size));
	*ring = (struct ring){0};
}

bool ring_is_lossless(const struct ring *ring)
{
	return ring->shared->lossless != 0;
}

uint64_t ring_head(const struct ring *ring)
{
	return load(&ring->shared->out_head);
}

struct ring_view ring_look(const struct ring *ring, uint64_t position)
{
	uint64_t head = load(&ring->shared->out_head);
	struct ring_view view = {.start = position};

	if (head <= position)
		return view;
	if (head - position > ring->size) {
		view.start = head - ring->size;
		view.lost = view.start - position;
	}
	view.size = (size_t)(head - view.start);
	return view;
}

void ring_copy(const struct ring *ring, uint64_t position, uint8_t *to, size_t count)
{
	const uint8_t *out = ring_out(ring->shared, ring->size);
	size_t at = position % ring->size;
	size_t first = MIN(count, ring->size - at);

	memcpy(to, out + at, first);
	memcpy(to + first, out, count - first);
}

uint64_t ring_line_begin(const struct ring *ring, uint64_t first, uint64_t position)
{
	uint64_t from = MAX(position - MIN(position, (uint64_t)RING_LINE), first);
	uint64_t start = MIN(ring_look(ring, from).start, position);
	uint8_t bytes[RING_LINE];
	size_t at = MIN(position - start, sizeof(bytes));

	ring_copy(ring, start, bytes, at);
	for (; at > 0; at--) {
		if (bytes[at - 1] == '\n')
			return start + at;
	}
	return start == first ? first : position;
}

/*
 * The full barriers: "attached" must be seen by the VMM before we read how far it has come, as the
 * VMM writes its head before it looks whether somebody is attached.
 */
void ring_attach(const struct ring *ring, uint64_t position)
{
	store(&ring->shared->out_tail, position);
	__atomic_store_n(&ring->shared->attached, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&ring->shared->wake, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void ring_detach(const struct ring *ring)
{
	__atomic_store_n(&ring->shared->wake, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&ring->shared->attached, 0, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void ring_move_tail(const struct ring *ring, uint64_t position)
{
	store(&ring->shared->out_tail, position);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

bool ring_is_waiting(const struct ring *ring)
{
	return __atomic_load_n(&ring->shared->out_waiting, __ATOMIC_ACQUIRE) != 0;
}

void ring_set_wake(const struct ring *ring, bool wake)
{
	__atomic_store_n(&ring->shared->wake, wake, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

size_t ring_input_room(const struct ring *ring)
{
	uint64_t used = ring->shared->in_head - load(&ring->shared->in_tail);

	/* A tail that is ahead of us, or further behind than the ring is long: nonsense, so no room. */
	return used > RING_IN_SIZE ? 0 : RING_IN_SIZE - (size_t)used;
}

size_t ring_write_input(const struct ring *ring, const uint8_t *data, size_t count)
{
	uint64_t head = ring->shared->in_head;
	size_t taken = MIN(count, ring_input_room(ring));

	for (size_t i = 0; i < taken; i++)
		ring->shared->in[(head + i) % RING_IN_SIZE] = data[i];
	store(&ring->shared->in_head, head + taken);
	return taken;
}
