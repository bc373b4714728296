/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the scale between the host's TSC, which the VMM reads by itself, and the partition's time: one
 * fixed-point number, by which ticks are multiplied and times are divided. A second one for the way back
 * would be off by some part of all the time since the start.
 */
#include "vmm/host_clock.h"

#include "vmm/call.h"
#include "vmm/host.h"
#include "vmm/partition.h"

enum { FRACTION = 32 };

#define NS_PER_MS 1000000u

/* Sealed by host_clock_init. */
static uint64_t ns_per_tsc; /* scaled by 2^FRACTION */

static uint64_t scale(uint64_t value, uint64_t factor)
{
	return (uint64_t)(((unsigned __int128)value * factor) >> FRACTION);
}

/* (numerator << FRACTION) / denominator for numerator below 2^32, which is all that occurs here. */
static uint64_t ratio(uint64_t numerator, uint64_t denominator)
{
	return (numerator << FRACTION) / denominator;
}

void host_clock_init(void)
{
	uint64_t khz = MAX(partition->tsc_khz, 1);

	ns_per_tsc = ratio(NS_PER_MS, khz);
}

uint64_t host_clock_ns(uint64_t tsc)
{
	return scale(tsc, ns_per_tsc);
}

uint64_t host_clock_guest_start(void)
{
	return partition->start_tsc + partition->tsc_offset;
}

uint64_t host_clock_tsc(void)
{
	uint64_t low, high; /* the instruction clears the upper halves */

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return high << 32 | low;
}

uint64_t host_now(void)
{
	return scale(host_clock_tsc() - partition->start_tsc, ns_per_tsc);
}

/* The first tick since the start at which host_now() is not before `when`. */
static uint64_t first_tick(uint64_t when)
{
	uint64_t tick, rest;

	asm("divq %[scale]"
	    : "=a"(tick), "=d"(rest)
	    : [scale] "r"(ns_per_tsc), "a"(when << FRACTION), "d"(when >> (64 - FRACTION))
	    : "cc");
	return tick + (rest != 0);
}

void host_set_deadline(uint64_t when_ns)
{
	/* Beyond a machine's life, or the TSC's, by which the quotient fits. */
	if (when_ns >= BIT(62) || when_ns >> (64 - FRACTION) >= ns_per_tsc) {
		call_set_deadline(0);
		return;
	}
	call_set_deadline(MAX(partition->start_tsc + first_tick(when_ns), 1));
}
