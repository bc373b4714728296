/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables come from a small pool and are never given back: a guest lives for one test. */
#include "tests/guests/lib/paging.h"

#include "arch/x86_64/insn.h"
#include "tests/guests/lib/report.h"

enum { TABLES = 48, LEVELS = 4 };
#define TABLE_FLAGS  (PAGE_P | PAGE_W | PAGE_U)
#define ADDRESS_MASK BITS(51, 12)

extern uint64_t guest_pml4[512];

static uint64_t tables[TABLES][512] __attribute__((aligned(4096)));
static unsigned tables_used;

uint64_t *paging_entry(uint64_t va)
{
	uint64_t *table = guest_pml4;

	for (unsigned level = LEVELS - 1; level > 0; level--) {
		uint64_t *entry = &table[va >> (PAGE_SHIFT + 9 * level) & 511];

		if (!(*entry & PAGE_P)) {
			if (tables_used == TABLES)
				guest_die("no page tables left");
			*entry = (uint64_t)tables[tables_used++] | TABLE_FLAGS;
			if (level == LEVELS - 1)
				*entry &= ~(uint64_t)PAGE_U;
		}
		table = (uint64_t *)(*entry & ADDRESS_MASK);
	}
	return &table[va >> PAGE_SHIFT & 511];
}

void paging_map(uint64_t va, uint64_t pa, uint64_t flags)
{
	*paging_entry(va) = pa | flags;
	tlb_invalidate(va);
}

void paging_set_user(bool open)
{
	for (unsigned i = 0; i < ARRAY_SIZE(tables[0]); i++) {
		if (guest_pml4[i] & PAGE_P)
			guest_pml4[i] = (guest_pml4[i] & ~(uint64_t)PAGE_U) | (open ? PAGE_U : 0);
	}
	cr3_write(cr3_read());
}
