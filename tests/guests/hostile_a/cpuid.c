/* SPDX-License-Identifier: BSD-2-Clause */
/* THREATS A01: CPUID gives the same answers at any time and CPL, and promises nothing that is not there. */
#include "tests/guests/hostile_a/cases.h"

#include "arch/x86_64/insn.h"
#include "tests/guests/lib/random.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

static bool same(struct cpuid_regs a, struct cpuid_regs b)
{
	return a.eax == b.eax && a.ebx == b.ebx && a.ecx == b.ecx && a.edx == b.edx;
}

/* Bits that promise what is not there: APM3 appendix E, SDM 2A "CPUID". */
static const struct {
	const char *name;
	uint32_t leaf;
	uint32_t ebx, ecx, edx; /* bits that must be clear */
} hidden[] = {
	{"leaf 1", 1, 0, BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(15),
	 BIT(18)},
	{"leaf 7", 7, BIT(2) | BIT(25), BIT(5) | BIT(7), 0},
	{"leaf 80000001h", 0x80000001, 0, BIT(2) | BIT(10) | BIT(12) | BIT(15) | BIT(29), 0},
	{"leaf 3", 3, ~0u, ~0u, ~0u},
	{"leaf 12h", 0x12, ~0u, ~0u, ~0u},
	{"leaf 14h", 0x14, ~0u, ~0u, ~0u},
	{"leaf 8000000ah", 0x8000000a, ~0u, ~0u, ~0u},
	{"leaf 8000001bh", 0x8000001b, ~0u, ~0u, ~0u},
	{"leaf 8000001fh", 0x8000001f, ~0u, ~0u, ~0u},
};

void a_test_hidden(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(hidden); i++) {
		struct cpuid_regs r = cpuid(hidden[i].leaf, 0);

		test_check(!(r.ebx & hidden[i].ebx) && !(r.ecx & hidden[i].ecx) &&
				   !(r.edx & hidden[i].edx),
			   "%s: %x %x %x %x", hidden[i].name, r.eax, r.ebx, r.ecx, r.edx);
	}
	test_check(cpuid(1, 0).ecx & BIT(31), "the hypervisor bit is clear");
	test_check(cpuid(1, 0).ecx & BIT(21), "x2APIC is not offered");
}

static void user_cpuid(void *argument)
{
	struct code_run *run = argument;
	struct cpuid_regs r = cpuid((uint32_t)run->rax, (uint32_t)run->rcx);

	run->rax = r.eax;
	run->rbx = r.ebx;
	run->rcx = r.ecx;
	run->rdx = r.edx;
}

/* What follows CR4, XCR0 and the APIC's mode may differ from moment to moment, but not here. */
static void check_stable(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs first = cpuid(leaf, subleaf), again = cpuid(leaf, subleaf);

	test_check(same(first, again), "leaf %x.%x changes", leaf, subleaf);
	if (leaf > 0xff && leaf < 0x40000000)
		test_check(!(first.eax | first.ebx | first.ecx | first.edx) ||
				   same(first, cpuid(cpuid(0, 0).eax, subleaf)),
			   "leaf %x.%x has %x %x %x %x", leaf, subleaf, first.eax, first.ebx,
			   first.ecx, first.edx);
}

void a_test_flood(void)
{
	uint64_t samples = words_number("samples", 1000), seed = 1;

	for (uint32_t leaf = 0; leaf < 0x30; leaf++)
		for (uint32_t subleaf = 0; subleaf < (leaf % 4 ? 4 : 256); subleaf++)
			check_stable(leaf, subleaf);
	for (uint32_t leaf = 0x80000000; leaf < 0x80000030; leaf++)
		check_stable(leaf, 0);
	for (uint64_t i = 0; i < samples; i++)
		check_stable((uint32_t)random_next(&seed), (uint32_t)(random_next(&seed) & 0xff));
}

void a_test_flood_user(void)
{
	static const uint32_t leaves[] = {0, 1, 7, 0xb, 0xd, 0x40000000, 0x80000001, 0xffffffff};

	for (unsigned i = 0; i < ARRAY_SIZE(leaves); i++) {
		struct code_run run = {.rax = leaves[i]};
		struct cpuid_regs r = cpuid(leaves[i], 0);
		struct fault fault = fault_of_user(user_cpuid, &run, 0);

		test_check(fault.vector == NO_FAULT && run.rax == r.eax && run.rbx == r.ebx &&
				   run.rcx == r.ecx && run.rdx == r.edx,
			   "leaf %x differs at CPL 3: fault %d", leaves[i], fault.vector);
	}
}
