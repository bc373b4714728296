/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What differs between the processor's page-table formats, as data for the one walker in paging.c.
 */
#pragma once

#include "lib/types.h"

enum page_cache { PAGE_WB, PAGE_WC, PAGE_UC, PAGE_CACHES };

/* Every mapping can be read. */
struct page_format {
	unsigned levels;  /* of tables: 4 */
	uint64_t present; /* an entry with none of these is empty */
	uint64_t table;	  /* bits of every entry that points to a table */
	uint64_t leaf;	  /* bits of every entry that maps */
	uint64_t write;	  /* set where writing is allowed */
	uint64_t exec;	  /* set where execution is allowed, or: */
	uint64_t no_exec; /* set where it is not */
	uint64_t user;
	uint64_t global;
	uint64_t large; /* marks a leaf above the last level */
	uint64_t cache[PAGE_CACHES];
	uint64_t cache_mask;
	bool write_xor_exec; /* no mapping may have both */
};

/* Bits 51:12 hold the address in all of them. */
#define PAGE_ADDRESS BITS(51, 12)

/*
 * The host's own tables. The cache bits assume PAGE_PAT in MSR_PAT: entry 1 is WC in place of WT,
 * so that the PAT bit, whose place depends on the level, is never needed.
 */
extern const struct page_format page_format_host;
/*
 * APM2 15.25 "Nested Paging": the same, but every access is a user access, and guests need W and X.
 */
extern const struct page_format page_format_npt;
/* SDM 3C 29.3 "The Extended Page Table Mechanism". */
extern const struct page_format page_format_ept;

/* WB, WC, UC-, UC, and the same again. */
#define PAGE_PAT 0x0007010600070106ULL
