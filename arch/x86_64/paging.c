/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changing a space's tables. Each operation first walks its range without a change, counting the
 * tables it will need; past that point nothing can fail. A table that becomes empty is freed at
 * once, so a table that exists (but for kept ones) maps something.
 */
#include "arch/x86_64/paging.h"

#include "arch/x86_64/page_walk.h"
#include "lib/assert.h"

/* The hardware may be walking: one store an entry. */
static void entry_set(uint64_t *entry, uint64_t value)
{
	*(volatile uint64_t *)entry = value;
}

static bool is_aligned(uint64_t value, unsigned level)
{
	return !(value & (page_size_of(level) - 1));
}

static bool prot_valid(const struct page_space *space, unsigned prot)
{
	const unsigned known = PAGE_READ | PAGE_WRITE | PAGE_EXEC | PAGE_USER | PAGE_GLOBAL;
	const unsigned both = PAGE_WRITE | PAGE_EXEC;

	if (!(prot & PAGE_READ) || (prot & 0xff & ~known) || prot >> 8 >= PAGE_CACHES)
		return false;
	return !space->format->write_xor_exec || (prot & both) != both;
}

static uint64_t leaf_make(const struct page_space *space, hpa_t pa, unsigned level, unsigned prot)
{
	const struct page_format *format = space->format;
	uint64_t entry = pa | format->leaf | format->cache[PAGE_PROT_CACHE(prot)];

	entry |= (prot & PAGE_WRITE) ? format->write : 0;
	entry |= (prot & PAGE_EXEC) ? format->exec : format->no_exec;
	entry |= (prot & PAGE_USER) ? format->user : 0;
	entry |= (prot & PAGE_GLOBAL) ? format->global : 0;
	entry |= level > PAGE_LEVEL_4K ? format->large : 0;
	return entry;
}

int page_space_init(struct page_space *space, const struct page_format *format,
		    struct page_pool *pool, unsigned largest, uint64_t first, uint64_t last)
{
	uint64_t *root = page_pool_alloc(pool);

	if (!root)
		return ERR_NOMEM;
	ASSERT(first < last && is_aligned(first, PAGE_LEVEL_ROOT) &&
	       is_aligned(last + 1, PAGE_LEVEL_ROOT));
	ASSERT(largest >= PAGE_LEVEL_4K && largest <= PAGE_LEVEL_1G);
	*space = (struct page_space){
		.format = format,
		.pool = pool,
		.root = root,
		.root_pa = page_pool_pa(pool, root),
		.first = first,
		.last = last,
		/* User pages need the bit at every level; the supervisor's tables do without. */
		.table_bits = format->table | (first >> 63 ? 0 : format->user),
		.largest = (uint8_t)largest,
	};
	return ERR_NONE;
}

void page_space_free(struct page_space *space)
{
	int error = page_unmap(space, space->first, space->last - space->first + 1);

	ASSERT(error == ERR_NONE && !space->keep_top);
	page_pool_free(space->pool, space->root);
	space->root = NULL;
}

/* Leaves of one size, side by side in one table: one walk serves them all. */
struct run {
	unsigned level;
	unsigned count;
	uint64_t size; /* bytes */
};

/* The largest leaf that fits at va. */
static unsigned leaf_level(const struct page_space *space, uint64_t va, hpa_t pa, uint64_t size)
{
	unsigned level = space->largest;

	while (level > PAGE_LEVEL_4K && (!is_aligned(va | pa, level) || size < page_size_of(level)))
		level--;
	return level;
}

/* Larger leaves than the first can begin only where the table ends. */
static struct run run_at(const struct page_space *space, uint64_t va, hpa_t pa, uint64_t size)
{
	unsigned level = leaf_level(space, va, pa, size);
	uint64_t page = page_size_of(level);
	unsigned count = (unsigned)MIN(size / page, 512 - va / page % 512);

