/* SPDX-License-Identifier: BSD-2-Clause */
/* Stands in for vmm/fpu_regs.S. */
#include "tests/unit/fpu_regs_fake.h"

#include <string.h>

#include "vmm/fpu_regs.h"

uint64_t fake_vectors[32][8];
uint64_t fake_mm[8];
uint64_t fake_masks[8];
uint16_t fake_x87_status;
uint64_t fake_xcr0 = 0xe7;
struct fake_pkru fake_pkru;

void fpu_store_xmm(unsigned reg, void *to)
{
	memcpy(to, fake_vectors[reg], 16);
}

void fpu_load_xmm(unsigned reg, const void *from)
{
	memcpy(fake_vectors[reg], from, 16);
}

void fpu_store_ymm(unsigned reg, void *to)
{
	memcpy(to, fake_vectors[reg], 32);
}

void fpu_load_ymm(unsigned reg, const void *from)
{
	memset(fake_vectors[reg], 0, 64);
	memcpy(fake_vectors[reg], from, 32);
}

void fpu_store_zmm(unsigned reg, void *to)
{
	memcpy(to, fake_vectors[reg], 64);
}

void fpu_load_zmm(unsigned reg, const void *from)
{
	memcpy(fake_vectors[reg], from, 64);
}

void fpu_store_mask16(unsigned reg, void *to)
{
	memcpy(to, &fake_masks[reg], 2);
}

void fpu_store_mask64(unsigned reg, void *to)
{
	memcpy(to, &fake_masks[reg], 8);
}

void fpu_store_mm(unsigned reg, void *to)
{
	memcpy(to, &fake_mm[reg], 8);
}

void fpu_load_mm(unsigned reg, const void *from)
{
	memcpy(&fake_mm[reg], from, 8);
}

uint16_t fpu_x87_status(void)
{
	return fake_x87_status;
}

uint64_t fpu_xcr0(void)
{
	return fake_xcr0;
}

void fpu_xsave(void *area, uint32_t components)
{
	fake_pkru.looks++;
	if (components == 1 << 9 && fake_xcr0 & components)
		memcpy((uint8_t *)area + fake_pkru.offset, &fake_pkru.value,
		       sizeof(fake_pkru.value));
}
