/* SPDX-License-Identifier: BSD-2-Clause */
/* Hands out VPIDs; one of a past generation is never valid again. */
#include "arch/x86_64/vmx/vpid.h"

enum { VPID_LIMIT = 0x10000 };

void vpid_pool_init(struct vpid_pool *pool)
{
	pool->next = VPID_LIMIT; /* the first one taken begins a generation with a flush */
	pool->generation = 0;
}

struct vpid_choice vpid_take(struct vpid_pool *pool)
{
	bool wrapped = pool->next >= VPID_LIMIT;

	if (wrapped) {
		pool->generation++;
		pool->next = 1;
	}
	return (struct vpid_choice){
		.vpid = (uint16_t)pool->next++,
		.generation = pool->generation,
		.flush_all = wrapped,
	};
}
