/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS B04, B11: caches off, MTRRs that say uncached, and one page of RAM under each memory type: the
 * guest is slow at most, and what it wrote is there. MTRRs and PAT take no reserved type, and there are
 * eight variable ranges and no more: SDM 3A 12 "Memory Cache Control".
 */
#include "tests/guests/hostile_b/cases.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/msr.h"
#include "tests/guests/lib/paging.h"
#include "tests/guests/lib/report.h"

enum { MTRR_DEF_TYPE = 0x2ff, MTRR_PHYS = 0x200, MTRR_VARIABLE = 8, PHYS_LAST = 0x24f };
enum { PAGE_PWT = 1 << 3, PAGE_PCD = 1 << 4, PAGE_PAT_BIT = 1 << 7, TYPES = 8, LOOPS = 50 };
/* One of each type there is, so that the eight combinations of PAT, PCD and PWT reach all. */
#define PAT_ALL 0x0007060504010006ULL

static uint8_t page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static volatile uint64_t *alias(unsigned type)
{
	uint64_t flags = PAGE_P | PAGE_W, va = PAGING_TEST + type * PAGE_SIZE;

	flags |= type & 1 ? PAGE_PWT : 0;
	flags |= type & 2 ? PAGE_PCD : 0;
	flags |= type & 4 ? PAGE_PAT_BIT : 0;
	paging_map(va, (uintptr_t)page, flags);
	return (volatile uint64_t *)va;
}

/* Written under one type, read under each: without a flush, which on hardware would be undefined here. */
static void check_aliases(const char *name)
{
	for (unsigned i = 0; i < LOOPS; i++) {
		volatile uint64_t *at = alias(i % TYPES);

		*at = i;
		cache_write_back_invalidate();
		for (unsigned type = 0; type < TYPES; type++)
			test_check(*alias(type) == i, "%s: type %u reads %lx, not %x", name, type,
				   *alias(type), i);
	}
}

void b_test_cache_modes(void)
{
	uint64_t cr0 = cr0_read(), pat = msr_read(MSR_PAT), def_type = msr_read(MTRR_DEF_TYPE);

	check_aliases("usual");
	msr_write(MSR_PAT, PAT_ALL);
	check_aliases("PAT of all types");
	cr0_write(cr0 | CR0_CD);
	test_check(cr0_read() == (cr0 | CR0_CD), "cr0 %lx with CD", cr0_read());
	check_aliases("CR0.CD");
	cr0_write(cr0 | CR0_CD | CR0_NW);
	check_aliases("CR0.CD and NW");
	msr_write(MTRR_DEF_TYPE, 0);
	test_check(msr_read(MTRR_DEF_TYPE) == 0, "MTRRs are still on");
	check_aliases("all uncached");
	for (unsigned i = 0; i < LOOPS; i++) {
		cr0_write(cr0);
		cr0_write(cr0 | CR0_CD);
	}
	msr_write(MTRR_DEF_TYPE, def_type);
	cr0_write(cr0);
	msr_write(MSR_PAT, pat);
	test_check(cr0_read() == cr0 && msr_read(MSR_PAT) == pat, "cr0 %lx PAT %lx", cr0_read(),
		   msr_read(MSR_PAT));
}

static bool is_type(unsigned type)
{
	return type == 0 || type == 1 || type == 4 || type == 5 || type == 6;
}

/* One byte of a register is each of the 256 values. */
static void check_types(uint32_t index, unsigned byte, bool uc_minus)
{
	uint64_t old = msr_read(index);

	for (unsigned type = 0; type < 256; type++) {
		uint64_t value = (old & ~(0xffULL << 8 * byte)) | (uint64_t)type << 8 * byte;
		bool legal = is_type(type) || (uc_minus && type == 7);
		struct fault fault = msr_write_fault(index, value);

		test_check(fault.vector == (legal ? NO_FAULT : VECTOR_GP),
			   "MSR %x byte %u = %x: vector %d", index, byte, type, fault.vector);
		test_check(msr_read(index) == (legal ? value : msr_read(index)), "MSR %x", index);
	}
	msr_write(index, old);
}

void b_test_mtrrs(void)
{
	static const uint32_t fixed[] = {0x250, 0x258, 0x259, 0x268, 0x26f};
	uint64_t value = 0;

	test_check((msr_read(0xfe) & 0xff) == MTRR_VARIABLE, "MTRRCAP %lx", msr_read(0xfe));
	test_check(msr_write_fault(0xfe, msr_read(0xfe)).vector == VECTOR_GP, "MTRRCAP is written");
	for (uint32_t index = MTRR_PHYS + 2 * MTRR_VARIABLE; index <= PHYS_LAST; index++) {
		test_check(msr_read_fault(index, &value).vector == VECTOR_GP, "RDMSR %x", index);
		test_check(msr_write_fault(index, 0).vector == VECTOR_GP, "WRMSR %x", index);
	}
	check_types(MTRR_DEF_TYPE, 0, false);
	check_types(MTRR_PHYS + 2 * MTRR_VARIABLE - 2, 0, false);
	for (unsigned byte = 0; byte < 8; byte += 7) {
		check_types(MSR_PAT, byte, true);
		for (unsigned i = 0; i < ARRAY_SIZE(fixed); i++)
			check_types(fixed[i], byte, false);
	}
}
