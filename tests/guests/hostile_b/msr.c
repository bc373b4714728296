/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS B05 to B07: every MSR read and written, also with what is not canonical; #GP but for a list: SDM 4
 * 2.1 "Architectural MSRs".
 */
#include "tests/guests/hostile_b/cases.h"

#include "arch/x86_64/regs.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/msr.h"
#include "tests/guests/lib/random.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/words.h"

/* All that a guest of ours may find. What is not here is #GP. */
static const struct {
	uint32_t first, last;
} may_exist[] = {
	{0x10, 0x12},
	{0x17, 0x17},
	{0x1b, 0x1b},
	{0x3b, 0x3b},
	{0x8b, 0x8b},
	{0xfe, 0xfe},
	{0x174, 0x176},
	{0x179, 0x17a},
	{0x1a0, 0x1a0},
	{0x200, 0x20f},
	{0x250, 0x250},
	{0x258, 0x259},
	{0x268, 0x26f},
	{0x277, 0x277},
	{0x2ff, 0x2ff},
	{0x6e0, 0x6e0},
	{0x800, 0x83f},
	{0xc0000080, 0xc0000084},
	{0xc0000100, 0xc0000103},
	{0xc0010000, 0xc0010007},
	{0xc0010010, 0xc0010010},
	{0xc0010015, 0xc0010015},
	{0xc001001f, 0xc001001f},
	{0xc0010055, 0xc0010055},
	{0xc0011029, 0xc0011029},
	{0x4b564d00, 0x4b564d01},
	{0x2a, 0x2a},
	{0x1d9, 0x1d9},
};

/* Where all are tried: first index, how many. */
static const struct {
	uint32_t first, count;
} ranges[] = {{0, 0x2000}, {0x40000000, 0x100}, {0xc0000000, 0x2000}, {0xc0010000, 0x2000}};

static bool is_allowed(uint32_t index)
{
	for (unsigned i = 0; i < ARRAY_SIZE(may_exist); i++)
		if (index >= may_exist[i].first && index <= may_exist[i].last)
			return true;
	return false;
}

static unsigned exist;

static void check_read(uint32_t index)
{
	uint64_t value = 0x5a5a5a5a5a5a5a5a, again = 0;
	struct fault fault = msr_read_fault(index, &value);

	if (fault.vector == NO_FAULT) {
		exist++;
		test_check(is_allowed(index), "RDMSR %x gives %lx", index, value);
	} else {
		test_check(fault.vector == VECTOR_GP && fault.error == 0,
			   "RDMSR %x: vector %d error %x", index, fault.vector, fault.error);
		test_check(msr_read_fault(index, &again).vector == VECTOR_GP, "RDMSR %x: differs",
			   index);
	}
}

void b_test_read_all(void)
{
	uint64_t seed = 5, randoms = words_number("randoms", 1000);

	exist = 0;
	for (unsigned r = 0; r < ARRAY_SIZE(ranges); r++)
		for (uint32_t i = 0; i < ranges[r].count; i++)
			check_read(ranges[r].first + i);
	for (uint64_t i = 0; i < randoms; i++)
		check_read((uint32_t)random_next(&seed));
	print("# %u MSRs exist\n", exist);
	test_check(exist > 20, "only %u MSRs", exist);
}

/* Written with what they hold these do more than to store it: the TSC runs, an ICR sends, a clock is put. */
static bool write_acts(uint32_t index)
{
	return index == 0x10 || index == 0x11 || index == 0x12 || index == MSR_DEADLINE ||
	       (index >= 0x800 && index < 0x900) || index >> 8 == 0x4b564d;
}

static void check_write(uint32_t index, uint64_t value)
{
	uint64_t old = 0, now = 0;
	bool readable = msr_read_fault(index, &old).vector == NO_FAULT;
	struct fault fault;

	if (write_acts(index))
		return;
	fault = msr_write_fault(index, value);
	test_check(fault.vector == NO_FAULT || fault.vector == VECTOR_GP, "WRMSR %x=%lx: vector %d",
		   index, value, fault.vector);
	if (fault.vector == NO_FAULT) {
		test_check(is_allowed(index), "WRMSR %x=%lx does nothing wrong", index, value);
		if (readable)
			test_check(msr_read_fault(index, &now).vector == NO_FAULT, "MSR %x is gone",
				   index);
	} else if (readable && index != 0x3b) {
		test_check(msr_read_fault(index, &now).vector == NO_FAULT && now == old,
			   "MSR %x: refused, and %lx became %lx", index, old, now);
	}
	if (readable && fault.vector == NO_FAULT)
		msr_write_fault(index, old);
}

/* The registers that the rest of the guest stands on get their cases elsewhere. */
static bool is_ours(uint32_t index)
{
	return index == MSR_APIC || index == MSR_EFER;
}

void b_test_write_all(void)
{
	static const uint64_t values[] = {0, ~0ULL, 0x8000000000000000ULL, 0x0000800000000000ULL};

	for (unsigned r = 0; r < ARRAY_SIZE(ranges); r++)
		for (uint32_t i = 0; i < ranges[r].count; i++) {
			uint32_t index = ranges[r].first + i;

			if (is_ours(index))
				continue;
			for (unsigned v = 0; v < (is_allowed(index) ? ARRAY_SIZE(values) : 1); v++)
				check_write(index, values[v]);
		}
	apic_enable();
}

void b_test_write_bits(void)
{
	for (unsigned r = 0; r < ARRAY_SIZE(may_exist); r++)
		for (uint32_t index = may_exist[r].first; index <= may_exist[r].last; index++)
			for (unsigned bit = 0; bit < 64 && !is_ours(index); bit++)
				check_write(index, BIT(bit));
}
