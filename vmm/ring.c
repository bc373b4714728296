/* SPDX-License-Identifier: BSD-2-Clause */
/* Moves bytes to and from the console ring; the protocol is told in abi/console_ring.h. */
#include "vmm/ring.h"

#include "abi/layout.h"
#include "lib/string.h"
#include "vmm/call.h"
#include "vmm/host_clock.h"
#include "vmm/lock.h"
#include "vmm/partition.h"

struct console_ring *ring = (struct console_ring *)USER_RING_BASE;

/* Two vCPUs may write at once (the UART has a lock of its own, the test device has not). */
static spinlock_t out_lock, in_lock;

/* o: out_lock */
static struct {
	bool in_line;	      /* o: the line of the byte before the next one has not ended */
	bool held;	      /* o: something was held back, and the reader has not moved since */
	uint64_t held_tail;   /* o: where it stands */
	uint64_t held_tsc;    /* o: since when */
	uint64_t latest_unit; /* o: of the latest stamp */
} out;

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
	 * A tail that is ahead of head or too far behind is the console's fault, or that of one
	 * that stood still: nothing is held back.
	 */
	return behind <= partition->ring_size ? partition->ring_size - behind : SIZE_MAX;
}

/* At most ring_size bytes, in two pieces at the wrap. */
static void copy_out(uint64_t head, const uint8_t *data, size_t size)
{
	uint8_t *to = ring_out(ring, partition->ring_size);
	size_t at = head & (partition->ring_size - 1);
	size_t first = MIN(size, partition->ring_size - at);

	memcpy(to + at, data, first);
	memcpy(to, data + first, size - first);
}

/* The reader has stood still for so long that it is not waited for any more. */
static bool stands_still(void)
{
	uint64_t tail = load(&ring->out_tail), now = host_clock_tsc();

	if (!out.held || out.held_tail != tail) {
		out.held = true;
		out.held_tail = tail;
		out.held_tsc = now;
	}
	return now - out.held_tsc >= RING_STALL_SECONDS * 1000 * partition->tsc_khz &&
	       !__atomic_load_n(&ring->lossless, __ATOMIC_RELAXED);
}

/*
 * out_waiting is set before the room is looked at a second time: the console moves its tail first
 * and looks at out_waiting then, so one of the two sees the other. Who finds room may not be who waits, so
 * out_waiting stays until the console has looked: wake is 0 from before it moves its tail until after that.
 */
static size_t room_or_wait(uint64_t head, size_t size)
{
	size_t left;

	if (room(head) >= size) {
		if (__atomic_load_n(&ring->wake, __ATOMIC_ACQUIRE))
			ring->out_waiting = 0;
		out.held = false;
		return size;
	}
	__atomic_store_n(&ring->out_waiting, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	left = room(head);
	return left >= size || stands_still() ? size : left;
}

/* A line begins at a position: so far the first one in its unit of time, it gets a stamp. */
static void stamp(uint64_t position)
{
	uint64_t unit = host_clock_tsc() >> RING_STAMP_UNIT;
	uint64_t index = ring->stamp_head;
	uint64_t *to = ring_stamps(ring) + index % RING_STAMPS(partition->ring_size);

	if (unit == out.latest_unit)
		return;
	out.latest_unit = unit;
	__atomic_store_n(to,
			 unit << RING_STAMP_POSITION | (position & (BIT(RING_STAMP_POSITION) - 1)),
			 __ATOMIC_RELAXED);
	__atomic_store_n(&ring->stamp_head, index + 1, __ATOMIC_RELEASE);
}

/*
 * Where a line begins in the bytes, or their end: at its first byte that is no CR, as some end theirs by
 * LF, CR.
 */
static size_t next_line(const uint8_t *data, size_t size)
{
	size_t i = 0;

	while (out.in_line && i < size)
		out.in_line = data[i++] != '\n';
	while (i < size && data[i] == '\r')
		i++;
	return i;
}

/* All lines that begin in these bytes have one time: the first is enough. */
static void stamp_lines(uint64_t head, const uint8_t *data, size_t size)
{
	size_t begin = next_line(data, size);

	if (begin == size)
		return;
	stamp(head + begin);
	while (data[size - 1] == '\r')
		size--; /* not further than begin */
	out.in_line = data[size - 1] != '\n';
}

size_t ring_put(const void *data, size_t size)
{
	uint64_t head;
	size_t taken;

	size = MIN(size, partition->ring_size);
	spin_lock(&out_lock);
	head = ring->out_head;
	taken = room_or_wait(head, size);
	copy_out(head, data, taken);
	stamp_lines(head, data, taken);
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
