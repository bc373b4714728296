/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page pools. A freed page's first word holds the next one's address: never a present table entry.
 */
#include "arch/x86_64/page_pool.h"

#include "arch/x86_64/insn.h"
#include "lib/assert.h"

static uint64_t *page_at(const struct page_pool *pool, hpa_t pa)
{
	ASSERT(pa >= pool->pa && (pa - pool->pa) >> PAGE_SHIFT < pool->fresh && !(pa & PAGE_MASK));
	return (uint64_t *)(void *)(pool->va + (pa - pool->pa));
}

static void enter(struct page_pool *pool)
{
	ASSERT(!__atomic_exchange_n(&pool->busy, 1, __ATOMIC_ACQUIRE));
}

static void leave(struct page_pool *pool)
{
	__atomic_store_n(&pool->busy, 0, __ATOMIC_RELEASE);
}

void page_pool_init(struct page_pool *pool, void *va, hpa_t pa, size_t count)
{
	ASSERT(!(((uintptr_t)va | pa) & PAGE_MASK));
	*pool = (struct page_pool){.pa = pa, .va = va, .count = count, .free_list = PAGE_POOL_NONE};
}

void *page_pool_alloc(struct page_pool *pool)
{
	uint64_t *page;

	if (!pool->freed)
		return page_pool_alloc_block(pool, 1);
	enter(pool);
	page = page_at(pool, pool->free_list);
	pool->free_list = *page;
	pool->freed--;
	ASSERT((pool->free_list == PAGE_POOL_NONE) == !pool->freed);
	leave(pool);
	memory_zero(page, PAGE_SIZE);
	return page;
}

void *page_pool_alloc_block(struct page_pool *pool, size_t pages)
{
	uint8_t *block = NULL;

	enter(pool);
	if (pages && pages <= pool->count - pool->fresh) {
		block = pool->va + pool->fresh * PAGE_SIZE;
		pool->fresh += pages;
		memory_zero(block, pages * PAGE_SIZE);
	}
	leave(pool);
	return block;
}

void page_pool_free(struct page_pool *pool, void *page)
{
	hpa_t pa = page_pool_pa(pool, page);
	uint64_t *next = page_at(pool, pa);

	ASSERT(pool->freed < pool->fresh);
	enter(pool);
	*next = pool->free_list;
	pool->free_list = pa;
	pool->freed++;
	leave(pool);
}

size_t page_pool_available(const struct page_pool *pool)
{
	return pool->count - pool->fresh + pool->freed;
}

hpa_t page_pool_pa(const struct page_pool *pool, const void *va)
{
	size_t offset = (size_t)((const uint8_t *)va - pool->va);

	ASSERT((const uint8_t *)va >= pool->va && offset < pool->count * PAGE_SIZE);
	return pool->pa + offset;
}

void *page_pool_va(const struct page_pool *pool, hpa_t pa)
{
	ASSERT(pa >= pool->pa && pa - pool->pa < pool->count * PAGE_SIZE);
	return pool->va + (pa - pool->pa);
}
