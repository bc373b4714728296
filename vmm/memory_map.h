/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory map that the guest is told, whatever protocol it boots by. */
#pragma once

#include "abi/layout.h"
#include "lib/types.h"

/* ACPI 6.5 15 "System Address Map Interfaces", table "Address Range Types" */
enum memory_type { MEMORY_RAM = 1, MEMORY_RESERVED = 2, MEMORY_ACPI = 3, MEMORY_NVS = 4 };

struct memory_entry {
	gpa_t start;
	uint64_t size;
	uint32_t type; /* enum memory_type */
};

enum { MEMORY_ENTRIES_MAX = 5 + MAX_RANGES };

/*
 * Checks that the partition's ranges are a PC's memory (see vmm/guest_layout.h). Null, or what is
 * wrong with them.
 */
const char *must_check memory_map_check(void);

/*
 * Fills in the map, in ascending order, once the ranges were checked; returns the number of
 * entries.
 */
unsigned memory_map_build(struct memory_entry entries[MEMORY_ENTRIES_MAX]);
