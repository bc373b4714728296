/* SPDX-License-Identifier: BSD-2-Clause */
/* The pages of the stage: what stands where, and with which rights. */
#pragma once

#include "tests/guests/lib/paging.h"
#include "tests/guests/transcript/layout.h"

#define STAGE_RIGHTS (PAGE_P | PAGE_W | PAGE_U)

/* Splits the one-to-one map at the stage, closes the rest of it to CPL 3, and opens it for good. */
void stage_init(void);

/* Changes the entry of one of its pages; pa: of any memory. */
void stage_map(uint64_t va, uint64_t pa, uint64_t flags);

/* The entry itself. */
uint64_t *stage_entry(uint64_t va);

/* Where the memory behind STAGE_CODE, STAGE_DATA, STAGE_STACK and STAGE_PAGE is, in the one-to-one map. */
void *stage_memory(uint64_t va);
