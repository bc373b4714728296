/* SPDX-License-Identifier: BSD-2-Clause */
/* Hands out ASIDs; one of a past generation is never valid again. */
#include "arch/x86_64/svm/asid.h"

void asid_pool_init(struct asid_pool *pool, uint32_t limit)
{
	pool->limit = limit;
	pool->next = limit;   /* the first one taken begins a generation with a flush */
	pool->generation = 1; /* 0 is nobody's: it marks a vCPU that has to take a new one */
}

void asid_flush_missed(struct asid_pool *pool)
{
	pool->next = pool->limit;
}

struct asid_choice asid_take(struct asid_pool *pool)
{
	bool wrapped = pool->next >= pool->limit;

	if (wrapped) {
		pool->generation++;
		pool->next = 1;
	}
	return (struct asid_choice){
		.asid = pool->next++,
		.generation = pool->generation,
		.flush_all = wrapped,
	};
}
