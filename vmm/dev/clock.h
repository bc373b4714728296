/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PC's 14.31818 MHz crystal, derived from the partition's clock: the 8254 runs at a twelfth of
 * it, the ACPI PM timer at a quarter. Counts are computed, never ticked.
 */
#pragma once

#include "lib/types.h"

#define CLOCK_CRYSTAL_HZ 14318180ULL
#define CLOCK_SECOND	 1000000000ULL /* ns */

enum clock_divider { CLOCK_PM = 4, CLOCK_PIT = 12 };

/* Ticks that have passed at ns, rounded down. */
static inline uint64_t clock_ticks(uint64_t ns, enum clock_divider divider)
{
	uint64_t whole = ns / CLOCK_SECOND * CLOCK_CRYSTAL_HZ;
	uint64_t part = ns % CLOCK_SECOND * CLOCK_CRYSTAL_HZ / CLOCK_SECOND;

	return (whole + part) / divider;
}

/*
 * The first time, in ns, at which clock_ticks() is ticks; UINT64_MAX if beyond the clock's range.
 */
static inline uint64_t clock_ns(uint64_t ticks, enum clock_divider divider)
{
	const uint64_t last = UINT64_MAX / CLOCK_SECOND * CLOCK_CRYSTAL_HZ;
	uint64_t part;

	if (ticks >= last / divider)
		return UINT64_MAX;
	ticks *= divider;
	part = (ticks % CLOCK_CRYSTAL_HZ * CLOCK_SECOND + CLOCK_CRYSTAL_HZ - 1) / CLOCK_CRYSTAL_HZ;
	return ticks / CLOCK_CRYSTAL_HZ * CLOCK_SECOND + part;
}
