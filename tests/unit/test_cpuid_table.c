/* SPDX-License-Identifier: BSD-2-Clause */
/* A partition's CPUID table: every leaf and subleaf against a plain search; and what a VMM may get wrong. */
/* sources: kernel/cpuid_table.c */
#include "kernel/cpuid_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct partition part;

/* As cpuid.c asks. */
static const struct cpuid_entry *find(uint32_t leaf, uint32_t subleaf)
{
	const struct cpuid_entry *e = cpuid_search(&part, leaf, subleaf);
	uint64_t gpr[GPR_COUNT] = {0};

	if (cpuid_plain(&part, leaf, gpr)) {
		assert_non_null(e);
		assert_false(e->flags);
		assert_int_equal(gpr[GPR_RAX], e->eax);
		assert_int_equal(gpr[GPR_RBX], e->ebx);
		assert_int_equal(gpr[GPR_RCX], e->ecx);
		assert_int_equal(gpr[GPR_RDX], e->edx);
	}
	return e;
}

static const struct cpuid_entry *slow_find(uint32_t leaf, uint32_t subleaf)
{
	for (uint32_t i = 0; i < part.cpuid_count; i++) {
		const struct cpuid_entry *e = &part.cpuid[i];

		if (e->leaf == leaf && (!(e->flags & CPUID_HAS_SUBLEAF) || e->subleaf == subleaf))
			return e;
	}
	return NULL;
}

static void add(uint32_t leaf, uint32_t flags, uint32_t subleaf)
{
	part.cpuid[part.cpuid_count] = (struct cpuid_entry){.leaf = leaf,
							    .subleaf = subleaf,
							    .flags = flags,
							    .eax = part.cpuid_count,
							    .ebx = ~leaf,
							    .ecx = leaf * 3,
							    .edx = leaf ^ 0x5a5a5a5a};
	part.cpuid_count++;
}

static void compare_all(void)
{
	static const uint32_t bases[] = {0,	     0x40000000, 0x40000100, 0x7fffffe0,
					 0x80000000, 0xc0000000, 0xffffffe0};

	for (size_t b = 0; b < ARRAY_SIZE(bases); b++)
		for (uint32_t leaf = 0; leaf < 48; leaf++)
			for (uint32_t subleaf = 0; subleaf < 6; subleaf++)
				assert_ptr_equal(find(bases[b] + leaf, subleaf),
						 slow_find(bases[b] + leaf, subleaf));
	assert_ptr_equal(find(4, 0xffffffff), slow_find(4, 0xffffffff));
}

static int set_up(void **state)
{
	(void)state;
	memset(&part, 0, sizeof(part));
	return 0;
}

static void test_typical(void **state)
{
	(void)state;
	for (uint32_t leaf = 0; leaf < 4; leaf++)
		add(leaf, 0, 0);
	for (uint32_t i = 0; i < 4; i++)
		add(4, CPUID_HAS_SUBLEAF, i);
	add(7, CPUID_HAS_SUBLEAF, 0);
	add(0xd, CPUID_HAS_SUBLEAF, 0);
	add(0xd, CPUID_HAS_SUBLEAF, 2);
	add(0x1f, 0, 0);
	add(0x20, 0, 0);
	add(0x40000000, 0, 0);
	add(0x40000100, 0, 0);
	for (uint32_t leaf = 0x80000000; leaf < 0x80000009; leaf++)
		add(leaf, 0, 0);
	add(0x8000001f, 0, 0);
	add(0x80000020, 0, 0);
	cpuid_index(&part);
	compare_all();
	/* The usual ones take the short way. */
	assert_true(cpuid_plain(&part, 0, (uint64_t[GPR_COUNT]){0}));
	assert_true(cpuid_plain(&part, 2, (uint64_t[GPR_COUNT]){0}));
	assert_false(cpuid_plain(&part, 1, (uint64_t[GPR_COUNT]){0}));
	assert_false(cpuid_plain(&part, 4, (uint64_t[GPR_COUNT]){0}));
}

static void test_empty(void **state)
{
	(void)state;
	cpuid_index(&part);
	compare_all();
}

/* Full, in any order, doubled: no look-up leaves the table, and a leaf that is there is found. */
static void test_random_tables(void **state)
{
	unsigned seed = 3;
	(void)state;

	for (unsigned round = 0; round < 200; round++) {
		static const uint32_t bases[] = {0, 0x80000000, 0x40000000};

		memset(&part, 0, sizeof(part));
		while (part.cpuid_count < CPUID_ENTRIES_MAX)
			add(bases[rand_r(&seed) % 3] + (uint32_t)rand_r(&seed) % 40,
			    (uint32_t)rand_r(&seed) % 2, (uint32_t)rand_r(&seed) % 4);
		cpuid_index(&part);
		compare_all();
	}
}

/* The VMM's flags are its own bit only: it does not choose what the kernel patches. */
static void test_flags(void **state)
{
	(void)state;
	add(1, 0xffffffff, 0);
	add(2, 0xffffffff, 0);
	cpuid_index(&part);
	assert_int_equal(part.cpuid[0].flags, CPUID_HAS_SUBLEAF | CPUID_LIVE);
	assert_int_equal(part.cpuid[1].flags, CPUID_HAS_SUBLEAF);
}

/* While vCPU 0's VMM sets it anew, another vCPU may look: the old index, no entries. */
static void test_look_up_in_between(void **state)
{
	(void)state;
	add(0x40000001, 0, 0);
	cpuid_index(&part);
	part.cpuid_count = 0;
	assert_null(find(0x40000001, 0));
	add(4, CPUID_HAS_SUBLEAF, 3);
	assert_null(find(4, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_typical, set_up),
		cmocka_unit_test_setup(test_empty, set_up),
		cmocka_unit_test_setup(test_random_tables, set_up),
		cmocka_unit_test_setup(test_flags, set_up),
		cmocka_unit_test_setup(test_look_up_in_between, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
