/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader's half of abi/console_ring.h's agreement. */
#include "console/reader.h"

#include "abi/frame.h"
#include "console/call.h"
#include "console/clock.h"

enum { LOOKS_PER_SECOND = 500 };

void reader_open(struct reader *reader, const struct partition *partition, uint64_t position)
{
	*reader = (struct reader){.partition = partition, .position = position};
	ring_attach(&partition->ring, position);
}

static void tell_space(const struct partition *partition)
{
	if (ring_is_waiting(&partition->ring))
		call_part_event(partition->slot, EVENT_SPACE);
}

void reader_move(struct reader *reader, uint64_t position)
{
	if (position == reader->position)
		return;
	reader->position = position;
	reader->moved = true;
	ring_move_tail(&reader->partition->ring, position);
	tell_space(reader->partition);
}

bool reader_done(struct reader *reader, uint64_t position)
{
	const struct ring *ring = &reader->partition->ring;
	bool was_told = reader->look_at == 0;

	reader_move(reader, position);
	if (reader->moved) {
		reader->moved = false;
		reader->look_at = call_clock() + clock_hz() / LOOKS_PER_SECOND;
		if (was_told)
			ring_set_wake(ring, false);
		return false;
	}
	reader->look_at = 0;
	if (!was_told)
		ring_set_wake(ring, true);
	return !was_told;
}

void reader_close(struct reader *reader)
{
	const struct partition *partition = reader->partition;

	if (!partition)
		return;
	reader->partition = NULL;
	reader->look_at = 0;
	ring_detach(&partition->ring);
	tell_space(partition);
}
