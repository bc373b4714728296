/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS A01 host part: what CPUID shows a guest, on several machines and with several vCPU
 * counts.
 */
/* sources: vmm/cpuid.c vmm/cpuid_table.c vmm/cpuid_fix.c vmm/cpuid_topology.c
 * tests/unit/cpuid_hosts.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/types.h"
#include <cmocka.h>

#include "tests/unit/cpuid_hosts.h"

static const uint32_t vcpu_counts[] = {1, 2, 3, 5, 64};

/* The table under test, and what it was made from. */
static struct cpuid_entry entries[CPUID_ENTRIES_MAX];
static unsigned count;
static struct cpuid_guest guest;
static const struct cpuid_host *host;

static struct cpuid_regs ask(uint32_t leaf, uint32_t subleaf)
{
	const struct cpuid_entry *entry = cpuid_find(entries, count, leaf, subleaf);

	if (!entry)
		return (struct cpuid_regs){0, 0, 0, 0};
	return (struct cpuid_regs){entry->eax, entry->ebx, entry->ecx, entry->edx};
}

static void build(const struct cpuid_host *on, uint32_t vcpus, uint64_t khz)
{
	host = on;
	cpuid_host_choose(on);
	guest = (struct cpuid_guest){.host = cpuid_host_answer,
				     .vcpu = vcpus - 1,
				     .vcpu_count = vcpus,
				     .phys_bits = 40,
				     .tsc_khz = khz};
	count = cpuid_build(&guest, entries);
}

static void for_all(void (*check)(void))
{
	for (unsigned i = 0; i < CPUID_HOSTS; i++)
		for (unsigned j = 0; j < ARRAY_SIZE(vcpu_counts); j++) {
			build(&cpuid_hosts[i], vcpu_counts[j], 2893202);
			check();
		}
}

/* The kernel's index needs the entries of a leaf together, in rising order of subleaves. */
static void check_form(void)
{
	assert_in_range(count, 20, CPUID_ENTRIES_MAX);
	for (unsigned i = 1; i < count; i++) {
		const struct cpuid_entry *a = &entries[i - 1], *b = &entries[i];

		assert_true(a->leaf < b->leaf || (a->leaf == b->leaf && a->subleaf < b->subleaf &&
						  (a->flags & b->flags & CPUID_HAS_SUBLEAF)));
	}
}

static void test_form(void **state)
{
	(void)state;
	for_all(check_form);
}

struct bits {
	uint32_t leaf, subleaf;
	struct cpuid_regs regs;
};

/* By the manuals' bit numbers; whatever the machine has, a guest must not see these. */
static const struct bits hidden[] = {
	/*
	 * DTES64 MONITOR DS-CPL VMX SMX EIST TM2 CNXT SDBG xTPR PDCM DCA OSXSAVE; PSN DS ACPI TM
	 * PBE
	 */
	{1,
	 0,
	 {0, 0,
	  1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 8 | 1u << 10 |
		  1u << 11 | 1u << 14 | 1u << 15 | 1u << 18 | 1u << 27,
	  1u << 18 | 1u << 21 | 1u << 22 | 1u << 29 | 1u << 31}},
	{5, 0, {~0u, ~0u, ~0u, ~0u}},
	{6, 0, {~4u, ~0u, ~0u, ~0u}},
	/* SGX HLE RTM PQM MPX PQE PCOMMIT PT */
	{7,
	 0,
	 {0, 1u << 2 | 1u << 4 | 1u << 11 | 1u << 12 | 1u << 14 | 1u << 15 | 1u << 22 | 1u << 25, 0,
	  0}},
	/* OSPKE WAITPKG CET_SS TME MAWAU KL BUS_LOCK ENQCMD SGX_LC PKS */
	{7,
	 0,
	 {0, 0,
	  1u << 4 | 1u << 5 | 1u << 7 | 1u << 13 | 0x1fu << 17 | 1u << 23 | 1u << 24 | 1u << 29 |
		  1u << 30 | 1u << 31,
	  0}},
	/*
	 * UINTR SRBDS RTM_ALWAYS_ABORT HYBRID TSXLDTRK PCONFIG LBR CET_IBT AMX IBRS STIBP L1D
	 * ARCHCAP..
	 */
	{7,
	 0,
	 {0, 0, 0,
	  1u << 5 | 1u << 9 | 1u << 11 | 1u << 15 | 1u << 16 | 1u << 18 | 1u << 19 | 1u << 20 |
		  1u << 22 | 1u << 24 | 1u << 25 | 0x3fu << 26}},
	/* LASS FRED LKGS HRESET LAM, and all beside EAX */
	{7, 1, {1u << 6 | 1u << 17 | 1u << 18 | 1u << 22 | 1u << 26, ~0u, ~0u, ~0u}},
	{7, 2, {~0u, ~0u, ~0u, ~0u}},
	{0xa, 0, {~0u, ~0u, ~0u, ~0u}},
	/* MPX, PT, CET, AMX and LWP states; XSAVEC, XSAVES and XFD */
	{0xd, 0, {~0x2e7u, 0, 0, ~0u}},
	{0xd, 1, {~5u, ~0u, ~0u, ~0u}},
	{0xd, 3, {~0u, ~0u, ~0u, ~0u}},
	{0xd, 8, {~0u, ~0u, ~0u, ~0u}},
	{0xd, 11, {~0u, ~0u, ~0u, ~0u}},
	{0xd, 17, {~0u, ~0u, ~0u, ~0u}},
	{0xd, 18, {~0u, ~0u, ~0u, ~0u}},
	{0x12, 0, {~0u, ~0u, ~0u, ~0u}},
	{0x14, 0, {~0u, ~0u, ~0u, ~0u}},
	{0x16, 0, {~0u, ~0u, ~0u, ~0u}},
	{0x1f, 0, {~0u, ~0u, ~0u, ~0u}},
	/*
	 * SVM ExtApicSpace OSVW IBS SKINIT WDT LWP TCE NodeId PerfCtr* DBEXT PerfTsc MWAITX; MP
	 * FFXSR
	 */
	{0x80000001,
	 0,
	 {0, 0,
	  1u << 2 | 1u << 3 | 1u << 9 | 1u << 10 | 1u << 12 | 1u << 13 | 1u << 15 | 1u << 17 |
		  1u << 19 | 1u << 23 | 1u << 24 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 29 |
		  1u << 30,
	  1u << 19 | 1u << 25}},
	{0x80000007, 0, {~0u, ~0u, ~0u, ~0x100u}},
	/* IRPERF INVLPGB RDPRU BE MCOMMIT WBNOINVD and all speculation controls */
	{0x80000008, 0, {0, ~5u, ~0xffffu, ~0u}},
	{0x8000000a, 0, {~0u, ~0u, ~0u, ~0u}},
	{0x8000001b, 0, {~0u, ~0u, ~0u, ~0u}},
	{0x8000001f, 0, {~0u, ~0u, ~0u, ~0u}},
	{0x80000021, 0, {~0x45u, ~0u, ~0u, ~0u}},
};

