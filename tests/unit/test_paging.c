/* SPDX-License-Identifier: BSD-2-Clause */
/* The page-table walker: what it writes, bit by bit, what it refuses, and the edges of spaces. */
/* sources: arch/x86_64/paging.c arch/x86_64/page_walk.c arch/x86_64/page_format.c
 * arch/x86_64/page_pool.c */
#include "tests/unit/page_fixture.h"

#define USER_LAST    0x00007fffffffffffULL
#define KERNEL_FIRST 0xfffffe8000000000ULL
#define RW	     (PAGE_READ | PAGE_WRITE)

static void make(struct page_fixture *f, const struct page_format *format, uint64_t first,
		 uint64_t last)
{
	fixture_make(f, 256);
	assert_int_equal(page_space_init(&f->space, format, &f->pool, PAGE_LEVEL_1G, first, last),
			 0);
}

static uint64_t entry_at(const struct page_space *space, uint64_t va, unsigned level)
{
	const uint64_t *table = space->root;

	for (unsigned at = 4; at > level; at--)
		table = page_pool_va(space->pool,
				     table[va >> (12 + 9 * (at - 1)) & 511] & PAGE_ADDRESS);
	return table[va >> (12 + 9 * (level - 1)) & 511];
}

/* Maps one page of a level and gives the entry without the address. */
static uint64_t bits_of(const struct page_format *format, unsigned level, unsigned prot, bool kernel)
{
	struct page_fixture f;
	uint64_t entry, va = kernel ? KERNEL_FIRST : 0;

	make(&f, format, kernel ? KERNEL_FIRST : 0, kernel ? ~0ULL : USER_LAST);
	assert_int_equal(page_map(&f.space, va, GIB(5), page_size_of(level), prot), 0);
	entry = entry_at(&f.space, va, level);
	assert_int_equal(entry & PAGE_ADDRESS, GIB(5));
	fixture_free(&f);
	return entry & ~PAGE_ADDRESS;
}

/* The expected values are the manuals' figures, worked out by hand. */
static void test_bits_of_leaves(void **state)
{
	const uint64_t nx = 1ULL << 63;
	static const struct page_format *const host = &page_format_host, *const npt = &page_format_npt,
					       *const ept = &page_format_ept;
	(void)state;

	assert_int_equal(bits_of(host, 1, PAGE_READ | PAGE_GLOBAL, true), nx | 0x121);
	assert_int_equal(bits_of(host, 1, RW | PAGE_GLOBAL, true), nx | 0x163);
	assert_int_equal(bits_of(host, 2, RW | PAGE_GLOBAL, true), nx | 0x1e3);
	assert_int_equal(bits_of(host, 3, RW, true), nx | 0xe3);
	assert_int_equal(bits_of(host, 1, PAGE_READ | PAGE_EXEC, true), 0x21);
	assert_int_equal(bits_of(host, 1, PAGE_READ | PAGE_EXEC | PAGE_USER, false), 0x25);
	assert_int_equal(bits_of(host, 2, RW | PAGE_USER, false), nx | 0xe7);
	assert_int_equal(bits_of(host, 1, RW | PAGE_CACHE_UC, true), nx | 0x7b);
	assert_int_equal(bits_of(host, 2, RW | PAGE_CACHE_WC, true), nx | 0xeb);
	assert_int_equal(bits_of(npt, 1, RW | PAGE_EXEC, false), 0x67);
	assert_int_equal(bits_of(npt, 2, PAGE_READ | PAGE_EXEC, false), 0xa5);
	assert_int_equal(bits_of(npt, 3, RW, false), nx | 0xe7);
	assert_int_equal(bits_of(npt, 1, RW | PAGE_CACHE_UC, false), nx | 0x7f);
	assert_int_equal(bits_of(ept, 1, RW | PAGE_EXEC, false), 0x337);
	assert_int_equal(bits_of(ept, 2, RW | PAGE_EXEC, false), 0x3b7);
	assert_int_equal(bits_of(ept, 3, PAGE_READ, false), 0x1b1);
	assert_int_equal(bits_of(ept, 1, RW | PAGE_CACHE_UC, false), 0x303);
	assert_int_equal(bits_of(ept, 1, RW | PAGE_CACHE_WC, false), 0x30b);
}

