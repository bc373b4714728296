/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who owns the machine's physical memory: a sorted array of disjoint extents in storage that the
 * caller gives. Each operation takes time in proportion to the extents, never to the pages, and
 * either happens whole or changes nothing. All of it needs the lock of rank LOCK_MEMORY (or boot on
 * one CPU).
 */
#pragma once

#include "abi/errors.h"
#include "abi/info.h"
#include "lib/types.h"

/* What is known of a free extent's content. */
enum extent_state { EXTENT_DIRTY, EXTENT_CLEANING, EXTENT_CLEAN };

/* Whose memory: slot and is_pool count for OWNER_PARTITION only and are 0 for all others. */
struct extent_tag {
	enum extent_owner owner;
	uint32_t slot;
	bool is_pool;
};

/*
 * Addresses are in pages. Neighbours that could be one extent are one, unless they are being
 * cleaned.
 */
struct extent {
	uint64_t start;
	uint64_t pages;
	uint32_t slot;
	uint8_t owner; /* enum extent_owner */
	uint8_t state; /* enum extent_state; OWNER_FREE only, else 0 */
	bool is_pool;
};

struct extent_map {
	struct extent *extents;
	uint32_t count;
	uint32_t capacity;
};

struct extent_request {
	uint64_t size;	/* bytes, page-aligned, not 0 */
	uint64_t align; /* bytes, a power of two, at least a page */
	hpa_t below;	/* the granted range ends at or below this; 0: anywhere */
	struct extent_tag tag;
	bool whole; /* all of size in one piece, or nothing */
};

/* A range of memory that was handed out. */
struct extent_grant {
	hpa_t start;
	uint64_t size;
	bool clean; /* known to be zero */
};

struct extent_totals {
	uint64_t ram;	/* bytes of all owners but OWNER_FIRMWARE */
	uint64_t free;	/* bytes; of these */
	uint64_t clean; /* bytes are known to be zero */
};

/* capacity is in extents, at least 4. */
void extent_map_init(struct extent_map *map, struct extent *storage, uint32_t capacity);

/*
 * Adds a range that the map does not know yet, in any order: OWNER_FREE for RAM (dirty),
 * OWNER_FIRMWARE for what is reserved. ERR_INVAL if it is unaligned or empty, ERR_EXIST if it
 * overlaps, ERR_LIMIT if the storage is full.
 */
int must_check extent_add(struct extent_map *map, hpa_t start, hpa_t end, enum extent_owner owner);

/*
 * Gives the free RAM [start, end) to tag. ERR_BUSY if not all of it is free; ERR_INVAL, ERR_LIMIT
 * as above.
 */
int must_check extent_carve(struct extent_map *map, hpa_t start, hpa_t end, struct extent_tag tag);

/*
 * Takes free memory. Prefers clean memory, then the place where least is left over; if nothing
 * holds all of it (and whole is not set), grants the largest aligned piece, a multiple of align,
 * and the caller asks again for the rest. ERR_NOMEM if no piece of even align's size is free,
 * ERR_AGAIN if so but some memory is just being cleaned, ERR_LIMIT if the storage is full,
 * ERR_INVAL for a bad request.
 */
int must_check extent_alloc(struct extent_map *map, const struct extent_request *request,
			    struct extent_grant *grant);

/* Frees, as dirty, everything that carries exactly this tag. Cannot fail; returns the bytes. */
uint64_t extent_release(struct extent_map *map, struct extent_tag tag);

/* The same for a slot's memory and pool together. */
uint64_t extent_release_slot(struct extent_map *map, uint32_t slot);

/*
 * Frees, as dirty, one range; all of it must carry tag (ERR_PERM). ERR_LIMIT if the storage is full
 * and the range is the middle of an extent.
 */
int must_check extent_release_range(struct extent_map *map, hpa_t start, uint64_t size,
				    struct extent_tag tag);

/*
 * True if the map bears out that all of [start, start + size) is tag's: to be asked before every
 * map request.
 */
bool extent_owned(const struct extent_map *map, hpa_t start, uint64_t size, struct extent_tag tag);

/* True if any of [start, start + size) is RAM, whoever owns it. Page-aligned. */
bool extent_has_ram(const struct extent_map *map, hpa_t start, uint64_t size);

/*
 * Takes a dirty piece of at most size bytes that crosses no multiple of size (a power of two), and
 * marks it as being cleaned: nobody else gets it until extent_clean_end. False if there is none.
 */
bool extent_clean_begin(struct extent_map *map, uint64_t size, struct extent_grant *piece);

/* Gives such a piece back whole, as zero memory or as dirty as it was. */
void extent_clean_end(struct extent_map *map, const struct extent_grant *piece, bool cleaned);

struct extent_totals extent_totals(const struct extent_map *map);

/* Bytes that carry exactly this tag. */
uint64_t extent_size_of(const struct extent_map *map, struct extent_tag tag);

/* Describes extent number index for the console; false past the last. */
bool extent_describe(const struct extent_map *map, uint32_t index, struct extent_info *info);
