/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a space's tables: look-ups and audits. Changes nothing. */
#include "arch/x86_64/page_walk.h"

void page_walk(const struct page_space *space, uint64_t va, struct page_walk *walk)
{
	uint64_t *table = space->root;
	unsigned level = space->format->levels;

	for (;;) {
		uint64_t *entry = page_entry_of(table, va, level);

		walk->entry[level] = entry;
		walk->level = level;
		if (!page_entry_present(space, *entry) || page_entry_is_leaf(space, *entry, level))
			return;
		table = page_pool_va(space->pool, *entry & PAGE_ADDRESS);
		level--;
	}
}

bool page_range_valid(const struct page_space *space, uint64_t va, uint64_t size)
{
	return size && !((va | size) & PAGE_MASK) && va >= space->first && va <= space->last &&
	       size - 1 <= space->last - va;
}

static unsigned prot_decode(const struct page_format *format, uint64_t entry)
{
	unsigned prot = PAGE_READ, cache = 0;
	bool exec = format->exec ? (entry & format->exec) : !(entry & format->no_exec);

	while (cache < PAGE_CACHES - 1 && (entry & format->cache_mask) != format->cache[cache])
		cache++;
	prot |= cache << 8;
	prot |= (entry & format->write) ? PAGE_WRITE : 0U;
	prot |= exec ? PAGE_EXEC : 0U;
	prot |= (entry & format->user) ? PAGE_USER : 0U;
	prot |= (entry & format->global) ? PAGE_GLOBAL : 0U;
	return prot;
}

void page_mapping_decode(const struct page_space *space, const struct page_walk *walk, uint64_t va,
			 struct page_mapping *mapping)
{
	uint64_t entry = *walk->entry[walk->level];

	mapping->size = page_size_of(walk->level);
	mapping->va = ALIGN_DOWN(va, mapping->size);
	mapping->pa = entry & PAGE_ADDRESS;
	mapping->prot = prot_decode(space->format, entry);
}

bool page_lookup(const struct page_space *space, uint64_t va, struct page_mapping *mapping)
{
	struct page_walk walk;

	if (!page_range_valid(space, ALIGN_DOWN(va, PAGE_SIZE), PAGE_SIZE))
		return false;
	page_walk(space, va, &walk);
	if (!page_entry_present(space, *walk.entry[walk.level]))
		return false;
	page_mapping_decode(space, &walk, va, mapping);
	return true;
}

/* The last address of the empty entries from walk's on, in its table: no need to come down for each. */
static uint64_t empty_end(const struct page_space *space, const struct page_walk *walk, uint64_t va)
{
	uint64_t size = page_size_of(walk->level);
	const uint64_t *entry = walk->entry[walk->level];
	uint64_t end = va | (size - 1);

	for (uint64_t left = 511 - va / size % 512; left && !page_entry_present(space, *++entry);
	     left--)
		end += size;
	return end;
}

bool page_visit(const struct page_space *space, uint64_t from, uint64_t last, page_visit_fn *visit,
		void *context)
{
	uint64_t va = MAX(from, space->first), stop = MIN(last, space->last);

	while (va <= stop) {
		struct page_walk walk;
		struct page_mapping mapping;
		uint64_t end;

		page_walk(space, va, &walk);
		/* The last address of the entry: the first of the next one may wrap to 0. */
		end = va | (page_size_of(walk.level) - 1);
		if (page_entry_present(space, *walk.entry[walk.level])) {
			page_mapping_decode(space, &walk, va, &mapping);
			if (!visit(context, &mapping))
				return false;
		} else {
			end = empty_end(space, &walk, va);
		}
		if (end >= stop)
			break;
		va = end + 1;
	}
	return true;
}

bool page_allows(const struct page_space *space, uint64_t va, uint64_t size, unsigned prot)
{
	if (!size || va < space->first || va > space->last || size - 1 > space->last - va)
		return false;
	for (;;) {
		struct page_mapping mapping;
		uint64_t left;

		if (!page_lookup(space, va, &mapping) || (mapping.prot & prot) != prot)
			return false;
		left = mapping.size - (va - mapping.va);
		if (left >= size)
			return true;
		va += left;
		size -= left;
	}
}
