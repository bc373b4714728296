/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages beside the one-to-one map of the first 4 GiB, for tests that need them small or strange. */
#pragma once

#include "lib/types.h"

enum page_bit { PAGE_P = 1, PAGE_W = 2, PAGE_U = 4, PAGE_LARGE_BIT = 1 << 7 };
#define PAGE_NX BIT(63)

/* A free place for mappings of tests. */
#define PAGING_TEST 0x7f0000000000ULL

/* The entry of 4 KiB page va, with all tables above it made (P W U); never in the 4 GiB map. */
uint64_t *paging_entry(uint64_t va);

/* Maps one page and drops the old translation. */
void paging_map(uint64_t va, uint64_t pa, uint64_t flags);

/* Opens or closes everything to CPL 3. Closed, CR4.SMEP and SMAP do no harm. */
void paging_set_user(bool open);
