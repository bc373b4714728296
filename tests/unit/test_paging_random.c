/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page-table walker against a flat model: random map, unmap and protect over a few GiB in each
 * format. After every step the tables say what the model says, no table is lost or empty, and an
 * operation that the pool is too small for, by one page, changes nothing at all.
 */
/* sources: arch/x86_64/paging.c arch/x86_64/page_walk.c arch/x86_64/page_format.c
 * arch/x86_64/page_pool.c */
#include "tests/unit/page_fixture.h"
#include "tests/unit/random.h"

#define PAGES ((size_t)(GIB(4) / PAGE_SIZE))

enum { POOL_PAGES = 8192, STEPS = 2000 };

/* prot 0: not mapped. */
struct model_page {
	uint64_t pa;
	unsigned prot;
};

struct world {
	struct page_fixture f;
	uint64_t base; /* of the modelled range */
	struct model_page *pages;
};

static uint64_t below(uint64_t limit)
{
	return next_random() % limit;
}

struct request {
	enum request_kind { REQUEST_MAP, REQUEST_UNMAP, REQUEST_PROTECT } kind;
	size_t page, count;
	uint64_t pa;
	unsigned prot;
};

/* Sizes and places that like boundaries: of 4 KiB, 2 MiB and 1 GiB, exactly or just beside. */
static size_t random_page(void)
{
	static const uint64_t units[] = {1, 512, 512, 512 * 512};
	uint64_t unit = units[below(ARRAY_SIZE(units))];
	uint64_t page = below(PAGES / unit) * unit + (below(3) ? 0 : below(3) - 1);

	return (size_t)(page % PAGES);
}

static struct request random_request(const struct page_format *format)
{
	static const unsigned access[] = {PAGE_READ, PAGE_READ | PAGE_WRITE, PAGE_READ | PAGE_EXEC};
	static const uint64_t lengths[] = {1, 2, 511, 512, 513, 1024, 512 * 512, 512 * 512 + 1};
	struct request r = {.kind = (enum request_kind)below(3), .page = random_page()};
	uint64_t length = lengths[below(ARRAY_SIZE(lengths))];
	uint64_t congruent = below(4) ? (uint64_t)r.page % (512 * 512) : below(1024);

	r.count = (size_t)MIN(length, PAGES - r.page);
	r.pa = (below(1000) * 512 * 512 + congruent) * PAGE_SIZE;
	r.prot = access[below(ARRAY_SIZE(access))] | (unsigned)below(PAGE_CACHES) << 8;
	if (format->user && below(2))
		r.prot |= PAGE_USER;
	return r;
}

static int request_run(struct world *w, const struct request *r)
{
	uint64_t va = w->base + r->page * PAGE_SIZE, size = r->count * PAGE_SIZE;

	switch (r->kind) {
	case REQUEST_MAP:
		return page_map(&w->f.space, va, r->pa, size, r->prot);
	case REQUEST_UNMAP:
		return page_unmap(&w->f.space, va, size);
	case REQUEST_PROTECT:
		return page_protect(&w->f.space, va, size, r->prot);
	}
	return ERR_NOSYS;
}

static int model_judge(const struct world *w, const struct request *r)
{
	for (size_t i = r->page; i < r->page + r->count; i++) {
		if (r->kind == REQUEST_MAP && w->pages[i].prot)
			return ERR_EXIST;
		if (r->kind == REQUEST_PROTECT && !w->pages[i].prot)
			return ERR_NOENT;
	}
	return ERR_NONE;
}

static void model_apply(struct world *w, const struct request *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct model_page *page = &w->pages[r->page + i];

		if (r->kind == REQUEST_MAP)
			page->pa = r->pa + i * PAGE_SIZE;
		page->prot = r->kind == REQUEST_UNMAP ? 0 : r->prot;
	}
}

/* The walker's leaves must cover exactly what the model has mapped. */
struct audit {
	const struct world *w;
	size_t next; /* the first page not yet accounted for */
};

