/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers that look random and are the same in every run. */
#pragma once

#include "lib/types.h"

/* Steele and others' SplitMix64: any state will do. */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}
