/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one page-table walker, for the host's spaces and for nested tables. It owns the tables of a
 * space, not the pages that are mapped. Nothing here flushes a TLB: after an unmap (and before any
 * page of the space's pool is used for something else) the caller does, on every CPU that may hold
 * the space. Locking is the caller's.
 */
#pragma once

#include "abi/errors.h"
#include "arch/x86_64/page_format.h"
#include "arch/x86_64/page_pool.h"

enum page_prot {
	PAGE_READ = 1 << 0,
	PAGE_WRITE = 1 << 1,
	PAGE_EXEC = 1 << 2,
	PAGE_USER = 1 << 3,	      /* host format only; ignored by the others */
	PAGE_GLOBAL = 1 << 4,	      /* likewise */
	PAGE_CACHE_WC = PAGE_WC << 8, /* default: write-back */
	PAGE_CACHE_UC = PAGE_UC << 8,
};

#define PAGE_PROT_CACHE(prot) ((enum page_cache)((unsigned)(prot) >> 8))

/* Level of a table or of the leaf in it: 1 is 4 KiB, 2 is 2 MiB, 3 is 1 GiB, 4 the root. */
enum page_level { PAGE_LEVEL_4K = 1, PAGE_LEVEL_2M, PAGE_LEVEL_1G, PAGE_LEVEL_ROOT };

struct page_space {
	const struct page_format *format;
	struct page_pool *pool;
	uint64_t *root;
	hpa_t root_pa;
	uint64_t first, last; /* the addresses that are this space's to map, both included */
	uint64_t table_bits;  /* of every entry that points to a table */
	uint8_t largest;      /* enum page_level: the largest leaf that this CPU can have */
	bool keep_top; /* tables under the root are never freed: other roots point to them too */
};

/* One leaf. */
struct page_mapping {
	uint64_t va; /* where the leaf starts */
	hpa_t pa;
	uint64_t size;
	unsigned prot; /* enum page_prot */
};

static inline uint64_t page_size_of(unsigned level)
{
	return PAGE_SIZE << (9 * (level - 1));
}

/* An empty space with a root from pool; ERR_NOMEM. first and last + 1 are multiples of 512 GiB. */
int must_check page_space_init(struct page_space *space, const struct page_format *format,
			       struct page_pool *pool, unsigned largest, uint64_t first,
			       uint64_t last);

/*
 * Gives all tables of the space back. Time grows with what is mapped: unmap piece by piece before
 * if much is.
 */
void page_space_free(struct page_space *space);

/*
 * Maps [va, va + size) to [pa, pa + size), with the largest pages that alignment allows. All or
 * nothing: ERR_INVAL (alignment, size 0, outside the space, W and X where that is forbidden, no
 * such prot), ERR_EXIST (something is mapped there), ERR_NOMEM (the pool has too few pages).
 */
int must_check page_map(struct page_space *space, uint64_t va, hpa_t pa, uint64_t size,
			unsigned prot);

/*
 * Unmaps what is mapped in [va, va + size), holes are fine; splits large pages that reach out of
 * it, frees tables that become empty. All or nothing: ERR_INVAL, ERR_NOMEM (for a split).
 */
int must_check page_unmap(struct page_space *space, uint64_t va, uint64_t size);

/*
 * Gives what is mapped in [va, va + size) another prot. All or nothing: also ERR_NOENT if there is
 * a hole.
 */
int must_check page_protect(struct page_space *space, uint64_t va, uint64_t size, unsigned prot);

/* The leaf that maps va. False if there is none. */
bool page_lookup(const struct page_space *space, uint64_t va, struct page_mapping *mapping);

/*
 * Calls visit for every leaf of the space that touches [from, last], ascending, until it returns
 * false. Returns false if it did.
 */
typedef bool page_visit_fn(void *context, const struct page_mapping *mapping);
bool page_visit(const struct page_space *space, uint64_t from, uint64_t last, page_visit_fn *visit,
		void *context);

/* True if [va, va + size) is mapped throughout with at least these permissions. */
bool page_allows(const struct page_space *space, uint64_t va, uint64_t size, unsigned prot);
