/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest console's memory, shared by one VMM and the console. It is the console's memory, so it outlives
 * the partition. Each index has one writer; a reader copies an index once and clamps it. Positions count
 * bytes since the ring was made and never wrap (64 bits); the byte at position p is at p % size.
 *
 * Output: the VMM writes out[] and out_head, overwriting the oldest bytes. A reader that holds its own
 * position below out_head - size has lost the difference. While attached is not 0 the VMM writes no further
 * than out_tail + size: it holds the guest's transmitter back and sets out_waiting, and the console answers
 * with CALL_PART_EVENT(EVENT_SPACE) once it has moved out_tail. A reader that has not moved it for
 * RING_STALL_SECONDS is not waited for: the VMM writes on, and so the tail is further behind than the size,
 * until the console moves it; unless lossless is not 0.
 * Input: the console writes in[] and in_head, then CALL_PART_EVENT(EVENT_INPUT); the VMM moves in_tail.
 *
 * Stamps tell when lines began: the k-th is in stamps[k % their number], and stamp_head counts them. Lines of
 * one unit of time have one in common, the first one's. Where lines are so short that there are fewer stamps
 * than lines, the oldest lines have none any more.
 */
#pragma once

#include <stdint.h>

enum {
	RING_OUT_MIN = 64 * 1024, /* its size is a power of two */
	RING_OUT_MAX = 512 * 1024,
	RING_IN_SIZE = 2048,
	RING_STALL_SECONDS = 5,
	RING_STAMP_SHARE = 32, /* bytes of output for each stamp */
};

/* A stamp: the host's TSC in units of 2^18 ticks, 40 bits, and below it the position's low 24 bits. */
enum { RING_STAMP_UNIT = 18, RING_STAMP_POSITION = 24 };

/* The page before stamps and output. */
struct console_ring {
	/* Written by the VMM. */
	uint64_t out_head;
	uint64_t in_tail;
	uint32_t out_waiting;
	uint32_t reserved0;
	uint64_t stamp_head;
	uint32_t reserved1[8];
	/* Written by the console. */
	uint64_t out_tail;
	uint64_t in_head;
	uint32_t attached;
	/*
	 * 1: the console asks for CALL_CONSOLE_NOTIFY at the next output; the VMM does not clear it. 0 from
	 * before the console moves out_tail until it has looked at out_waiting.
	 */
	uint32_t wake;
	uint32_t lossless; /* 1: while attached, the guest waits however long the reader stands still */
	uint32_t reserved2[9];
	uint8_t in[RING_IN_SIZE];
	uint8_t reserved3[4096 - RING_IN_SIZE - 128];
};

_Static_assert(sizeof(struct console_ring) == 4096, "whole pages follow");

/* All for an output of `size` bytes. */
#define RING_STAMPS(size) ((size) / RING_STAMP_SHARE)
#define RING_PAGES(size)  (1 + (RING_STAMPS(size) * 8 + (size)) / 4096)

static inline uint64_t *ring_stamps(const struct console_ring *ring)
{
	return (uint64_t *)(uintptr_t)(ring + 1);
}

static inline uint8_t *ring_out(const struct console_ring *ring, uint64_t size)
{
	return (uint8_t *)(ring_stamps(ring) + RING_STAMPS(size));
}