	return (struct run){level, count, count * page};
}

/*
 * How many tables mapping a run takes, or ERR_EXIST. A table counts at the first run in it: that is
 * where the range begins, or where the table does. An existing table where a large leaf would go
 * means that something is mapped in it.
 */
static int run_tables(const struct page_space *space, uint64_t start, uint64_t va,
		      const struct run *run)
{
	struct page_walk walk;
	const uint64_t *entry;
	int tables = 0;

	page_walk(space, va, &walk);
	if (walk.level < run->level)
		return ERR_EXIST;
	entry = walk.entry[walk.level];
	/* All of the run, or the one empty entry that stands for a table yet to come. */
	for (unsigned i = 0; i < (walk.level == run->level ? run->count : 1); i++)
		if (page_entry_present(space, entry[i]))
			return ERR_EXIST;
	for (unsigned level = run->level; level < walk.level; level++)
		tables += va == start || is_aligned(va, level + 1);
	return tables;
}

static int map_check(const struct page_space *space, uint64_t start, hpa_t pa, uint64_t size)
{
	uint64_t va = start;
	size_t needed = 0;

	while (size) {
		struct run run = run_at(space, va, pa, size);
		int tables = run_tables(space, start, va, &run);

		if (tables < 0)
			return tables;
		needed += (size_t)tables;
		va += run.size;
		pa += run.size;
		size -= run.size;
	}
	return needed <= page_pool_available(space->pool) ? ERR_NONE : ERR_NOMEM;
}

/* Points entry to a new table. That there is one was checked before. */
static uint64_t *table_add(struct page_space *space, uint64_t *entry)
{
	uint64_t *table = page_pool_alloc(space->pool);

	ASSERT(table);
	entry_set(entry, page_pool_pa(space->pool, table) | space->table_bits);
	return table;
}

static void run_map(struct page_space *space, uint64_t va, const struct run *run, uint64_t value)
{
	uint64_t *table = space->root, *leaf;

	for (unsigned level = space->format->levels; level > run->level; level--) {
		uint64_t *entry = page_entry_of(table, va, level);

		if (page_entry_present(space, *entry))
			table = page_pool_va(space->pool, *entry & PAGE_ADDRESS);
		else
			table = table_add(space, entry);
	}
	leaf = page_entry_of(table, va, run->level);
	for (unsigned i = 0; i < run->count; i++)
		entry_set(&leaf[i], value + i * page_size_of(run->level));
}

int page_map(struct page_space *space, uint64_t va, hpa_t pa, uint64_t size, unsigned prot)
{
	int error;

	if (!page_range_valid(space, va, size) || !prot_valid(space, prot) || (pa & PAGE_MASK) ||
	    pa > PAGE_ADDRESS || size - 1 > (PAGE_ADDRESS | PAGE_MASK) - pa)
		return ERR_INVAL;
	error = map_check(space, va, pa, size);
	if (error)
		return error;
	while (size) {
		struct run run = run_at(space, va, pa, size);

		run_map(space, va, &run, leaf_make(space, pa, run.level, prot));
		va += run.size;
		pa += run.size;
		size -= run.size;
	}
	return ERR_NONE;
}

/* The levels (as bits) at which a table is needed to make a boundary between two leaves at va. */
static unsigned split_levels(const struct page_space *space, uint64_t va)
{
	struct page_walk walk;
	unsigned level, levels = 0;

	/* Also the way out for the end of the space, which is no address of it. */
	if (is_aligned(va, PAGE_LEVEL_1G))
		return 0;
	page_walk(space, va, &walk);
	if (!page_entry_present(space, *walk.entry[walk.level]))
		return 0;
	for (level = walk.level; !is_aligned(va, level); level--)
		levels |= 1U << (level - 1);
	return levels;
}

