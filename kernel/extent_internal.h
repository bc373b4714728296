/* SPDX-License-Identifier: BSD-2-Clause */
/* What extent.c shares with extent_alloc.c and nobody else: the array itself. */
#pragma once

#include "kernel/extent.h"

static inline uint64_t extent_end(const struct extent *extent)
{
	return extent->start + extent->pages;
}

static inline bool extent_is_free(const struct extent *extent)
{
	return extent->owner == OWNER_FREE && extent->state != EXTENT_CLEANING;
}

/*
 * Makes [value->start, its end) one extent of value's kind. All of the range must be in the map.
 * The only function that splits; joins neighbours of one kind. ERR_LIMIT if the storage is full.
 */
int must_check extent_replace(struct extent_map *map, const struct extent *value);
