/* SPDX-License-Identifier: BSD-2-Clause */
/* The array of extents: finding, replacing and giving back. Finding a place is extent_alloc.c's. */
#include "kernel/extent.h"

#include "kernel/extent_internal.h"
#include "lib/assert.h"
#include "lib/string.h"

void extent_map_init(struct extent_map *map, struct extent *storage, uint32_t capacity)
{
	ASSERT(capacity >= 4);
	*map = (struct extent_map){.extents = storage, .capacity = capacity};
}

/* The number of the first extent that ends behind page; map->count if there is none. */
static uint32_t find(const struct extent_map *map, uint64_t page)
{
	uint32_t low = 0, high = map->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (extent_end(&map->extents[middle]) > page)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* What is being cleaned goes back in the piece in which it was taken. */
static bool can_join(const struct extent *a, const struct extent *b)
{
	return extent_end(a) == b->start && a->owner == b->owner && a->slot == b->slot &&
	       a->is_pool == b->is_pool && a->state == b->state && a->state != EXTENT_CLEANING;
}

/* A few extents that are to stand in place of others, joined as they come. */
struct splice {
	struct extent parts[5];
	uint32_t count;
};

static void splice_add(struct splice *splice, uint64_t start, uint64_t end,
		       const struct extent *kind)
{
	struct extent part = *kind;

	part.start = start;
	part.pages = end - start;
	if (start == end)
		return;
	if (splice->count && can_join(&splice->parts[splice->count - 1], &part))
		splice->parts[splice->count - 1].pages += part.pages;
	else
		splice->parts[splice->count++] = part;
}

/* Puts the parts in place of the extents first..last - 1. */
static int splice_commit(struct extent_map *map, uint32_t first, uint32_t last,
			 const struct splice *splice)
{
	uint32_t count = map->count - (last - first) + splice->count;

	if (count > map->capacity)
		return ERR_LIMIT;
	memmove(map->extents + first + splice->count, map->extents + last,
		(map->count - last) * sizeof(struct extent));
	memcpy(map->extents + first, splice->parts, splice->count * sizeof(struct extent));
	map->count = count;
	return ERR_NONE;
}

/*
 * value in place of the extents first..last - 1, of which what stands out on either side is kept.
 * The neighbours are taken in so that they can join.
 */
static int replace_between(struct extent_map *map, uint32_t first, uint32_t last,
			   const struct extent *value)
{
	const struct extent *all = map->extents;
	struct splice splice = {.count = 0};
	uint64_t end = extent_end(value);

	if (first > 0)
		splice_add(&splice, all[first - 1].start, extent_end(&all[first - 1]),
			   &all[first - 1]);
	if (first < last)
		splice_add(&splice, all[first].start, value->start, &all[first]);
	splice_add(&splice, value->start, end, value);
	if (first < last)
		splice_add(&splice, end, extent_end(&all[last - 1]), &all[last - 1]);
	if (last < map->count)
		splice_add(&splice, all[last].start, extent_end(&all[last]), &all[last]);
	return splice_commit(map, first - (first > 0), last + (last < map->count), &splice);
}

int extent_replace(struct extent_map *map, const struct extent *value)
{
	return replace_between(map, find(map, value->start), find(map, extent_end(value) - 1) + 1,
			       value);
}

static bool is_page_range(hpa_t start, hpa_t end)
{
	return start < end && !(start & PAGE_MASK) && !(end & PAGE_MASK);
}

int extent_add(struct extent_map *map, hpa_t start, hpa_t end, enum extent_owner owner)
{
	struct extent value = {
		.start = start >> PAGE_SHIFT, .owner = (uint8_t)owner, .state = EXTENT_DIRTY};
	uint32_t at;

	if (!is_page_range(start, end))
		return ERR_INVAL;
	value.pages = (end - start) >> PAGE_SHIFT;
	at = find(map, value.start);
	if (at < map->count && map->extents[at].start < extent_end(&value))
		return ERR_EXIST;
	return replace_between(map, at, at, &value);
}

static bool has_tag(const struct extent *extent, struct extent_tag tag)
{
	return extent->owner == (uint8_t)tag.owner && extent->slot == tag.slot &&
	       extent->is_pool == tag.is_pool;
}

/* True if every page of [start, end) is in the map and of this tag. */
static bool is_all_of(const struct extent_map *map, uint64_t start, uint64_t end,
		      struct extent_tag tag)
{
	for (uint32_t i = find(map, start); i < map->count; i++) {
		const struct extent *extent = &map->extents[i];

		if (extent->start > start || !has_tag(extent, tag))
			return false;
		start = extent_end(extent);
		if (start >= end)
			return true;
	}
	return false;
}

bool extent_owned(const struct extent_map *map, hpa_t start, uint64_t size, struct extent_tag tag)
{
	hpa_t end;

	if (__builtin_add_overflow(start, size, &end) || !is_page_range(start, end))
		return false;
	return is_all_of(map, start >> PAGE_SHIFT, end >> PAGE_SHIFT, tag);
}

bool extent_has_ram(const struct extent_map *map, hpa_t start, uint64_t size)
{
	uint64_t first = start >> PAGE_SHIFT, end = first + (size >> PAGE_SHIFT);

	for (uint32_t i = find(map, first); i < map->count && map->extents[i].start < end; i++)
		if (map->extents[i].owner != OWNER_FIRMWARE)
			return true;
	return false;
}

/* As is_all_of for free memory, but not what is just being cleaned. */
static bool is_all_free(const struct extent_map *map, uint64_t start, uint64_t end)
{
	if (!is_all_of(map, start, end, (struct extent_tag){.owner = OWNER_FREE}))
		return false;
	for (uint32_t i = find(map, start); i < map->count && map->extents[i].start < end; i++)
		if (!extent_is_free(&map->extents[i]))
			return false;
	return true;
}

int extent_carve(struct extent_map *map, hpa_t start, hpa_t end, struct extent_tag tag)
{
	struct extent value = {.start = start >> PAGE_SHIFT,
			       .pages = (end - start) >> PAGE_SHIFT,
			       .owner = (uint8_t)tag.owner,
			       .slot = tag.slot,
			       .is_pool = tag.is_pool};

	if (!is_page_range(start, end))
		return ERR_INVAL;
	if (!is_all_free(map, value.start, extent_end(&value)))
		return ERR_BUSY;
	return extent_replace(map, &value);
}

int extent_release_range(struct extent_map *map, hpa_t start, uint64_t size, struct extent_tag tag)
{
	struct extent value = {.start = start >> PAGE_SHIFT,
			       .pages = size >> PAGE_SHIFT,
			       .owner = OWNER_FREE,
			       .state = EXTENT_DIRTY};

	if (tag.owner == OWNER_FREE || !extent_owned(map, start, size, tag))
		return ERR_PERM;
	return extent_replace(map, &value);
}

static uint64_t free_extent(struct extent *extent)
{
	extent->owner = OWNER_FREE;
	extent->state = EXTENT_DIRTY;
	extent->slot = 0;
	extent->is_pool = false;
	return extent->pages << PAGE_SHIFT;
}

/* Joins all that can be joined, in one pass. */
static void join_all(struct extent_map *map)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];

		if (kept && can_join(&map->extents[kept - 1], extent))
			map->extents[kept - 1].pages += extent->pages;
		else
			map->extents[kept++] = *extent;
	}
	map->count = kept;
}

