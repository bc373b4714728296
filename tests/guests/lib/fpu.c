/* SPDX-License-Identifier: BSD-2-Clause */
/* SDM 1 13 "Managing State Using the XSAVE Feature Set". */
#include "tests/guests/lib/fpu.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"

enum { ECX1_XSAVE = 1 << 26, ECX7_PKU = 1 << 3 };

bool fpu_has_xsave(void)
{
	return cpuid(1, 0).ecx & ECX1_XSAVE;
}

uint64_t fpu_enable(void)
{
	uint64_t all;

	cr0_write((cr0_read() | CR0_MP | CR0_NE) & ~(uint64_t)(CR0_EM | CR0_TS));
	cr4_write(cr4_read() | CR4_OSFXSR | CR4_OSXMMEXCPT);
	if (!fpu_has_xsave())
		return XCR0_X87 | XCR0_SSE;
	cr4_write(cr4_read() | CR4_OSXSAVE);
	if (cpuid(7, 0).ecx & ECX7_PKU)
		cr4_write(cr4_read() | CR4_PKE);
	all = cpuid(0xd, 0).eax | (uint64_t)cpuid(0xd, 0).edx << 32;
	xcr0_write(all);
	return all;
}

void fpu_save(struct fpu_area *area)
{
	memset(area, 0, sizeof(*area));
	if (fpu_has_xsave())
		asm volatile("xsave64 %0" : "+m"(*area) : "a"(~0u), "d"(~0u));
	else
		asm volatile("fxsave64 %0" : "+m"(*area));
}

void fpu_load(const struct fpu_area *area)
{
	if (fpu_has_xsave())
		asm volatile("xrstor64 %0" : : "m"(*area), "a"(~0u), "d"(~0u));
	else
		asm volatile("fxrstor64 %0" : : "m"(*area));
}

uint32_t fpu_pkru_read(void)
{
	uint32_t value;

	asm volatile("rdpkru" : "=a"(value) : "c"(0) : "edx");
	return value;
}

void fpu_pkru_write(uint32_t value)
{
	asm volatile("wrpkru" : : "a"(value), "c"(0), "d"(0));
}
