/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conversion between two clocks' ticks by one multiplication and a shift, exact to two parts in
 * 10^12.
 */
#pragma once

#include "lib/types.h"

enum { SCALE_KHZ_MAX = 1 << 24 };

struct scale {
	uint64_t mul; /* to/from, times 2^shift, with 39 significant bits at least */
	unsigned shift;
};

/* Converts ticks of a clock of from_khz to ticks of one of to_khz; both 1..SCALE_KHZ_MAX - 1. */
static inline struct scale scale_make(uint32_t from_khz, uint32_t to_khz)
{
	unsigned shift = (unsigned)__builtin_clzll(to_khz);

	return (struct scale){((uint64_t)to_khz << shift) / from_khz, shift};
}

/* Rounds down; what does not fit in 64 bits becomes the greatest number. */
static inline uint64_t scale_apply(struct scale scale, uint64_t ticks)
{
	unsigned __int128 product = ((unsigned __int128)ticks * scale.mul) >> scale.shift;

	return product > UINT64_MAX ? UINT64_MAX : (uint64_t)product;
}
