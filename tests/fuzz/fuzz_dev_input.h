/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the device harnesses read their input: a play of operations, byte by byte, zeros at its end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define UNINITIALISED(p, size) __msan_poison(p, size)
#define INITIALISED(p, size)   __msan_check_mem_is_initialized(p, size)
#endif
#endif
#ifndef INITIALISED
#define UNINITIALISED(p, size) ((void)(p))
#define INITIALISED(p, size)   ((void)(p))
#endif

/* THREATS J05: each bit that a guest is told was computed; the build under MemorySanitizer knows. */
static inline uint64_t told(uint64_t value)
{
	INITIALISED(&value, sizeof(value));
	return value;
}

struct play {
	const uint8_t *data;
	size_t left;
};

static inline uint8_t play_byte(struct play *play)
{
	if (play->left == 0)
		return 0;
	play->left--;
	return *play->data++;
}

static inline uint32_t play_word(struct play *play)
{
	uint32_t low = play_byte(play);

	return low | (uint32_t)play_byte(play) << 8;
}

static inline uint32_t play_dword(struct play *play)
{
	uint32_t low = play_word(play);

	return low | play_word(play) << 16;
}

/* A time from 1 ns to about 5 days, all magnitudes alike. */
static inline uint64_t play_time(struct play *play)
{
	unsigned magnitude = play_byte(play) % 48;

	return (1 + (uint64_t)play_byte(play)) << magnitude >> 8 | 1;
}

/* What a harness asserts. */
static inline void check(bool promise)
{
	if (!promise)
		abort();
}
