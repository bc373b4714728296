/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A page pool hands out single pages of one linear block, and translates between their two
 * addresses. The kernel's heap is one, each partition's pool another. Both are CPU 0's, and have no lock:
 * two users at a time are found out where they meet.
 */
#pragma once

#include "lib/types.h"

struct page_pool {
	hpa_t pa;	 /* of the block */
	uint8_t *va;	 /* where the block is mapped */
	size_t count;	 /* pages */
	size_t fresh;	 /* pages from here on were never handed out */
	hpa_t free_list; /* freed pages, linked by address through their first word; or NONE */
	size_t freed;	 /* how many */
	uint32_t busy;	 /* atomic: somebody changes it */
};

#define PAGE_POOL_NONE (~(hpa_t)0)

/* va and pa are page-aligned. Touches no page, so that a big pool costs nothing to make. */
void page_pool_init(struct page_pool *pool, void *va, hpa_t pa, size_t count);

/* A zeroed page, or NULL. */
void *must_check page_pool_alloc(struct page_pool *pool);

/*
 * pages zeroed pages in one piece, or NULL: taken from what was never handed out, so it is for the
 * start of a pool's life. Freed page by page.
 */
void *must_check page_pool_alloc_block(struct page_pool *pool, size_t pages);

/*
 * What the page holds is ignored, and stays until it is handed out again, but for its first word.
 */
void page_pool_free(struct page_pool *pool, void *page);

/* How many single pages can still be had. */
size_t page_pool_available(const struct page_pool *pool);

/* The addresses must lie in the pool. */
hpa_t page_pool_pa(const struct page_pool *pool, const void *va);
void *page_pool_va(const struct page_pool *pool, hpa_t pa);
