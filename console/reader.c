/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader's half of abi/console_ring.h's agreement. */
#include "console/reader.h"

#include "abi/frame.h"
#include "console/call.h"
#include "console/clock.h"

enum { LOOKS_PER_SECOND = 500 };

void reader_open(struct reader *reader, const struct partition *partition, uint64_t position)
{
	*reader = (struct reader){
		.partition = partition,
		.shared = partition->ring.shared,
		.born = partition->born,
		.position = position,
		.told = true,
	};
	ring_attach(&partition->ring, position);
}

bool reader_is_gone(const struct reader *reader)
{
	return reader->partition &&
	       !partition_has_ring(reader->partition, reader->born, reader->shared);
}

static void tell_space(const struct partition *partition)
{
	if (ring_is_waiting(&partition->ring))
		call_part_event(partition->slot, EVENT_SPACE);
}

static void set_told(struct reader *reader, bool told)
{
	if (reader->told != told)
		ring_set_wake(&reader->partition->ring, told);
	reader->told = told;
}

void reader_move(struct reader *reader, uint64_t position)
{
	reader->look_at = 0;
	if (position == reader->position)
		return;
	reader->position = position;
	reader->moved = true;
	set_told(reader, false);
	ring_move_tail(&reader->partition->ring, position);
	tell_space(reader->partition);
}

void reader_look_again(struct reader *reader)
{
	reader->look_at = call_clock() + clock_hz() / LOOKS_PER_SECOND;
}

bool reader_done(struct reader *reader, uint64_t position)
{
	bool was_told = reader->told;

	reader_move(reader, position);
	set_told(reader, !reader->moved);
	if (reader->moved)
		reader_look_again(reader);
	reader->moved = false;
	return reader->told && !was_told;
}

void reader_close(struct reader *reader)
{
	const struct partition *partition = reader->partition;
	bool gone = reader_is_gone(reader);

	reader->partition = NULL;
	reader->look_at = 0;
	if (!partition || gone)
		return;
	ring_detach(&partition->ring);
	tell_space(partition);
}
