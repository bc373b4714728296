/* SPDX-License-Identifier: BSD-2-Clause */
/* A pool of pages and a space over it, for the tests of the page-table walker. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/paging.h"
#include "lib/assert.h"

/*
 * Nowhere near where the memory really is: a walker that mixes the two addresses up is found out.
 */
#define FIXTURE_PA 0x7fff00000000ULL

struct page_fixture {
	uint8_t *memory;
	struct page_pool pool;
	struct page_space space;
};

noreturn void assert_failed(const char *expression, const char *file, int line)
{
	mock_assert(0, expression, file, line);
	abort();
}

static inline void fixture_make(struct page_fixture *f, size_t pages)
{
	f->memory = aligned_alloc(PAGE_SIZE, pages * PAGE_SIZE);
	assert_non_null(f->memory);
	memset(f->memory, 0xa5, pages * PAGE_SIZE);
	page_pool_init(&f->pool, f->memory, FIXTURE_PA, pages);
}

static inline void fixture_free(struct page_fixture *f)
{
	free(f->memory);
}

static inline size_t fixture_used(const struct page_fixture *f)
{
	return f->pool.count - page_pool_available(&f->pool);
}

/* The tables reachable from one; each below the root must map something, unless it may be kept. */
static inline size_t tables_count(const struct page_space *space, const uint64_t *table,
				  unsigned level)
{
	size_t count = 1, entries = 0;

	for (unsigned i = 0; i < 512; i++) {
		if (!(table[i] & space->format->present)) {
			assert_int_equal(table[i], 0);
			continue;
		}
		entries++;
		if (level == PAGE_LEVEL_4K ||
		    (level < PAGE_LEVEL_ROOT && (table[i] & space->format->large)))
			continue;
		assert_int_equal(table[i] & ~PAGE_ADDRESS, space->table_bits);
		count += tables_count(space, page_pool_va(space->pool, table[i] & PAGE_ADDRESS),
				      level - 1);
	}
	if (level < PAGE_LEVEL_1G || (level == PAGE_LEVEL_1G && !space->keep_top))
		assert_true(entries > 0);
	return count;
}
