/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds the bitmaps: everything exits but what the list opens. */
#include "arch/x86_64/vmx/maps.h"

#include "arch/x86_64/kernel_space.h"
#include "lib/assert.h"
#include "lib/msr_policy.h"
#include "lib/string.h"

enum {
	IO_BITMAP_SIZE = 2 * 4096,
	MSR_BITMAP_SIZE = 4096,
	MSR_RANGE = 0x2000, /* MSRs covered by each quarter of the map */
	MSR_STRIDE = 0x400, /* bytes that a range takes */
	MSR_WRITES = 0x800, /* the second half of the map is for writes */
};

static uint8_t io_bitmap[IO_BITMAP_SIZE] __attribute__((aligned(4096)));
static uint8_t msr_bitmap[MSR_BITMAP_SIZE] __attribute__((aligned(4096)));

/* First MSR of each range that the map covers, in the map's order. */
static const uint32_t range_base[] = {0x00000000, 0xc0000000};

/* Switched by the VMCS or by vmx_vcpu_load: nothing of another's is seen. */
#define ROW(index, name) index,
static const uint32_t open_msrs[] = {MSR_POLICY_OPEN(ROW)};
#undef ROW

/* The bit number of an MSR's read bit in the map, or -1 if the map does not cover it. */
static int msr_bit(uint32_t index)
{
	for (unsigned i = 0; i < ARRAY_SIZE(range_base); i++) {
		uint32_t offset = index - range_base[i];

		if (offset < MSR_RANGE)
			return (int)(i * MSR_STRIDE * 8 + offset);
	}
	return -1;
}

static bool is_open(unsigned offset, int bit)
{
	return !(msr_bitmap[offset + (unsigned)bit / 8] & (1u << (bit % 8)));
}

unsigned vmx_msr_open(uint32_t index)
{
	int bit = msr_bit(index);

	if (bit < 0)
		return 0;
	return (is_open(0, bit) ? 1u : 0) | (is_open(MSR_WRITES, bit) ? 2u : 0);
}

bool vmx_port_open(uint16_t port)
{
	return !(io_bitmap[port / 8] & (1u << (port % 8)));
}

static void msr_open(uint32_t index)
{
	int bit = msr_bit(index);
	uint8_t mask;

	ASSERT(bit >= 0);
	mask = (uint8_t) ~(1u << (bit % 8));
	msr_bitmap[bit / 8] &= mask;
	msr_bitmap[MSR_WRITES + bit / 8] &= mask;
}

/* THREATS B18: the map says what the list says, for every MSR that it covers. */
static void maps_check(void)
{
	unsigned open = 0;

	for (unsigned r = 0; r < ARRAY_SIZE(range_base); r++)
		for (uint32_t i = 0; i < MSR_RANGE; i++) {
			const uint8_t *reads = &msr_bitmap[r * MSR_STRIDE + i / 8];

			if (i % 8 == 0 && reads[0] == 0xff && reads[MSR_WRITES] == 0xff)
				i += 7; /* bytes that close all their eight */
			else
				open += vmx_msr_open(range_base[r] + i) != 0;
		}
	ASSERT(open == ARRAY_SIZE(open_msrs));
	for (unsigned i = 0; i < IO_BITMAP_SIZE; i++)
		ASSERT(io_bitmap[i] == 0xff);
}

void vmx_maps_init(void)
{
	memset(io_bitmap, 0xff, sizeof(io_bitmap));
	memset(msr_bitmap, 0xff, sizeof(msr_bitmap));
	for (unsigned i = 0; i < ARRAY_SIZE(open_msrs); i++)
		msr_open(open_msrs[i]);
	maps_check();
}

hpa_t vmx_io_bitmap_pa(void)
{
	return kernel_image_pa(io_bitmap);
}

hpa_t vmx_msr_bitmap_pa(void)
{
	return kernel_image_pa(msr_bitmap);
}