/* D19: no combination gives an EPT misconfiguration, SDM 3C 29.3.3.1 "EPT Misconfigurations". */
static void test_ept_leaves_are_well_formed(void **state)
{
	(void)state;
	for (unsigned level = 1; level <= 3; level++) {
		for (unsigned prot = 0; prot < PAGE_CACHES << 8; prot++) {
			uint64_t bits, type;

			if (!(prot & PAGE_READ) || (prot & 0xff) > 0x1f)
				continue;
			bits = bits_of(&page_format_ept, level, prot, false);
			type = bits >> 3 & 7;
			assert_true(bits & 1);
			assert_true(type == 0 || type == 1 || type == 4 || type == 5 || type == 6);
			assert_int_equal(bits >> 7 & 1, level > 1);
			assert_int_equal(bits & ~0x3bfULL, 0);
		}
	}
}

static void test_bits_of_tables(void **state)
{
	struct page_fixture f;
	(void)state;

	make(&f, &page_format_host, KERNEL_FIRST, ~0ULL);
	assert_int_equal(page_map(&f.space, KERNEL_FIRST, 0, PAGE_SIZE, RW), 0);
	for (unsigned level = 2; level <= 4; level++)
		assert_int_equal(entry_at(&f.space, KERNEL_FIRST, level) & ~PAGE_ADDRESS, 0x23);
	fixture_free(&f);
	make(&f, &page_format_host, 0, USER_LAST);
	assert_int_equal(page_map(&f.space, 0, 0, PAGE_SIZE, RW | PAGE_USER), 0);
	for (unsigned level = 2; level <= 4; level++)
		assert_int_equal(entry_at(&f.space, 0, level) & ~PAGE_ADDRESS, 0x27);
	fixture_free(&f);
}

static void test_largest_pages_that_fit(void **state)
{
	struct page_fixture f;
	struct page_mapping m;
	uint64_t va = GIB(1) - MIB(2) - PAGE_SIZE, size = GIB(1) + 2 * MIB(2) + 2 * PAGE_SIZE;
	static const struct {
		uint64_t va, size;
	} expect[] = {
		{GIB(1) - MIB(2) - PAGE_SIZE, PAGE_SIZE},
		{GIB(1) - MIB(2), MIB(2)},
		{GIB(1), GIB(1)},
		{GIB(2), MIB(2)},
		{GIB(2) + MIB(2), PAGE_SIZE},
	};
	(void)state;

	make(&f, &page_format_npt, 0, BIT(48) - 1);
	assert_int_equal(page_map(&f.space, va, va + GIB(8), size, RW), 0);
	for (size_t i = 0; i < ARRAY_SIZE(expect); i++) {
		assert_true(page_lookup(&f.space, expect[i].va + 5, &m));
		assert_int_equal(m.va, expect[i].va);
		assert_int_equal(m.size, expect[i].size);
		assert_int_equal(m.pa, expect[i].va + GIB(8));
		assert_int_equal(m.prot, RW);
	}
	/* Root, one table of level 3, two of level 2, two of level 1. */
	assert_int_equal(fixture_used(&f), 6);
	/* Out of step with each other by a page: nothing large fits. */
	assert_int_equal(page_map(&f.space, GIB(4), PAGE_SIZE, MIB(4), RW), 0);
	assert_true(page_lookup(&f.space, GIB(4), &m));
	assert_int_equal(m.size, PAGE_SIZE);
	fixture_free(&f);
}

static void test_largest_page_of_the_cpu(void **state)
{
	struct page_fixture f;
	struct page_mapping m;
	(void)state;

	fixture_make(&f, 16);
	assert_int_equal(
		page_space_init(&f.space, &page_format_npt, &f.pool, PAGE_LEVEL_2M, 0, BIT(48) - 1),
		0);
	assert_int_equal(page_map(&f.space, 0, 0, GIB(1), RW), 0);
	assert_true(page_lookup(&f.space, 0, &m));
	assert_int_equal(m.size, MIB(2));
	fixture_free(&f);
}

