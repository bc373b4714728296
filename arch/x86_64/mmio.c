/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mapping device registers and firmware tables on demand. The tables themselves are the record of
 * what is taken: a request goes into the first gap that holds it, with an unmapped page before and
 * after.
 */
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/layout.h"
#include "lib/assert.h"

#define MMIO_END (KERNEL_MMIO_BASE + KERNEL_MMIO_SIZE)

/* Beyond this many pages a whole flush is cheaper. */
enum { FLUSH_PAGES_MAX = 64 };

struct gap {
	uint64_t size;	/* asked for, */
	uint64_t align; /* and how the address must be modulo what: a large page needs it */
	uint64_t offset;
	uint64_t va; /* the candidate */
};

static uint64_t candidate(const struct gap *gap, uint64_t from)
{
	return ALIGN_UP(from + PAGE_SIZE - gap->offset, gap->align) + gap->offset;
}

/* page_visit_fn: goes on until a mapping begins behind the candidate's end. */
static bool gap_try(void *context, const struct page_mapping *mapping)
{
	struct gap *gap = context;

	if (gap->va + gap->size + PAGE_SIZE <= mapping->va)
		return false;
	gap->va = candidate(gap, mapping->va + mapping->size);
	return true;
}

/* 0 if there is none. */
static uint64_t gap_find(hpa_t pa, uint64_t size)
{
	struct gap gap = {.size = size, .align = size >= MIB(2) ? MIB(2) : PAGE_SIZE};

	gap.offset = pa % gap.align;
	gap.va = candidate(&gap, KERNEL_MMIO_BASE);
	page_visit(&kernel_space, KERNEL_MMIO_BASE, MMIO_END - 1, gap_try, &gap);
	return gap.va + size + PAGE_SIZE <= MMIO_END ? gap.va : 0;
}

static volatile void *map(hpa_t pa, uint64_t size, unsigned prot)
{
	const uint64_t limit = BIT(cpu_features.phys_bits);
	hpa_t first = ALIGN_DOWN(pa, PAGE_SIZE);
	uint64_t va, length;

	if (!size || pa >= limit || size > limit - pa || size > KERNEL_MMIO_SIZE)
		return NULL;
	length = ALIGN_UP(pa + size, PAGE_SIZE) - first;
	va = gap_find(first, length);
	if (!va || page_map(&kernel_space, va, first, length, prot | PAGE_READ | PAGE_GLOBAL))
		return NULL;
	return (volatile void *)(va + (pa - first));
}

volatile void *mmio_map(hpa_t pa, uint64_t size, enum page_cache cache)
{
	ASSERT(cache == PAGE_UC || cache == PAGE_WC);
	return map(pa, size, PAGE_WRITE | (unsigned)cache << 8);
}

const void *firmware_map(hpa_t pa, uint64_t size)
{
	return (const void *)(uintptr_t)map(pa, size, 0);
}

void mmio_unmap(const volatile void *va, uint64_t size)
{
	uint64_t first = ALIGN_DOWN((uint64_t)va, PAGE_SIZE);
	uint64_t end = ALIGN_UP((uint64_t)va + size, PAGE_SIZE);
	int error;

	ASSERT(first >= KERNEL_MMIO_BASE && end <= MMIO_END && first < end);
	error = page_unmap(&kernel_space, first, end - first);
	ASSERT(!error);
	if ((end - first) / PAGE_SIZE > FLUSH_PAGES_MAX) {
		tlb_flush_all_local();
		return;
	}
	for (uint64_t page = first; page < end; page += PAGE_SIZE)
		tlb_invalidate(page);
}
