/* SPDX-License-Identifier: BSD-2-Clause */
/* Choosing free memory for a request, and dirty memory for cleaning. */
#include "kernel/extent.h"

#include "kernel/extent_internal.h"
#include "lib/assert.h"

/* A request in pages, and the best answer so far. */
struct search {
	uint64_t size, align, below;
	bool whole;
	struct place {
		uint64_t start, pages;
		uint64_t left_over; /* of the free range that it is in */
		bool clean;
	} best; /* pages is 0: none */
};

static bool is_better(const struct search *search, const struct place *a, const struct place *b)
{
	bool a_fits = a->pages == search->size, b_fits = b->pages == search->size;

	if (a_fits != b_fits)
		return a_fits;
	if (!a_fits && a->pages != b->pages)
		return a->pages > b->pages;
	if (a->clean != b->clean)
		return a->clean;
	return a->left_over < b->left_over;
}

/* At an end of the range if that is aligned, so that it stays in one piece. */
static uint64_t position_in(const struct search *search, uint64_t start, uint64_t end)
{
	uint64_t lowest = ALIGN_UP(start, search->align), highest = end - search->size;

	return lowest != start && highest % search->align == 0 ? highest : lowest;
}

/* The best place within the free pages [start, end). */
static void consider(struct search *search, uint64_t start, uint64_t end, bool clean)
{
	uint64_t lowest = ALIGN_UP(start, search->align);
	struct place place = {.clean = clean};

	end = MIN(end, search->below);
	if (lowest >= end)
		return;
	if (end - lowest >= search->size) {
		place.pages = search->size;
		place.start = position_in(search, start, end);
	} else {
		place.pages = search->whole ? 0 : ALIGN_DOWN(end - lowest, search->align);
		place.start = lowest;
	}
	if (!place.pages)
		return;
	place.left_over = end - start - place.pages;
	if (!search->best.pages || is_better(search, &place, &search->best))
		search->best = place;
}

/*
 * Offers each clean extent, and each run of free neighbours as one: whether memory is clean must
 * not decide whether a request can be met. Returns true if some free memory was passed over because
 * it is being cleaned.
 */
static bool consider_all(const struct extent_map *map, struct search *search)
{
	bool cleaning = false, run_clean = true;
	uint64_t run_start = 0, run_end = 0;

	for (uint32_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		bool clean = extent->state == EXTENT_CLEAN;

		cleaning |= extent->state == EXTENT_CLEANING;
		if (!extent_is_free(extent))
			continue;
		if (extent->start != run_end) {
			consider(search, run_start, run_end, run_clean);
			run_start = extent->start;
			run_clean = true;
		}
		run_end = extent_end(extent);
		run_clean &= clean;
		if (clean)
			consider(search, extent->start, run_end, true);
	}
	consider(search, run_start, run_end, run_clean);
	return cleaning;
}

static bool is_valid(const struct extent_request *request)
{
	return request->size && !(request->size & PAGE_MASK) && request->align >= PAGE_SIZE &&
	       !(request->align & (request->align - 1)) && request->tag.owner != OWNER_FREE;
}

int extent_alloc(struct extent_map *map, const struct extent_request *request,
		 struct extent_grant *grant)
{
	struct search search = {
		.size = request->size >> PAGE_SHIFT,
		.align = request->align >> PAGE_SHIFT,
		.below = request->below ? request->below >> PAGE_SHIFT : UINT64_MAX,
		.whole = request->whole,
	};
	struct extent value = {.owner = (uint8_t)request->tag.owner,
			       .slot = request->tag.slot,
			       .is_pool = request->tag.is_pool};
	bool cleaning;
	int error;

	if (!is_valid(request))
		return ERR_INVAL;
	cleaning = consider_all(map, &search);
	if (!search.best.pages)
		return cleaning ? ERR_AGAIN : ERR_NOMEM;
	value.start = search.best.start;
	value.pages = search.best.pages;
	error = extent_replace(map, &value);
	if (error)
		return error;
	grant->start = value.start << PAGE_SHIFT;
	grant->size = value.pages << PAGE_SHIFT;
	grant->clean = search.best.clean;
	return ERR_NONE;
}

bool extent_clean_begin(struct extent_map *map, uint64_t size, struct extent_grant *piece)
{
	uint64_t step = size >> PAGE_SHIFT;

	for (uint32_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		struct extent value = {
			.start = extent->start, .owner = OWNER_FREE, .state = EXTENT_CLEANING};

		if (extent->owner != OWNER_FREE || extent->state != EXTENT_DIRTY)
			continue;
		value.pages = MIN(extent_end(extent), ALIGN_DOWN(extent->start, step) + step) -
			      extent->start;
		if (extent_replace(map, &value))
			return false;
		piece->start = value.start << PAGE_SHIFT;
		piece->size = value.pages << PAGE_SHIFT;
		piece->clean = false;
		return true;
	}
	return false;
}

void extent_clean_end(struct extent_map *map, const struct extent_grant *piece, bool cleaned)
{
	struct extent value = {.start = piece->start >> PAGE_SHIFT,
			       .pages = piece->size >> PAGE_SHIFT,
			       .owner = OWNER_FREE,
			       .state = cleaned ? EXTENT_CLEAN : EXTENT_DIRTY};
	/* The piece is an extent of its own, so nothing is split and nothing can fail. */
	int error = extent_replace(map, &value);

	ASSERT(error == ERR_NONE);
}
