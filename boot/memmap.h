/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns a firmware's memory map, which may be unsorted, overlapping, misaligned, wrapping or
 * endless, into boot_info.ranges. In bounded memory: what does not fit costs RAM, and never a
 * reservation.
 */
#pragma once

#include "boot/boot_info.h"

/*
 * Of BOOT_MAX_RANGES. More reservations than this are joined, with the RAM that lies between them.
 */
enum { MEMMAP_MAX_RESERVED = BOOT_MAX_RANGES / 2 };

/* Sorted and disjoint. */
struct memmap_set {
	uint32_t count;
	struct boot_range ranges[BOOT_MAX_RANGES];
};

/* The map under construction, about 48 KiB. */
struct memmap {
	struct memmap_set ram;	    /* byte-granular; neighbours are merged */
	struct memmap_set reserved; /* page-granular; neighbours of one kind are merged */
	uint32_t wrapped; /* entries that were not believed: RAM beyond the end of the address space */
	uint32_t joined;  /* reservations that swallowed the gap to their neighbour */
	uint32_t dropped; /* pieces of RAM that did not fit */
};

void memmap_init(struct memmap *map);

/* Adds one entry, in any order. A kind that is no enum boot_memory counts as BOOT_RESERVED. */
void memmap_add(struct memmap *map, hpa_t start, uint64_t size, enum boot_memory kind);

/* Adds what is never RAM on a PC, whatever the map says. */
void memmap_add_platform(struct memmap *map);

/*
 * Writes info->ranges and range_count. A page is RAM if every byte of it was given as RAM and none
 * as anything else; it is of another kind if any byte of it was, and the kind latest in the enum
 * wins.
 */
void memmap_finish(const struct memmap *map, struct boot_info *info);

/* True if [start, end) is not empty and is RAM. */
bool memmap_is_ram(const struct boot_info *info, hpa_t start, hpa_t end);