/* What is always there: emulated, or the machine is refused without it. */
static const struct bits always[] = {
	{1, 0, {0, 0, 1u << 21 | 1u << 24 | 1u << 31, 1u << 9 | 1u << 12}},
	{6, 0, {1u << 2, 0, 0, 0}},
	{7, 0, {0, 1u << 1, 0, 0}},
	{0x80000007, 0, {0, 0, 0, 1u << 8}},
	{0x40000101, 0, {1u << 3 | 1u << 5 | 1u << 24, 0, 0, 0}},
};

static void check_hidden(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(hidden); i++) {
		struct cpuid_regs seen = ask(hidden[i].leaf, hidden[i].subleaf);
		struct cpuid_regs no = hidden[i].regs;

		if ((seen.eax & no.eax) | (seen.ebx & no.ebx) | (seen.ecx & no.ecx) |
		    (seen.edx & no.edx))
			fail_msg("%s: leaf %x.%x (row %u) shows %x %x %x %x", host->name,
				 hidden[i].leaf, hidden[i].subleaf, i, seen.eax & no.eax,
				 seen.ebx & no.ebx, seen.ecx & no.ecx, seen.edx & no.edx);
	}
}

static void test_hidden(void **state)
{
	(void)state;
	for_all(check_hidden);
}

static void check_always(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(always); i++) {
		struct cpuid_regs seen = ask(always[i].leaf, always[i].subleaf),
				  yes = always[i].regs;

		assert_int_equal(seen.eax & yes.eax, yes.eax);
		assert_int_equal(seen.ebx & yes.ebx, yes.ebx);
		assert_int_equal(seen.ecx & yes.ecx, yes.ecx);
		assert_int_equal(seen.edx & yes.edx, yes.edx);
	}
}

static void test_always(void **state)
{
	(void)state;
	for_all(check_always);
}

/* Feature bits are never invented, but for those that we emulate ourselves. */
static void check_no_inventions(void)
{
	struct cpuid_regs seen = ask(1, 0), real = cpuid_host_answer(1, 0);

	assert_int_equal(seen.eax, real.eax);
	assert_int_equal(seen.ecx & ~real.ecx & ~(1u << 21 | 1u << 24 | 1u << 31), 0);
	assert_int_equal(seen.edx & ~real.edx & ~(1u << 9 | 1u << 12 | 1u << 28), 0);
	seen = ask(7, 0);
	real = cpuid_host_answer(7, 0);
	assert_int_equal(seen.ebx & ~real.ebx & ~(1u << 1), 0);
	assert_int_equal(seen.ecx & ~real.ecx, 0);
	assert_int_equal(seen.edx & ~real.edx, 0);
	seen = ask(0x80000001, 0);
	real = cpuid_host_answer(0x80000001, 0);
	assert_int_equal(seen.ecx & ~real.ecx & ~(1u << 1 | 1u << 22), 0);
	assert_int_equal(seen.edx & ~real.edx & ~(1u << 9 | 1u << 12), 0);
}