static bool audit_leaf(void *context, const struct page_mapping *m)
{
	struct audit *audit = context;
	size_t first = (size_t)((m->va - audit->w->base) / PAGE_SIZE);

	for (; audit->next < first; audit->next++)
		assert_int_equal(audit->w->pages[audit->next].prot, 0);
	assert_int_equal(audit->next, first);
	for (; audit->next < first + m->size / PAGE_SIZE; audit->next++) {
		const struct model_page *page = &audit->w->pages[audit->next];

		/* cmocka's comparison is a call: a million a step. */
		if (page->prot != m->prot || page->pa != m->pa + (audit->next - first) * PAGE_SIZE)
			fail_msg("page %zx differs", audit->next);
	}
	return true;
}

static void world_audit(const struct world *w)
{
	struct audit audit = {.w = w};
	const struct page_space *space = &w->f.space;

	assert_true(page_visit(space, space->first, space->last, audit_leaf, &audit));
	for (; audit.next < PAGES; audit.next++)
		assert_int_equal(w->pages[audit.next].prot, 0);
	assert_int_equal(tables_count(space, space->root, PAGE_LEVEL_ROOT), fixture_used(&w->f));
}

static uint64_t fingerprint(const struct page_fixture *f)
{
	const uint64_t *words = (const uint64_t *)(const void *)f->memory;
	uint64_t hash = 14695981039346656037ULL;

	for (size_t i = 0; i < f->pool.fresh * (PAGE_SIZE / 8); i++)
		hash = (hash ^ words[i]) * 1099511628211ULL;
	return hash;
}

/*
 * Runs the request with just so many pages to be had. The rest of the pool is as if it were not
 * there.
 */
static int run_with(struct world *w, const struct request *r, size_t available)
{
	struct page_pool *pool = &w->f.pool;
	size_t count = pool->count;
	int result;

	pool->count = pool->fresh + available - pool->freed;
	result = request_run(w, r);
	pool->count = count;
	return result;
}

/*
 * The operation with 0, 1, 2 … pages: nothing changes until there are enough. At most a dozen
 * tables are needed by these sizes unless the range is mapped in small pages; those take one probe
 * just below.
 */
static void run_short_of_memory(struct world *w, const struct request *r)
{
	struct page_pool *pool = &w->f.pool;
	size_t before = fixture_used(&w->f), available;

	for (available = pool->freed; available < pool->freed + 12; available++) {
		uint64_t print = fingerprint(&w->f);
		struct page_pool copy = *pool;

		if (!run_with(w, r, available)) {
			/* One less was not enough: a map has used them all. */
			if (r->kind == REQUEST_MAP && available > copy.freed)
				assert_int_equal(fixture_used(&w->f), before + available);
			return;
		}
		assert_int_equal(fingerprint(&w->f), print);
		assert_memory_equal(&copy, pool, sizeof(copy));
	}
	assert_int_equal(request_run(w, r), ERR_NONE);
}

static void step(struct world *w, bool audit)
{
	struct request r = random_request(w->f.space.format);
	int expected = model_judge(w, &r), result;

	if (expected == ERR_NONE && !below(8)) {
		run_short_of_memory(w, &r);
		result = ERR_NONE;
	} else {
		result = request_run(w, &r);
	}
	assert_int_equal(result, expected);
	if (result == ERR_NONE)
		model_apply(w, &r);
	if (audit)
		world_audit(w);
}

static void run(const struct page_format *format, uint64_t first, uint64_t last, uint64_t base,
		unsigned largest)
{
	struct world w = {.base = base};

	fixture_make(&w.f, POOL_PAGES);
	w.pages = calloc(PAGES, sizeof(*w.pages));
	assert_non_null(w.pages);
	assert_int_equal(page_space_init(&w.f.space, format, &w.f.pool, largest, first, last), 0);
	for (unsigned i = 0; i < STEPS; i++)
		step(&w, i % 16 == 0 || i == STEPS - 1);
	page_space_free(&w.f.space);
	assert_int_equal(fixture_used(&w.f), 0);
	free(w.pages);
	fixture_free(&w.f);
}

