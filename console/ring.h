/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's side of abi/console_ring.h. The VMM on the other side may be hostile: its indices are
 * read once and clamped, and nothing it writes moves us outside the ring.
 */
#pragma once

#include "abi/console_ring.h"
#include "lib/types.h"

/* One in the console's memory, and how much output it holds; that is our own record, not the VMM's. */
struct ring {
	struct console_ring *shared; /* NULL: there is none */
	size_t size;
};

/* A power of two that the kernel takes. */
bool ring_size_is_valid(uint64_t size);

/* Makes an empty one, with memory from the kernel. An enum err; AGAIN: to be called again. */
int64_t must_check ring_make(struct ring *ring, size_t size, bool lossless);

/* Gives its memory back: nobody may use it any more. */
void ring_free(struct ring *ring);

/* While somebody reads, its guest waits however long. */
bool ring_is_lossless(const struct ring *ring);

/* What was there to be read when it was asked. */
struct ring_view {
	uint64_t start; /* position of the first byte */
	size_t size;	/* bytes from there, at most the ring's size */
	uint64_t lost;	/* bytes between the position asked for and start */
};

/* What is in the output half from position on. A head that lies behind it gives nothing. */
struct ring_view ring_look(const struct ring *ring, uint64_t position);

/* The position behind the newest byte, whatever the VMM says it is. */
uint64_t ring_head(const struct ring *ring);

/* Copies count bytes (at most its size) from position on, whatever they are. */
void ring_copy(const struct ring *ring, uint64_t position, uint8_t *to, size_t count);

/*
 * Where the line begins that goes on at position, if that is near (RING_LINE bytes) and still there; else
 * position. At `first`, which is not behind it, one begins for sure.
 */
enum { RING_LINE = 512 };
uint64_t ring_line_begin(const struct ring *ring, uint64_t first, uint64_t position);

/* From now on the VMM holds back what would overwrite the bytes from position on. */
void ring_attach(const struct ring *ring, uint64_t position);
void ring_detach(const struct ring *ring);

/* The reader's position: the VMM may overwrite all before it. */
void ring_move_tail(const struct ring *ring, uint64_t position);

/* True if the VMM holds output back for want of room. */
bool ring_is_waiting(const struct ring *ring);

/* Asks the VMM to tell of output, or not. */
void ring_set_wake(const struct ring *ring, bool wake);

/* Writes at most count bytes into the input half; how many fitted. */
size_t ring_write_input(const struct ring *ring, const uint8_t *data, size_t count);
size_t ring_input_room(const struct ring *ring);