static void test_refused_arguments(void **state)
{
	struct page_fixture f;
	struct page_space *s = &f.space;
	(void)state;

	make(&f, &page_format_host, 0, USER_LAST);
	assert_int_equal(page_map(s, 1, 0, PAGE_SIZE, RW), ERR_INVAL);
	assert_int_equal(page_map(s, 0, 1, PAGE_SIZE, RW), ERR_INVAL);
	assert_int_equal(page_map(s, 0, 0, PAGE_SIZE + 1, RW), ERR_INVAL);
	assert_int_equal(page_map(s, 0, 0, 0, RW), ERR_INVAL);
	assert_int_equal(page_map(s, USER_LAST + 1, 0, PAGE_SIZE, RW), ERR_INVAL);
	assert_int_equal(page_map(s, USER_LAST + 1 - PAGE_SIZE, 0, 2 * PAGE_SIZE, RW), ERR_INVAL);
	assert_int_equal(page_map(s, PAGE_SIZE, 0, ~0ULL - PAGE_MASK, RW), ERR_INVAL);
	assert_int_equal(page_map(s, 0, BIT(52), PAGE_SIZE, RW), ERR_INVAL);
	assert_int_equal(page_map(s, 0, BIT(52) - PAGE_SIZE, 2 * PAGE_SIZE, RW), ERR_INVAL);
	assert_int_equal(page_map(s, 0, 0, PAGE_SIZE, RW | PAGE_EXEC), ERR_INVAL);
	assert_int_equal(page_map(s, 0, 0, PAGE_SIZE, PAGE_WRITE), ERR_INVAL);
	assert_int_equal(page_map(s, 0, 0, PAGE_SIZE, RW | 0x20), ERR_INVAL);
	assert_int_equal(page_map(s, 0, 0, PAGE_SIZE, RW | PAGE_CACHES << 8), ERR_INVAL);
	assert_int_equal(page_unmap(s, 0, 0), ERR_INVAL);
	assert_int_equal(page_unmap(s, USER_LAST + 1, PAGE_SIZE), ERR_INVAL);
	assert_int_equal(page_protect(s, 0, PAGE_SIZE, RW), ERR_NOENT);
	assert_int_equal(fixture_used(&f), 1);
	assert_int_equal(page_map(s, MIB(2), 0, MIB(2), RW), 0);
	assert_int_equal(page_map(s, MIB(4) - PAGE_SIZE, 0, 2 * PAGE_SIZE, RW), ERR_EXIST);
	assert_int_equal(page_map(s, 0, 0, GIB(1), RW), ERR_EXIST);
	/* What is in the way stands behind entries that are free. */
	assert_int_equal(page_map(s, 0, 0, MIB(8), RW), ERR_EXIST);
	assert_int_equal(page_map(s, MIB(4) + PAGE_SIZE, 0, PAGE_SIZE, RW), 0);
	assert_int_equal(page_map(s, MIB(4), 0, 3 * PAGE_SIZE, RW), ERR_EXIST);
	assert_int_equal(page_map(s, MIB(6), 0, MIB(4), RW), 0);
	assert_int_equal(page_map(s, 0, 0, MIB(6), RW), ERR_EXIST);
	assert_int_equal(page_unmap(s, MIB(4), MIB(6)), 0);
	assert_int_equal(page_protect(s, MIB(2), MIB(2), RW | PAGE_EXEC), ERR_INVAL);
	assert_int_equal(page_protect(s, MIB(2), MIB(4), PAGE_READ), ERR_NOENT);
	assert_int_equal(tables_count(s, s->root, 4), 3);
	fixture_free(&f);
}

