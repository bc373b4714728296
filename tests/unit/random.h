/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers at random, the same in each run: xorshift64 (Marsaglia, "Xorshift RNGs", 2003). A state is any
 * number but 0. One state a test program, which a test that must not depend on those before it starts anew;
 * threads have their own.
 */
#pragma once

#include <stdint.h>

#define RANDOM_START 0x9e3779b97f4a7c15

static uint64_t random_state = RANDOM_START;

static inline uint64_t random_step(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline uint64_t next_random(void)
{
	return random_step(&random_state);
}

/* From 0 to count - 1. */
static inline unsigned pick(unsigned count)
{
	return (unsigned)(next_random() >> 33) % count;
}

static inline void random_start(void)
{
	random_state = RANDOM_START;
}
