/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the scale between the host's TSC, which the VMM reads by itself, and the partition's time.
 * Both factors are fixed-point numbers: no division is done after the start.
 */
#include "vmm/host_clock.h"

#include "vmm/call.h"
#include "vmm/host.h"
#include "vmm/partition.h"

enum { FRACTION = 32 };

#define NS_PER_MS 1000000u

/* Sealed by host_clock_init. */
static uint64_t ns_per_tsc, tsc_per_ns; /* scaled by 2^FRACTION */

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
	/* Rounded up, so that a deadline is never too early. */
	tsc_per_ns = ratio(khz, NS_PER_MS) + 1;
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

void host_set_deadline(uint64_t when_ns)
{
	/* Far beyond any machine's life, and the scaled value still fits. */
	const uint64_t never = BIT(62) / 16;
	uint64_t tsc;

	if (when_ns >= never) {
		call_set_deadline(0);
		return;
	}
	tsc = partition->start_tsc + scale(when_ns, tsc_per_ns) + 1;
	call_set_deadline(MAX(tsc, 1));
}
