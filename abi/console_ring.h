/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest console's memory, shared by one VMM and the console. It is the console's memory, so it outlives
 * the partition. Each index has one writer; a reader copies an index once and clamps it. Positions count
 * bytes since the ring was made and never wrap (64 bits); the byte at position p is at p % size.
 *
 * Output: the VMM writes out[] and out_head, overwriting the oldest bytes. A reader that holds its own
 * position below out_head - RING_OUT_SIZE has lost the difference. While attached is not 0 the VMM writes
 * no further than out_tail + RING_OUT_SIZE: it holds the guest's transmitter back and sets out_waiting, and
 * the console answers with CALL_PART_EVENT(EVENT_SPACE) once it has moved out_tail.
 * Input: the console writes in[] and in_head, then CALL_PART_EVENT(EVENT_INPUT); the VMM moves in_tail.
 */
#pragma once

#include <stdint.h>

enum {
	RING_OUT_SIZE = 64 * 1024,
	RING_IN_SIZE = 2048,
};

struct console_ring {
	/* Written by the VMM. */
	uint64_t out_head;
	uint64_t in_tail;
	uint32_t out_waiting;
	uint32_t reserved0[11];
	/* Written by the console. */
	uint64_t out_tail;
	uint64_t in_head;
	uint32_t attached;
	/* 1: the console asks for CALL_CONSOLE_NOTIFY at the next output; the VMM does not clear it. */
	uint32_t wake;
	uint32_t reserved1[10];
	uint8_t in[RING_IN_SIZE];
	uint8_t reserved2[4096 - RING_IN_SIZE - 128];
	uint8_t out[RING_OUT_SIZE];
};

_Static_assert(sizeof(struct console_ring) == 4096 + RING_OUT_SIZE, "a header page and the output");

#define RING_PAGES (sizeof(struct console_ring) / 4096)