static void test_end_of_the_upper_half(void **state)
{
	struct page_fixture f;
	struct page_mapping m;
	uint64_t last = ~PAGE_MASK;
	(void)state;

	make(&f, &page_format_host, KERNEL_FIRST, ~0ULL);
	assert_int_equal(page_map(&f.space, ~0ULL << 21, GIB(1), MIB(2), RW), 0);
	assert_true(page_lookup(&f.space, ~0ULL, &m));
	assert_int_equal(m.va, ~0ULL << 21);
	assert_int_equal(page_unmap(&f.space, last, PAGE_SIZE), 0);
	assert_false(page_lookup(&f.space, ~0ULL, &m));
	assert_true(page_lookup(&f.space, last - 1, &m));
	assert_int_equal(m.pa, GIB(1) + MIB(2) - 2 * PAGE_SIZE);
	/* Bit 7, which made it large, would be the PAT bit in a small one. */
	assert_int_equal(entry_at(&f.space, last - 1, 1) & ~PAGE_ADDRESS, 1ULL << 63 | 0x63);
	assert_true(page_allows(&f.space, ~0ULL << 21, MIB(2) - PAGE_SIZE, RW));
	assert_false(page_allows(&f.space, ~0ULL << 21, MIB(2), RW));
	assert_false(page_allows(&f.space, last, 2 * PAGE_SIZE, PAGE_READ));
	assert_int_equal(page_unmap(&f.space, KERNEL_FIRST, 0 - KERNEL_FIRST), 0);
	assert_int_equal(fixture_used(&f), 1);
	page_space_free(&f.space);
	assert_int_equal(fixture_used(&f), 0);
	fixture_free(&f);
}

static void test_kept_tables_stay(void **state)
{
	struct page_fixture f;
	uint64_t top;
	(void)state;

	make(&f, &page_format_host, KERNEL_FIRST, ~0ULL);
	f.space.keep_top = true;
	assert_int_equal(page_map(&f.space, KERNEL_FIRST, 0, PAGE_SIZE, RW), 0);
	top = entry_at(&f.space, KERNEL_FIRST, 4);
	assert_int_equal(page_unmap(&f.space, KERNEL_FIRST, PAGE_SIZE), 0);
	assert_int_equal(entry_at(&f.space, KERNEL_FIRST, 4), top);
	assert_int_equal(fixture_used(&f), 2);
	/* A large leaf goes where its entry is free again. */
	assert_int_equal(page_map(&f.space, KERNEL_FIRST, 0, GIB(1), RW), 0);
	assert_int_equal(fixture_used(&f), 2);
	fixture_free(&f);
}

static bool visit_count(void *context, const struct page_mapping *mapping)
{
	unsigned *count = context;

	(void)mapping;
	return ++*count < 3;
}

static void test_visit_range_and_stop(void **state)
{
	struct page_fixture f;
	unsigned count = 0;
	(void)state;

	make(&f, &page_format_host, 0, USER_LAST);
	for (uint64_t i = 0; i < 8; i++)
		assert_int_equal(page_map(&f.space, i * GIB(600), 0, PAGE_SIZE, RW), 0);
	assert_false(page_visit(&f.space, 0, ~0ULL, visit_count, &count));
	assert_int_equal(count, 3);
	count = 0;
	assert_true(page_visit(&f.space, PAGE_SIZE, GIB(1200), visit_count, &count));
	assert_int_equal(count, 2);
	count = 0;
	assert_true(page_visit(&f.space, GIB(1200) + 5, GIB(1200) + 5, visit_count, &count));
	assert_int_equal(count, 1);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bits_of_leaves),
		cmocka_unit_test(test_ept_leaves_are_well_formed),
		cmocka_unit_test(test_bits_of_tables),
		cmocka_unit_test(test_largest_pages_that_fit),
		cmocka_unit_test(test_largest_page_of_the_cpu),
		cmocka_unit_test(test_refused_arguments),
		cmocka_unit_test(test_end_of_the_upper_half),
		cmocka_unit_test(test_kept_tables_stay),
		cmocka_unit_test(test_visit_range_and_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