static void test_host_user(void **state)
{
	(void)state;
	run(&page_format_host, 0, BIT(47) - 1, GIB(510), PAGE_LEVEL_1G);
}

/* The top of the address space: the range ends where addresses wrap. */
static void test_host_kernel(void **state)
{
	(void)state;
	run(&page_format_host, ~0ULL << 40, ~0ULL, 0 - GIB(4), PAGE_LEVEL_2M);
}

static void test_npt(void **state)
{
	(void)state;
	run(&page_format_npt, 0, BIT(48) - 1, 0, PAGE_LEVEL_1G);
}

static void test_ept(void **state)
{
	(void)state;
	run(&page_format_ept, 0, BIT(48) - 1, BIT(48) - GIB(4), PAGE_LEVEL_1G);
}

/*
 * Exactly as many tables as an operation needs are enough, one less is not: for every kind of need.
 */
static void test_exact_need(void **state)
{
	static const struct {
		uint64_t va, pa, size;
		size_t need;
	} maps[] = {
		{0, 0, PAGE_SIZE, 3},
		{0, 0, MIB(2), 2},
		{0, 0, GIB(1), 1},
		{MIB(2) - PAGE_SIZE, MIB(2) - PAGE_SIZE, 2 * PAGE_SIZE, 4},
		{GIB(1) - PAGE_SIZE, GIB(1) - PAGE_SIZE, 2 * PAGE_SIZE, 5},
		{GIB(512) - PAGE_SIZE, GIB(1) - PAGE_SIZE, 2 * PAGE_SIZE, 6},
		{GIB(512) - PAGE_SIZE, GIB(1) - PAGE_SIZE, GIB(1) + 2 * PAGE_SIZE, 6},
		{0, PAGE_SIZE, GIB(1), 514},
	};
	static const struct {
		uint64_t va, size;
		size_t need;
	} unmaps[] = {
		/* Out of one 1 GiB page at 0. */
		{0, GIB(1), 0},
		{0, MIB(2), 1},
		{0, PAGE_SIZE, 2},
		{MIB(2), PAGE_SIZE, 2},
		{MIB(2) - PAGE_SIZE, 2 * PAGE_SIZE, 3},
		{PAGE_SIZE, GIB(1) - 2 * PAGE_SIZE, 3},
		{PAGE_SIZE, PAGE_SIZE, 2},
	};
	struct page_fixture f;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		for (size_t less = 0; less <= 1; less++) {
			fixture_make(&f, 1 + maps[i].need - less);
			assert_int_equal(page_space_init(&f.space, &page_format_npt, &f.pool,
							 PAGE_LEVEL_1G, 0, BIT(48) - 1),
					 0);
			assert_int_equal(
				page_map(&f.space, maps[i].va, maps[i].pa, maps[i].size, PAGE_READ),
				less ? ERR_NOMEM : ERR_NONE);
			assert_int_equal(fixture_used(&f), less ? 1 : 1 + maps[i].need);
			fixture_free(&f);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(unmaps); i++) {
		for (size_t less = 0; less <= (unmaps[i].need ? 1 : 0); less++) {
			struct page_mapping m;

			fixture_make(&f, 2 + unmaps[i].need - less);
			assert_int_equal(page_space_init(&f.space, &page_format_npt, &f.pool,
							 PAGE_LEVEL_1G, 0, BIT(48) - 1),
					 0);
			assert_int_equal(page_map(&f.space, 0, 0, GIB(1), PAGE_READ), 0);
			assert_int_equal(page_unmap(&f.space, unmaps[i].va, unmaps[i].size),
					 less ? ERR_NOMEM : ERR_NONE);
			assert_int_equal(page_lookup(&f.space, unmaps[i].va, &m), less);
			if (less)
				assert_int_equal(m.size, GIB(1));
			fixture_free(&f);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_need),  cmocka_unit_test(test_host_user),
		cmocka_unit_test(test_host_kernel), cmocka_unit_test(test_npt),
		cmocka_unit_test(test_ept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
