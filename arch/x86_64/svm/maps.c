/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds the permission maps: everything exits but what the list opens. */
#include "arch/x86_64/svm/maps.h"

#include "arch/x86_64/kernel_space.h"
#include "lib/assert.h"
#include "lib/msr_policy.h"
#include "lib/string.h"

enum {
	IOPM_SIZE = 3 * 4096,
	MSRPM_SIZE = 2 * 4096,
	MSRPM_RANGE = 0x2000, /* MSRs covered by each third of the map */
	MSRPM_STRIDE = 0x800, /* bytes that a range takes: two bits an MSR */
};

static uint8_t iopm[IOPM_SIZE] __attribute__((aligned(4096)));
static uint8_t msrpm[MSRPM_SIZE] __attribute__((aligned(4096)));

/* First MSR of each range that the map covers, in the map's order. */
static const uint32_t range_base[] = {0x00000000, 0xc0000000, 0xc0010000};

/* Switched by VMLOAD and VMSAVE, or (TSC_AUX) eagerly with the vCPU: nothing of another's is seen. */
#define ROW(index, name) index,
static const uint32_t open_msrs[] = {MSR_POLICY_OPEN(ROW)};
#undef ROW

/* The bit number of an MSR's read bit in the map, or -1 if the map does not cover it. */
static int msr_bit(uint32_t index)
{
	for (unsigned i = 0; i < ARRAY_SIZE(range_base); i++) {
		uint32_t offset = index - range_base[i];

		if (offset < MSRPM_RANGE)
			return (int)(i * MSRPM_STRIDE * 8 + offset * 2);
	}
	return -1;
}

unsigned svm_msr_open(uint32_t index)
{
	int bit = msr_bit(index);

	if (bit < 0)
		return 0;
	return ~((unsigned)msrpm[bit / 8] >> (bit % 8)) & 3u;
}

bool svm_port_open(uint16_t port)
{
	return !(iopm[port / 8] & (1u << (port % 8)));
}

static void msr_open(uint32_t index)
{
	int bit = msr_bit(index);

	ASSERT(bit >= 0);
	msrpm[bit / 8] = (uint8_t)(msrpm[bit / 8] & ~(3u << (bit % 8)));
}

/* THREATS B18: the map says what the list says, for every MSR that it covers. */
static void maps_check(void)
{
	unsigned open = 0;

	for (unsigned r = 0; r < ARRAY_SIZE(range_base); r++)
		for (uint32_t i = 0; i < MSRPM_RANGE; i++) {
			if (i % 4 == 0 && msrpm[r * MSRPM_STRIDE + i / 4] == 0xff)
				i += 3; /* a byte that closes all its four */
			else
				open += svm_msr_open(range_base[r] + i) != 0;
		}
	ASSERT(open == ARRAY_SIZE(open_msrs));
	for (unsigned i = 0; i < IOPM_SIZE; i++)
		ASSERT(iopm[i] == 0xff);
}

void svm_maps_init(void)
{
	memset(iopm, 0xff, sizeof(iopm));
	memset(msrpm, 0xff, sizeof(msrpm));
	for (unsigned i = 0; i < ARRAY_SIZE(open_msrs); i++)
		msr_open(open_msrs[i]);
	maps_check();
}

hpa_t svm_iopm_pa(void)
{
	return kernel_image_pa(iopm);
}

hpa_t svm_msrpm_pa(void)
{
	return kernel_image_pa(msrpm);
}