uint64_t extent_release(struct extent_map *map, struct extent_tag tag)
{
	uint64_t freed = 0;

	ASSERT(tag.owner != OWNER_FREE);
	for (uint32_t i = 0; i < map->count; i++)
		if (has_tag(&map->extents[i], tag))
			freed += free_extent(&map->extents[i]);
	join_all(map);
	return freed;
}

uint64_t extent_release_slot(struct extent_map *map, uint32_t slot)
{
	struct extent_tag tag = {.owner = OWNER_PARTITION, .slot = slot};
	uint64_t freed = extent_release(map, tag);

	tag.is_pool = true;
	return freed + extent_release(map, tag);
}

struct extent_totals extent_totals(const struct extent_map *map)
{
	struct extent_totals totals = {0};

	for (uint32_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		uint64_t size = extent->pages << PAGE_SHIFT;

		totals.ram += extent->owner != OWNER_FIRMWARE ? size : 0;
		totals.free += extent->owner == OWNER_FREE ? size : 0;
		totals.clean += extent->state == EXTENT_CLEAN ? size : 0;
	}
	return totals;
}

uint64_t extent_size_of(const struct extent_map *map, struct extent_tag tag)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < map->count; i++)
		if (has_tag(&map->extents[i], tag))
			pages += map->extents[i].pages;
	return pages << PAGE_SHIFT;
}

bool extent_describe(const struct extent_map *map, uint32_t index, struct extent_info *info)
{
	const struct extent *extent;

	if (index >= map->count)
		return false;
	extent = &map->extents[index];
	*info = (struct extent_info){
		.start = extent->start << PAGE_SHIFT,
		.size = extent->pages << PAGE_SHIFT,
		.owner = extent->owner,
		.slot = extent->slot,
		.clean = extent->state == EXTENT_CLEAN,
		.is_pool = extent->is_pool,
	};
	return true;
}
