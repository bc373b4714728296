/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's RAM piece by piece, without the guest's own image. */
#pragma once

#include "lib/types.h"

/* What the guest `fill` leaves everywhere, and `zeros` must not find. */
#define FILL_PATTERN 0xf1ee1d0fa11c0deeULL

struct ram_piece {
	uint64_t start, end;
};

/*
 * The next piece of RAM at or above *from, or false past the last. Only what lies in the first 4 GiB,
 * where everything is mapped. *from moves to its end.
 */
bool ram_next(uint64_t *from, struct ram_piece *piece);

/* The end of the RAM that begins at 1 MiB. */
uint64_t ram_low_end(void);
