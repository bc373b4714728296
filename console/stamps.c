/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stamps are the VMM's: each is read once, and whatever it says gives a time in the past. Both halves of one
 * are cut off at the top; what is missing follows from the position that is asked for, and from now.
 */
#include "console/stamps.h"

#define POSITION_MASK (BIT(RING_STAMP_POSITION) - 1)
#define UNIT_MASK     (UINT64_MAX >> RING_STAMP_POSITION)

static uint64_t read(const struct ring *ring, uint64_t index)
{
	return __atomic_load_n(ring_stamps(ring->shared) + index % RING_STAMPS(ring->size),
			       __ATOMIC_RELAXED);
}

static uint64_t count(const struct ring *ring)
{
	return __atomic_load_n(&ring->shared->stamp_head, __ATOMIC_ACQUIRE);
}

/* How far before `position` a stamp lies, modulo 16 MiB. */
static uint64_t before(uint64_t stamp, uint64_t position)
{
	return (position - stamp) & POSITION_MASK;
}

/* The oldest stamp of use is the one of the line that the oldest byte of the output is in. */
void stamps_open(struct stamps *stamps, const struct ring *ring)
{
	uint64_t total = count(ring), head = ring_head(ring), last = 0;
	uint64_t kept = MIN(total, (uint64_t)RING_STAMPS(ring->size));

	*stamps = (struct stamps){.ring = ring, .next = total};
	while (stamps->next > total - kept && last <= ring->size) {
		uint64_t distance = before(read(ring, stamps->next - 1), head);

		/* Further back they are older than what they can tell. */
		if (distance < last)
			return;
		last = distance;
		stamps->next--;
	}
}

bool stamps_find(struct stamps *stamps, uint64_t position, uint64_t now, uint64_t *tsc)
{
	const struct ring *ring = stamps->ring;
	uint64_t total = count(ring), age;

	if (total - stamps->next > RING_STAMPS(ring->size)) {
		stamps->has = false;
		stamps->next = total - MIN(total, (uint64_t)RING_STAMPS(ring->size));
	}
	while (stamps->next < total) {
		uint64_t stamp = read(ring, stamps->next);

		if (before(stamp, position) > POSITION_MASK / 2)
			break;
		stamps->has = true;
		stamps->unit = stamp >> RING_STAMP_POSITION;
		stamps->next++;
	}
	age = ((now >> RING_STAMP_UNIT) - stamps->unit) & UNIT_MASK;
	/* The unit's begin: two lines of one unit have one time, whenever they are asked for. */
	*tsc = ((now >> RING_STAMP_UNIT) - MIN(now >> RING_STAMP_UNIT, age)) << RING_STAMP_UNIT;
	return stamps->has;
}