static void test_no_inventions(void **state)
{
	(void)state;
	for_all(check_no_inventions);
}

/* What Linux and others rely on is passed through where the machine has it. */
static void test_passed_through(void **state)
{
	(void)state;
	build(&cpuid_hosts[4], 2, 1000000);
	/* SSE3 CX16 PCID SSE4.2 POPCNT AES XSAVE AVX RDRAND */
	assert_int_equal(ask(1, 0).ecx & 0x56922001, 0x56922001);
	/* FSGSBASE SMEP INVPCID SMAP */
	assert_int_equal(ask(7, 0).ebx & 0x00100481, 0x00100481);
	assert_int_equal(ask(7, 0).ecx & 0xc, 0xc); /* UMIP PKU */
	assert_int_equal(ask(0x80000001, 0).edx & 0x2c100800,
			 0x2c100800); /* LM RDTSCP 1G NX SYSCALL */
	assert_int_equal(ask(0xd, 0).eax, 0x2e7);
}

static void check_xsave(void)
{
	struct cpuid_regs seen = ask(0xd, 0);
	uint32_t size = 576;

	assert_int_equal(seen.eax & 3, 3);
	for (uint32_t i = 2; i < 10; i++) {
		struct cpuid_regs part = ask(0xd, i);

		if (!(seen.eax & 1u << i)) {
			assert_int_equal(part.eax | part.ebx, 0);
			continue;
		}
		assert_int_equal(part.eax, cpuid_host_answer(0xd, i).eax);
		size = part.eax + part.ebx > size ? part.eax + part.ebx : size;
	}
	assert_int_equal(seen.ecx, size);
}

static void test_xsave(void **state)
{
	(void)state;
	for_all(check_xsave);
}

/* Keys are offered with a component that can be saved, and a component with its place, or neither. */
static void test_keys_without_a_place(void **state)
{
	enum { PKU = 1 << 3, PKRU = 1 << 9 };

	(void)state;
	build(&cpuid_hosts[0], 1, 1000000);
	assert_true(ask(7, 0).ecx & PKU && ask(0xd, 0).eax & PKRU);
	build(&cpuid_hosts[5], 1, 1000000);
	assert_true(cpuid_host_answer(7, 0).ecx & PKU && cpuid_host_answer(0xd, 0).eax & PKRU);
	assert_false(ask(7, 0).ecx & PKU);
	assert_int_equal(ask(0xd, 0).eax, 0xe7);
	assert_int_equal(ask(0xd, 0).ecx, 0xa80);
}

/* The same processors by each of the ways in which they can be counted. */
static void check_topology(void)
{
	uint32_t n = guest.vcpu_count, ids = 1;
	struct cpuid_regs leaf1 = ask(1, 0), core = ask(0xb, 1);

	while (ids < n)
		ids *= 2;
	assert_int_equal(leaf1.edx >> 28 & 1, n > 1);
	assert_int_equal(leaf1.ebx >> 16 & 0xff, n > 1 ? ids : 0);
	assert_int_equal(leaf1.ebx >> 24, n - 1);
	assert_int_equal(ask(0xb, 0).eax, 0);
	assert_int_equal(ask(0xb, 0).ebx, 1);
	assert_int_equal(ask(0xb, 0).ecx, 0x100);
	assert_int_equal(1u << core.eax, ids);
	assert_int_equal(core.ebx, n);
	assert_int_equal(core.ecx, 0x201);
	assert_int_equal(core.edx, n - 1);
	assert_int_equal(ask(0xb, 2).ebx, 0);
	assert_int_equal(ask(0xb, 2).ecx, 2);
	if (host->amd) {
		assert_int_equal(ask(0x80000008, 0).ecx & 0xff, n - 1);
		assert_int_equal(1u << (ask(0x80000008, 0).ecx >> 12 & 0xf), ids);
		assert_int_equal(ask(0x8000001e, 0).ebx >> 8 & 0xff, 0);
		assert_int_equal(ask(0x8000001e, 0).eax, n - 1);
		assert_int_equal(ask(0x80000001, 0).ecx >> 1 & 1, n > 1);
	} else {
		assert_int_equal(ask(4, 0).eax >> 26, ids - 1);
		assert_int_equal(ask(4, 0).eax >> 14 & 0xfff, 0);
	}
}

