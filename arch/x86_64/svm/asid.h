/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address-space identifiers of one CPU. There are few (16 in QEMU): when they run out, all are given
 * back at once with one full flush, and a new generation begins.
 */
#pragma once

#include "lib/types.h"

struct asid_pool {
	uint32_t limit; /* ASIDs 1 .. limit - 1 are ours; 0 is the host's */
	uint32_t next;
	uint64_t generation; /* never 0 */
};

struct asid_choice {
	uint32_t asid;
	uint64_t generation;
	bool flush_all; /* the entry has to flush every ASID */
};

void asid_pool_init(struct asid_pool *pool, uint32_t limit);

/* A new ASID, never one that was used in this generation. */
struct asid_choice asid_take(struct asid_pool *pool);

/* The entry that should have flushed was refused: the next ASID taken flushes instead. */
void asid_flush_missed(struct asid_pool *pool);
