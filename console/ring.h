/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's side of abi/console_ring.h. The VMM on the other side may be hostile: its indices are
 * read once and clamped, and nothing it writes moves us outside the ring.
 */
#pragma once

#include "abi/console_ring.h"
#include "lib/types.h"

/* What was there to be read when it was asked. */
struct ring_view {
	uint64_t start; /* position of the first byte */
	size_t size;	/* bytes from there, at most RING_OUT_SIZE */
	uint64_t lost;	/* bytes between the position asked for and start */
};

/* What is in the output half from position on. A head that lies behind it gives nothing. */
struct ring_view ring_look(const struct console_ring *ring, uint64_t position);

/* The position behind the newest byte, whatever the VMM says it is. */
uint64_t ring_head(const struct console_ring *ring);

/* Copies count bytes (at most RING_OUT_SIZE) from position on, whatever they are. */
void ring_copy(const struct console_ring *ring, uint64_t position, uint8_t *to, size_t count);

/* From now on the VMM holds back what would overwrite the bytes from position on. */
void ring_attach(struct console_ring *ring, uint64_t position);
void ring_detach(struct console_ring *ring);

/* The reader's position: the VMM may overwrite all before it. */
void ring_move_tail(struct console_ring *ring, uint64_t position);

/* True if the VMM holds output back for want of room. */
bool ring_is_waiting(const struct console_ring *ring);

/* Asks the VMM to tell of output, or not. */
void ring_set_wake(struct console_ring *ring, bool wake);

/* Writes at most count bytes into the input half; how many fitted. */
size_t ring_write_input(struct console_ring *ring, const uint8_t *data, size_t count);
size_t ring_input_room(const struct console_ring *ring);
