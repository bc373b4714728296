/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the layout of the CMOS memory: diagnosis, equipment, memory sizes and the checksum over
 * them.
 */
#include "vmm/dev/rtc_cmos.h"

enum cmos {
	CMOS_DIAGNOSIS = 0x0e,
	CMOS_SHUTDOWN = 0x0f,
	CMOS_FLOPPIES = 0x10,
	CMOS_DISKS = 0x12,
	CMOS_EQUIPMENT = 0x14,
	CMOS_BASE_KIB = 0x15,	    /* 2 bytes */
	CMOS_EXTENDED_KIB = 0x17,   /* 2: above 1 MiB */
	CMOS_CHECKSUM = 0x2e,	    /* 2, high byte first: over 10h to 2Dh */
	CMOS_EXTENDED_KIB_2 = 0x30, /* 2: the same, as measured */
	CMOS_ABOVE_16M = 0x34,	    /* 2: in 64 KiB */
	CMOS_ABOVE_4G = 0x5b,	    /* 3: in 64 KiB */
};
enum { CHECKSUM_FIRST = 0x10, CHECKSUM_LAST = 0x2d, EQUIPMENT_FPU = 1 << 1, BASE_KIB = 640 };

/* value, at most the largest that fits, as little-endian bytes. */
static void put(uint8_t *ram, unsigned index, unsigned bytes, uint64_t value)
{
	value = MIN(value, BIT(8 * bytes) - 1);
	for (unsigned i = 0; i < bytes; i++)
		ram[index + i] = (uint8_t)(value >> (8 * i));
}

static uint64_t above(uint64_t size, uint64_t start)
{
	return size > start ? size - start : 0;
}

void rtc_cmos_fill(uint8_t ram[128], uint64_t memory_below_4g, uint64_t memory_above_4g)
{
	uint64_t extended = above(memory_below_4g, MIB(1)) / KIB(1);
	unsigned sum = 0;

	ram[CMOS_DIAGNOSIS] = 0;
	ram[CMOS_SHUTDOWN] = 0;
	ram[CMOS_FLOPPIES] = 0;
	ram[CMOS_DISKS] = 0;
	ram[CMOS_EQUIPMENT] = EQUIPMENT_FPU;
	put(ram, CMOS_BASE_KIB, 2, MIN(memory_below_4g / KIB(1), BASE_KIB));
	put(ram, CMOS_EXTENDED_KIB, 2, extended);
	put(ram, CMOS_EXTENDED_KIB_2, 2, extended);
	put(ram, CMOS_ABOVE_16M, 2, above(memory_below_4g, MIB(16)) / KIB(64));
	put(ram, CMOS_ABOVE_4G, 3, memory_above_4g / KIB(64));

	for (unsigned i = CHECKSUM_FIRST; i <= CHECKSUM_LAST; i++)
		sum += ram[i];
	ram[CMOS_CHECKSUM] = (uint8_t)(sum >> 8);
	ram[CMOS_CHECKSUM + 1] = (uint8_t)sum;
}
