/* SPDX-License-Identifier: BSD-2-Clause */
/* Sixteen general registers from one place to another. */
#pragma once

#include "lib/types.h"

static inline void gprs_copy(uint64_t *to, const uint64_t *from)
{
	/* Written out: a loop costs 80 instructions. */
	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
	to[3] = from[3];
	to[4] = from[4];
	to[5] = from[5];
	to[6] = from[6];
	to[7] = from[7];
	to[8] = from[8];
	to[9] = from[9];
	to[10] = from[10];
	to[11] = from[11];
	to[12] = from[12];
	to[13] = from[13];
	to[14] = from[14];
	to[15] = from[15];
}
