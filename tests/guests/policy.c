/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this guest's processors say of themselves: every leaf of CPUID, which is the same on all cpus=2 of
 * them but for the APIC id, and every MSR that can be read. For a test that knows what should be there.
 */
#include "arch/x86_64/insn.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/msr.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/words.h"

enum { WAIT_MS = 20000, SUBLEAVES = 16 };

/* The leaves from first to last, subleaves too; and the bits of each register that are the APIC id's. */
static const struct {
	uint32_t first, last;
} ranges[] = {
	{0, 0x20}, {0x40000000, 0x40000010}, {0x40000100, 0x40000101}, {0x80000000, 0x80000021}};

static const struct {
	uint32_t leaf;
	struct cpuid_regs id;
} ids[] = {
	{1, {.ebx = 0xff000000}},
	{0xb, {.edx = UINT32_MAX}},
	{0x1f, {.edx = UINT32_MAX}},
	{0x8000001e, {.eax = UINT32_MAX, .ebx = 0xff}},
};

static struct cpuid_regs without_id(uint32_t leaf, struct cpuid_regs r)
{
	for (unsigned i = 0; i < ARRAY_SIZE(ids); i++)
		if (ids[i].leaf == leaf)
			return (struct cpuid_regs){r.eax & ~ids[i].id.eax, r.ebx & ~ids[i].id.ebx,
						   r.ecx & ~ids[i].id.ecx, r.edx & ~ids[i].id.edx};
	return r;
}

/* The sum of all leaves, in which each register and place counts differently: FNV-1a. */
static uint64_t sum(void)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++)
		for (uint32_t leaf = ranges[i].first; leaf <= ranges[i].last; leaf++)
			for (uint32_t subleaf = 0; subleaf < SUBLEAVES; subleaf++) {
				struct cpuid_regs r = without_id(leaf, cpuid(leaf, subleaf));
				const uint32_t words[] = {r.eax, r.ebx, r.ecx, r.edx};

				for (unsigned w = 0; w < ARRAY_SIZE(words); w++)
					hash = (hash ^ words[w]) * 0x100000001b3ULL;
			}
	return hash;
}

static void store_sum(void *to)
{
	*(uint64_t *)to = sum();
}

static void test_same(void)
{
	unsigned cpus = (unsigned)words_number("cpus", 2);
	uint64_t own = sum();

	for (unsigned i = 1; i < cpus; i++) {
		static uint64_t other;

		other = ~own;
		if (!test_check(cpu_start(i), "CPU %u does not start", i))
			return;
		cpu_run(i, store_sum, &other);
		test_check(cpu_wait(i, WAIT_MS) && other == own, "CPU %u differs: %lx, not %lx", i,
			   other, own);
	}
}

static void test_cpuid(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++)
		for (uint32_t leaf = ranges[i].first; leaf <= ranges[i].last; leaf++) {
			struct cpuid_regs r = without_id(leaf, cpuid(leaf, 0));

			if (r.eax | r.ebx | r.ecx | r.edx)
				print("cpuid %08x %08x %08x %08x %08x\n", leaf, r.eax, r.ebx, r.ecx,
				      r.edx);
		}
}

/* The local APIC's are left out: which can be read, its mode says. */
static void test_msrs(void)
{
	static const struct {
		uint32_t first, last;
	} swept[] = {{0, 0x7ff},
		     {0x900, 0x1fff},
		     {0x40000000, 0x400000ff},
		     {0x4b564d00, 0x4b564dff},
		     {0xc0000000, 0xc00003ff},
		     {0xc0010000, 0xc00103ff},
		     {0xc0011000, 0xc00110ff}};

	for (unsigned i = 0; i < ARRAY_SIZE(swept); i++)
		for (uint32_t index = swept[i].first; index <= swept[i].last; index++) {
			uint64_t value;

			if (msr_read_fault(index, &value).vector == NO_FAULT)
				print("msr %08x\n", index);
		}
}

static const struct test_case cases[] = {
	{"policy-same", test_same},
	{"policy-cpuid", test_cpuid},
	{"policy-msrs", test_msrs},
};

void guest_main(void)
{
	apic_enable();
	test_run_all(cases, ARRAY_SIZE(cases));
}