static void test_topology(void **state)
{
	(void)state;
	for_all(check_topology);
	build(&cpuid_hosts[2], 5, 1000000);
	assert_int_equal(ask(4, 3).eax >> 14 & 0xfff, 7); /* the third level is shared */
	assert_int_equal(ask(4, 4).eax, 0);
	build(&cpuid_hosts[0], 5, 1000000);
	assert_int_equal(ask(0x8000001d, 3).eax >> 14 & 0xfff, 7);
	assert_int_equal(ask(0x8000001d, 2).eax >> 14 & 0xfff, 0);
}

static void check_address_sizes(void)
{
	unsigned linear = ask(7, 0).ecx & 1u << 16 ? 57 : 48; /* LA57 */

	assert_int_equal(ask(0x80000008, 0).eax, 40 | linear << 8);
}

static void test_address_sizes(void **state)
{
	(void)state;
	for_all(check_address_sizes);
}

static void check_signatures(void)
{
	struct cpuid_regs own = ask(0x40000000, 0), kvm = ask(0x40000100, 0);
	uint32_t text[3] = {own.ebx, own.ecx, own.edx};

	assert_memory_equal(text, "FreeholdHV1", 12);
	assert_int_equal(own.eax, 0x40000010);
	memcpy(text, (uint32_t[]){kvm.ebx, kvm.ecx, kvm.edx}, sizeof(text));
	assert_memory_equal(text, "KVMKVMKVM\0\0", 12);
	assert_int_equal(kvm.eax, 0x40000101);
	assert_int_equal(ask(0x40000010, 0).eax, guest.tsc_khz);
	assert_int_equal(ask(0x40000010, 0).ebx, 1000000);
}

static void test_signatures(void **state)
{
	(void)state;
	for_all(check_signatures);
}

/* Highest leaves, and what is beyond reads as zero. */
static void check_limits(void)
{
	assert_int_equal(ask(0, 0).eax, host->amd ? 0xd : 0x16);
	assert_int_equal(ask(0, 0).ebx, cpuid_host_answer(0, 0).ebx);
	assert_int_equal(ask(0x80000000, 0).eax, host->amd ? 0x80000021 : 0x80000008);
	for (unsigned i = 0; i < count; i++) {
		uint32_t leaf = entries[i].leaf;

		if (leaf < 0x40000000)
			assert_in_range(leaf, 0, ask(0, 0).eax);
		else if (leaf >= 0x80000000)
			assert_in_range(leaf, 0x80000000, ask(0x80000000, 0).eax);
	}
}

static void test_limits(void **state)
{
	(void)state;
	for_all(check_limits);
}

/* SDM: rate = ECX * EBX / EAX. Linux multiplies kHz in 32 bits: the product must not wrap. */
static void test_tsc_leaf(void **state)
{
	static const uint64_t rates[] = {1000000, 2893202, 3500000, 999999,  4294000,
					 1,	  123456,  50000,   2600000, 3141592};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rates); i++) {
		struct cpuid_regs leaf;
		uint64_t told;

		build(&cpuid_hosts[2], 1, rates[i]);
		leaf = ask(0x15, 0);
		assert_int_equal(leaf.ecx, 1000000000);
		assert_in_range(leaf.ebx * 1000000ull, 0, UINT32_MAX);
		assert_int_not_equal(leaf.eax, 0);
		told = 1000000000ull * leaf.ebx / leaf.eax;
		assert_in_range(told, rates[i] * 1000 - rates[i] / 1000 - 1,
				rates[i] * 1000 + rates[i] / 1000 + 1);
	}
}

/* Whatever the rate: good to a hundred-thousandth, or not told. */
static void test_tsc_leaf_of_odd_rates(void **state)
{
	const unsigned every = 1117;
	unsigned asked = 0, left_out = 0;

	(void)state;
	for (uint64_t khz = 400000; khz < 6000000; khz += every) {
		struct cpuid_regs leaf;
		uint64_t told;

		asked++;
		build(&cpuid_hosts[2], 1, khz);
		leaf = ask(0x15, 0);
		if (!leaf.eax) {
			left_out++;
			assert_int_equal(leaf.ebx | leaf.ecx | leaf.edx, 0);
			continue;
		}
		assert_in_range(leaf.ebx * 1000000ull, 0, UINT32_MAX);
		told = 1000000000ull * leaf.ebx / leaf.eax;
		assert_in_range(told, khz * 1000 - khz / 100 - 1, khz * 1000 + khz / 100 + 1);
	}
	assert_in_range(left_out, 1, asked / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_always),
		cmocka_unit_test(test_no_inventions),
		cmocka_unit_test(test_passed_through),
		cmocka_unit_test(test_xsave),
		cmocka_unit_test(test_keys_without_a_place),
		cmocka_unit_test(test_topology),
		cmocka_unit_test(test_address_sizes),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_tsc_leaf),
		cmocka_unit_test(test_tsc_leaf_of_odd_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
