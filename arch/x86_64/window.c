/* SPDX-License-Identifier: BSD-2-Clause */
/* Per-CPU windows: the one way to memory that is not the kernel's, one piece at a time. */
#include "arch/x86_64/window.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/page_walk.h"
#include "arch/x86_64/percpu.h"
#include "lib/assert.h"

/* Windows are 2 MiB apart: one directory has one entry for each CPU. */
enum { WINDOW_MAX = 512 };

static uint64_t *directory;

static_assert(KERNEL_WINDOW_SIZE == MIB(2), "an entry of a page directory");
static_assert(KERNEL_WINDOW_BASE % GIB(1) == 0, "the first entry of a page directory");

void window_init(void)
{
	struct page_walk walk;

	directory = page_pool_alloc(&kernel_heap);
	ASSERT(directory);
	page_walk(&kernel_space, KERNEL_WINDOW_BASE, &walk);
	ASSERT(walk.level == PAGE_LEVEL_1G && !*walk.entry[walk.level]);
	*walk.entry[walk.level] = page_pool_pa(&kernel_heap, directory) | kernel_space.table_bits;
}

void window_create(unsigned number, struct window *window)
{
	ASSERT(number < WINDOW_MAX);
	window->large = &directory[number];
	window->table = page_pool_alloc(&kernel_heap);
	window->va = KERNEL_WINDOW_BASE + number * KERNEL_WINDOW_SIZE;
	ASSERT(window->table);
}

static uint64_t leaf_bits(void)
{
	const struct page_format *format = kernel_space.format;

	return format->leaf | format->write | format->no_exec | format->cache[PAGE_WB];
}

void *window_map_block(hpa_t pa)
{
	struct window *window = &arch_cpu()->window;

	ASSERT(!*window->large && !(pa & ~(PAGE_ADDRESS | PAGE_MASK)));
	*(volatile uint64_t *)window->large = ALIGN_DOWN(pa, KERNEL_WINDOW_SIZE) | leaf_bits() |
					      kernel_space.format->large;
	return (void *)(window->va + pa % KERNEL_WINDOW_SIZE);
}

void *window_map_page(hpa_t pa)
{
	struct window *window = &arch_cpu()->window;

	ASSERT(!*window->large && !(pa & ~(PAGE_ADDRESS | PAGE_MASK)));
	window->small = page_entry_of(window->table, pa, PAGE_LEVEL_4K);
	*(volatile uint64_t *)window->small = ALIGN_DOWN(pa, PAGE_SIZE) | leaf_bits();
	*(volatile uint64_t *)window->large = page_pool_pa(&kernel_heap, window->table) |
					      kernel_space.table_bits;
	return (void *)(window->va + pa % KERNEL_WINDOW_SIZE);
}

void window_unmap(void)
{
	struct window *window = &arch_cpu()->window;
	uint64_t va = window->va;

	ASSERT(*window->large);
	if (window->small) {
		va += (uint64_t)(window->small - window->table) * PAGE_SIZE;
		*(volatile uint64_t *)window->small = 0;
		window->small = NULL;
	}
	*(volatile uint64_t *)window->large = 0;
	/*
	 * Drops the translation, of either size, and what is cached of the tables: SDM 3A 4.10.4.1.
	 */
	tlb_invalidate(va);
}
