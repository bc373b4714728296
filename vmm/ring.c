/* SPDX-License-Identifier: BSD-2-Clause */
/* Moves bytes to and from the console ring; the protocol is told in abi/console_ring.h. */
#include "vmm/ring.h"

#include "abi/layout.h"
#include "lib/string.h"
#include "vmm/call.h"
#include "vmm/lock.h"

struct console_ring *ring = (struct console_ring *)USER_RING_BASE;

/* Two vCPUs may write at once (the UART has a lock of its own, the test device has not). */
static spinlock_t out_lock, in_lock;

static uint64_t load(const uint64_t *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

/* How many bytes may be written: all of them, or what an attached console has left room for. */
static size_t room(uint64_t head)
{
	uint64_t behind;

	if (!__atomic_load_n(&ring->attached, __ATOMIC_ACQUIRE))
		return SIZE_MAX;
	behind = head - load(&ring->out_tail);
	/*
	 * A tail that is ahead of head or too far behind is the console's fault: nothing is held
	 * back.
	 */
	return behind <= RING_OUT_SIZE ? RING_OUT_SIZE - (size_t)behind : SIZE_MAX;
}

/* At most RING_OUT_SIZE bytes, in two pieces at the wrap. */
static void copy_out(uint64_t head, const uint8_t *data, size_t size)
{
	size_t at = head % RING_OUT_SIZE;
	size_t first = MIN(size, RING_OUT_SIZE - at);

	memcpy(ring->out + at, data, first);
	memcpy(ring->out, data + first, size - first);
}

/*
 * out_waiting is set before the room is looked at a second time: the console moves its tail first
 * and looks at out_waiting then, so one of the two sees the other.
 */
static size_t room_or_wait(uint64_t head, size_t size)
{
	if (room(head) >= size) {
		ring->out_waiting = 0;
		return size;
	}
	__atomic_store_n(&ring->out_waiting, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return MIN(room(head), size);
}

size_t ring_put(const void *data, size_t size)
{
	uint64_t head;
	size_t taken;

	size = MIN(size, (size_t)RING_OUT_SIZE);
	spin_lock(&out_lock);
	head = ring->out_head;
	taken = room_or_wait(head, size);
	copy_out(head, data, taken);
	/* A full barrier: the console sets wake before it looks at out_head for the last time. */
	__atomic_store_n(&ring->out_head, head + taken, __ATOMIC_SEQ_CST);
	spin_unlock(&out_lock);
	if (taken && __atomic_load_n(&ring->wake, __ATOMIC_SEQ_CST))
		call_console_notify();
	return taken;
}

size_t ring_get(void *data, size_t size)
{
	uint64_t tail, count;
	uint8_t *to = data;

	spin_lock(&in_lock);
	tail = ring->in_tail;
	count = load(&ring->in_head) - tail;
	/*
	 * More than the ring holds, or a head that went backward: what cannot be told is dropped.
	 */
	if (count > RING_IN_SIZE) {
		tail += count;
		count = 0;
	}
	size = MIN(size, (size_t)count);
	for (size_t i = 0; i < size; i++)
		to[i] = ring->in[(tail + i) % RING_IN_SIZE];
	__atomic_store_n(&ring->in_tail, tail + size, __ATOMIC_RELEASE);
	spin_unlock(&in_lock);
	return size;
}
