/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes the KVM clock's structures into guest memory. */
#include "vmm/pvclock.h"

#include "vmm/guest_mem.h"

#define NS_PER_SECOND 1000000000ULL

enum { FLAG_TSC_STABLE = 1 << 0 };

struct time_info {
	uint32_t version, pad0; /* odd while the structure changes */
	uint64_t tsc_timestamp, system_time;
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags, pad[2];
};

struct wall_clock {
	uint32_t version, sec, nsec;
};

static_assert(sizeof(struct time_info) == 32 && sizeof(struct wall_clock) == 12, "KVM's layout");

struct pvclock_scale pvclock_scale(uint64_t tsc_khz)
{
	uint64_t rate = MAX(tsc_khz, 1) * 1000;
	int8_t shift = 0;

	/* Into (10^9, 2 * 10^9], where the multiplier has all of its 32 bits. */
	for (; rate > 2 * NS_PER_SECOND; rate >>= 1)
		shift--;
	for (; rate <= NS_PER_SECOND; rate <<= 1)
		shift++;
	return (struct pvclock_scale){(uint32_t)((NS_PER_SECOND << 32) / rate), shift};
}

/* The version is written before and after, for a vCPU that reads the structure of another. */
void pvclock_write_time(const struct pvclock_source *source, gpa_t gpa)
{
	struct pvclock_scale scale = pvclock_scale(source->tsc_khz);
	struct time_info info = {
		.version = 1,
		.tsc_timestamp = source->start_tsc,
		.tsc_to_system_mul = scale.multiplier,
		.tsc_shift = scale.shift,
		.flags = FLAG_TSC_STABLE,
	};

	if (!guest_write(gpa, &info, sizeof(info)))
		return;
	info.version = 2;
	if (!guest_write(gpa, &info.version, sizeof(info.version)))
		return; /* it is the same memory: cannot be */
}

void pvclock_write_wall(const struct pvclock_source *source, gpa_t gpa)
{
	struct wall_clock wall = {
		.version = 2,
		.sec = (uint32_t)(source->start_wall / NS_PER_SECOND),
		.nsec = (uint32_t)(source->start_wall % NS_PER_SECOND),
	};

	if (!guest_write(gpa, &wall, sizeof(wall)))
		return; /* told in the header */
}
