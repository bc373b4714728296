/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps a vCPU's memory type range registers, with the checks that the processor makes. */
#include "vmm/msr_mtrr.h"

#include "vmm/guest_layout.h"

enum { MTRR_CAP = 0xfe, MTRR_PHYS = 0x200, MTRR_DEF_TYPE = 0x2ff };

/* MTRRcap: VCNT 7:0, FIX 8, WC 10; no SMRR. */
#define CAP (MTRR_VARIABLE | BIT(8) | BIT(10))

#define DEF_TYPE_FE BIT(10)
#define DEF_TYPE_E  BIT(11)
#define MASK_VALID  BIT(11)

enum { TYPE_UC = 0, TYPE_WC = 1, TYPE_WT = 4, TYPE_WP = 5, TYPE_WB = 6 };

/* SDM 3A table 12-9 "Address Mapping for Fixed-Range MTRRs" */
static const uint16_t fixed_index[MTRR_FIXED] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
						 0x26b, 0x26c, 0x26d, 0x26e, 0x26f};

#define EIGHT(type) ((type)*0x0101010101010101ULL)

void mtrr_init(struct mtrr *mtrr, unsigned phys_bits)
{
	*mtrr = (struct mtrr){.def_type = DEF_TYPE_E | DEF_TYPE_FE | TYPE_WB};
	for (unsigned i = 0; i < MTRR_FIXED; i++)
		mtrr->fixed[i] = EIGHT(fixed_index[i] >= 0x268 ? TYPE_WP : TYPE_WB);
	mtrr->fixed[2] = EIGHT(TYPE_UC); /* A0000h to BFFFFh */
	mtrr->variable[0] = GUEST_DEVICES | TYPE_UC;
	mtrr->variable[1] = (BITS(phys_bits - 1, 0) & ~(GIB(4) - GUEST_DEVICES - 1)) | MASK_VALID;
}

/* Where an MSR is kept, or null. */
static uint64_t *find(struct mtrr *mtrr, uint32_t index)
{
	if (index == MTRR_DEF_TYPE)
		return &mtrr->def_type;
	if (index - MTRR_PHYS < ARRAY_SIZE(mtrr->variable))
		return &mtrr->variable[index - MTRR_PHYS];
	for (unsigned i = 0; i < MTRR_FIXED; i++)
		if (fixed_index[i] == index)
			return &mtrr->fixed[i];
	return NULL;
}

bool mtrr_read(struct mtrr *mtrr, uint32_t index, uint64_t *value)
{
	uint64_t *at = find(mtrr, index);

	if (!at && index != MTRR_CAP)
		return false;
	*value = at ? *at : CAP;
	return true;
}

static bool type_valid(uint64_t type)
{
	const unsigned valid = 1 << TYPE_UC | 1 << TYPE_WC | 1 << TYPE_WT | 1 << TYPE_WP |
			       1 << TYPE_WB;

	return type < 8 && (valid & 1u << type);
}

static bool types_valid(uint64_t value)
{
	for (unsigned i = 0; i < 64; i += 8)
		if (!type_valid(value >> i & 0xff))
			return false;
	return true;
}

static bool value_valid(unsigned phys_bits, uint32_t index, uint64_t value)
{
	if (index == MTRR_DEF_TYPE)
		return type_valid(value & 0xff) && !(value & ~(0xff | DEF_TYPE_FE | DEF_TYPE_E));
	if (index - MTRR_PHYS >= 2 * MTRR_VARIABLE)
		return types_valid(value);
	if (value >> phys_bits)
		return false;
	return index & 1 ? !(value & BITS(10, 0))
			 : type_valid(value & 0xff) && !(value & BITS(11, 8));
}

bool mtrr_write(struct mtrr *mtrr, unsigned phys_bits, uint32_t index, uint64_t value)
{
	uint64_t *at = find(mtrr, index);

	if (!at || !value_valid(phys_bits, index, value))
		return false;
	*at = value;
	return true;
}
