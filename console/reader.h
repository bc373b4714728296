/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One who reads a ring: while it is open the guest waits rather than get ahead of it. While output flows the
 * ring is looked at by the clock; being told of each byte would cost both sides more than the byte.
 */
#pragma once

#include "console/partition.h"

struct reader {
	const struct partition *partition; /* NULL: closed */
	const struct console_ring *shared; /* the ring as it was opened, */
	uint64_t born;			   /* and whose: the record may be another's by now */
	uint64_t position;		   /* of the output: what is before it has been read */
	bool moved;			   /* since all was read the last time */
	bool told;			   /* the VMM tells of what comes */
	uint64_t look_at;		   /* host TSC: when to look again by the clock, 0: not */
};

/* Reads from position on. */
void reader_open(struct reader *reader, const struct partition *partition, uint64_t position);

/*
 * Its partition went away in the background, and the ring with it: to be asked in each turn before the
 * ring is looked at. It can only be closed then.
 */
bool reader_is_gone(const struct reader *reader);

/*
 * All there was has been read, up to position; the VMM may overwrite that. True: look once more, since what
 * came just now is not told.
 */
bool must_check reader_done(struct reader *reader, uint64_t position);

/*
 * Not all has been read, but up to position: the VMM may overwrite that. What is left is read when the caller
 * can, and not by the clock.
 */
void reader_move(struct reader *reader, uint64_t position);

/* By the clock, though: whatever was told since the latest look was not heard. */
void reader_look_again(struct reader *reader);

/* Does nothing if it is closed. */
void reader_close(struct reader *reader);