static size_t split_tables(const struct page_space *space, uint64_t start, uint64_t end)
{
	unsigned at_start = split_levels(space, start), at_end = split_levels(space, end);
	size_t tables = 0;

	for (unsigned level = PAGE_LEVEL_4K; level < PAGE_LEVEL_ROOT; level++) {
		bool same = start / page_size_of(level + 1) == end / page_size_of(level + 1);
		bool first = at_start >> level & 1, second = at_end >> level & 1;

		tables += (size_t)first + (size_t)second - (size_t)(first && second && same);
	}
	return tables;
}

/* The new table says what the leaf said, so it can be put in place while the space is in use. */
static void leaf_split(struct page_space *space, uint64_t *entry, unsigned level)
{
	uint64_t *table = page_pool_alloc(space->pool);
	uint64_t child = *entry;

	ASSERT(table);
	if (level - 1 == PAGE_LEVEL_4K)
		child &= ~space->format->large;
	for (unsigned i = 0; i < 512; i++)
		table[i] = child + i * page_size_of(level - 1);
	entry_set(entry, page_pool_pa(space->pool, table) | space->table_bits);
}

static void split_at(struct page_space *space, uint64_t va)
{
	unsigned levels = split_levels(space, va);
	struct page_walk walk;

	while (levels) {
		page_walk(space, va, &walk);
		leaf_split(space, walk.entry[walk.level], walk.level);
		levels &= ~(1U << (walk.level - 1));
	}
}

static int split_edges(struct page_space *space, uint64_t va, uint64_t size)
{
	if (split_tables(space, va, va + size) > page_pool_available(space->pool))
		return ERR_NOMEM;
	split_at(space, va);
	split_at(space, va + size);
	return ERR_NONE;
}

static bool table_is_empty(const struct page_space *space, const uint64_t *table)
{
	for (unsigned i = 0; i < 512; i++) {
		if (page_entry_present(space, table[i]))
			return false;
	}
	return true;
}

/* Frees the tables on the way up from where the walk ended, as far as they are empty. */
static void prune(struct page_space *space, const struct page_walk *walk)
{
	for (unsigned level = walk->level + 1; level <= space->format->levels; level++) {
		uint64_t *entry = walk->entry[level];
		uint64_t *table = page_pool_va(space->pool, *entry & PAGE_ADDRESS);

		if ((level == PAGE_LEVEL_ROOT && space->keep_top) || !table_is_empty(space, table))
			return;
		entry_set(entry, 0);
		page_pool_free(space->pool, table);
	}
}

int page_unmap(struct page_space *space, uint64_t va, uint64_t size)
{
	int error;

	if (!page_range_valid(space, va, size))
		return ERR_INVAL;
	error = split_edges(space, va, size);
	if (error)
		return error;
	for (;;) {
		struct page_walk walk;
		uint64_t left;

		page_walk(space, va, &walk);
		entry_set(walk.entry[walk.level], 0);
		left = page_size_of(walk.level) - (va & (page_size_of(walk.level) - 1));
		/* Scanning a table is worth it only once, when we leave it. */
		if (left >= size || is_aligned(va + left, walk.level + 1))
			prune(space, &walk);
		if (left >= size)
			return ERR_NONE;
		va += left;
		size -= left;
	}
}

int page_protect(struct page_space *space, uint64_t va, uint64_t size, unsigned prot)
{
	int error;

	if (!page_range_valid(space, va, size) || !prot_valid(space, prot))
		return ERR_INVAL;
	if (!page_allows(space, va, size, PAGE_READ))
		return ERR_NOENT;
	error = split_edges(space, va, size);
	if (error)
		return error;
	while (size) {
		struct page_walk walk;
		uint64_t *entry;

		page_walk(space, va, &walk);
		entry = walk.entry[walk.level];
		entry_set(entry, leaf_make(space, *entry & PAGE_ADDRESS, walk.level, prot));
		va += page_size_of(walk.level);
		size -= page_size_of(walk.level);
	}
	return ERR_NONE;
}
