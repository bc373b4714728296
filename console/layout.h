/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a guest's memory stands in its own address space: a PC's layout. */
#pragma once

#include "abi/config.h"

enum { LAYOUT_GRANULE = 4096 };
#define LAYOUT_LOW_END \
	(3ULL << 30) /* above: PCI windows, IOAPIC, local APIC, BIOS; then from 4 GiB on */
#define LAYOUT_MIN (2ULL << 20) /* a VMM wants RAM up to there (vmm/memory_map.h) */
#define LAYOUT_MAX (1ULL << 46) /* any processor's guest-physical space holds it and the hole */

/*
 * Fills in the ranges for memory=bytes (a multiple of LAYOUT_GRANULE, LAYOUT_MIN to LAYOUT_MAX) and
 * returns how many there are. The size counts addresses below 3 GiB, so the 128 KiB of the VGA hole
 * are part of it and no RAM.
 */
uint32_t layout_plan(uint64_t bytes, struct part_range ranges[MAX_RANGES]);

/* The memory=bytes that gives these ranges. */
uint64_t layout_asked(const struct part_range *ranges, uint32_t count);

/* The RAM in them. */
uint64_t layout_bytes(const struct part_range *ranges, uint32_t count);

/* The least memory=bytes with which there is RAM in [begin, end), from 1 MiB on; LAYOUT_NEVER: none. */
#define LAYOUT_NEVER (~0ULL)
uint64_t layout_needed(uint64_t begin, uint64_t end);
