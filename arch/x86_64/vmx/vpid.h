/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual-processor identifiers of one CPU. When all 65,535 were used, they are given back at once
 * with one invalidation of everything, and a new generation begins.
 */
#pragma once

#include "lib/types.h"

struct vpid_pool {
	uint32_t next;	     /* VPIDs 1 .. 65535 are ours; 0 is the host's */
	uint64_t generation; /* never 0 */
};

struct vpid_choice {
	uint16_t vpid;
	uint64_t generation;
	bool flush_all; /* every VPID's translations have to be invalidated first */
};

void vpid_pool_init(struct vpid_pool *pool);

/* A new VPID, never one that was used in this generation. */
struct vpid_choice vpid_take(struct vpid_pool *pool);
