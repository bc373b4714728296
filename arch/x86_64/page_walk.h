/* SPDX-License-Identifier: BSD-2-Clause */
/* One walk down a space's tables: paging.c's own, shared with page_walk.c and nobody else. */
#pragma once

#include "arch/x86_64/paging.h"

/*
 * entry[level] for the levels from the root down to where the walk ended: a leaf or an empty entry.
 */
struct page_walk {
	uint64_t *entry[PAGE_LEVEL_ROOT + 1];
	unsigned level;
};

void page_walk(const struct page_space *space, uint64_t va, struct page_walk *walk);

static inline bool page_entry_present(const struct page_space *space, uint64_t entry)
{
	return (entry & space->format->present) != 0;
}

/* entry is present. */
static inline bool page_entry_is_leaf(const struct page_space *space, uint64_t entry, unsigned level)
{
	return level == PAGE_LEVEL_4K || (entry & space->format->large);
}

static inline uint64_t *page_entry_of(uint64_t *table, uint64_t va, unsigned level)
{
	return &table[va / page_size_of(level) % 512];
}

/* Page-aligned, not empty, and the space's own. */
bool page_range_valid(const struct page_space *space, uint64_t va, uint64_t size);

/* The walker's answer as a mapping; the walk ended at a leaf. */
void page_mapping_decode(const struct page_space *space, const struct page_walk *walk, uint64_t va,
			 struct page_mapping *mapping);
