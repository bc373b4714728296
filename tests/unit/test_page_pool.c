/* SPDX-License-Identifier: BSD-2-Clause */
/* The page pool: every page once, zeroed, at matching addresses, and no more than there are. */
/* sources: arch/x86_64/page_pool.c */
#include "tests/unit/page_fixture.h"

enum { PAGES = 64 };

static bool is_zero(const uint8_t *page, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (page[i])
			return false;
	}
	return true;
}

static void test_every_page_once(void **state)
{
	struct page_fixture f;
	bool seen[PAGES] = {false};
	(void)state;

	fixture_make(&f, PAGES);
	for (size_t i = 0; i < PAGES; i++) {
		uint8_t *page = page_pool_alloc(&f.pool);
		size_t index;

		assert_non_null(page);
		assert_true(is_zero(page, PAGE_SIZE));
		index = (size_t)(page - f.memory) / PAGE_SIZE;
		assert_int_equal(page_pool_pa(&f.pool, page), FIXTURE_PA + index * PAGE_SIZE);
		assert_ptr_equal(page_pool_va(&f.pool, FIXTURE_PA + index * PAGE_SIZE), page);
		assert_false(seen[index]);
		seen[index] = true;
		memset(page, 0x5a, PAGE_SIZE);
		assert_int_equal(page_pool_available(&f.pool), PAGES - i - 1);
	}
	assert_null(page_pool_alloc(&f.pool));
	fixture_free(&f);
}

static void test_freed_pages_come_back_zeroed(void **state)
{
	struct page_fixture f;
	uint8_t *pages[PAGES];
	(void)state;

	fixture_make(&f, PAGES);
	srand(1);
	for (size_t i = 0; i < PAGES; i++)
		pages[i] = page_pool_alloc(&f.pool);
	for (unsigned round = 0; round < 10000; round++) {
		size_t i = (size_t)rand() % PAGES;

		if (pages[i]) {
			memset(pages[i], 0xff, PAGE_SIZE);
			page_pool_free(&f.pool, pages[i]);
			pages[i] = NULL;
			continue;
		}
		pages[i] = page_pool_alloc(&f.pool);
		assert_non_null(pages[i]);
		assert_true(is_zero(pages[i], PAGE_SIZE));
		for (size_t j = 0; j < PAGES; j++)
			assert_true(j == i || pages[j] != pages[i]);
	}
	fixture_free(&f);
}

static void test_block_is_one_piece_of_fresh_pages(void **state)
{
	struct page_fixture f;
	uint8_t *single, *block;
	(void)state;

	fixture_make(&f, PAGES);
	single = page_pool_alloc(&f.pool);
	page_pool_free(&f.pool, single);
	assert_null(page_pool_alloc_block(&f.pool, PAGES));
	assert_null(page_pool_alloc_block(&f.pool, 0));
	block = page_pool_alloc_block(&f.pool, PAGES - 1);
	assert_non_null(block);
	assert_true(is_zero(block, (PAGES - 1) * PAGE_SIZE));
	assert_null(page_pool_alloc_block(&f.pool, 1));
	assert_ptr_equal(page_pool_alloc(&f.pool), single);
	assert_int_equal(page_pool_available(&f.pool), 0);
	for (size_t i = 0; i < PAGES - 1; i++)
		page_pool_free(&f.pool, block + i * PAGE_SIZE);
	assert_int_equal(page_pool_available(&f.pool), PAGES - 1);
	fixture_free(&f);
}

static void test_foreign_addresses_are_refused(void **state)
{
	struct page_fixture f;
	uint8_t *page;
	(void)state;

	fixture_make(&f, PAGES);
	page = page_pool_alloc(&f.pool);
	expect_assert_failure((void)page_pool_va(&f.pool, FIXTURE_PA - 1));
	expect_assert_failure((void)page_pool_va(&f.pool, FIXTURE_PA + PAGES * PAGE_SIZE));
	expect_assert_failure((void)page_pool_pa(&f.pool, f.memory + PAGES * PAGE_SIZE));
	expect_assert_failure((void)page_pool_pa(&f.pool, f.memory - 1));
	/* Never handed out; in the middle of a page; freed more often than handed out. */
	expect_assert_failure(page_pool_free(&f.pool, f.memory + 2 * PAGE_SIZE));
	expect_assert_failure(page_pool_free(&f.pool, page + 8));
	page_pool_free(&f.pool, page);
	expect_assert_failure(page_pool_free(&f.pool, page));
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_page_once),
		cmocka_unit_test(test_freed_pages_come_back_zeroed),
		cmocka_unit_test(test_block_is_one_piece_of_fresh_pages),
		cmocka_unit_test(test_foreign_addresses_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
