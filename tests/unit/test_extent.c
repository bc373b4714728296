/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/extent against a table with an entry for each page: 10^5 random operations, the whole map
 * compared after each, and every failure checked to have changed nothing.
 */
/* sources: kernel/extent.c kernel/extent_alloc.c lib/string.c */
#include "kernel/extent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/assert.h"

enum { PAGES = 768, CAPACITY = 60, STEPS = 100000, SLOTS = 5 };

#define NOWHERE 0xff /* in the model only: no extent */

#define TAG(o, s, p) \
	((struct extent_tag){.owner = (enum extent_owner)(o), .slot = (s), .is_pool = (p)})
#define AT(page) ((hpa_t)(page) << PAGE_SHIFT)

static struct extent storage[CAPACITY];
static struct extent_map map;

/* The model. */
static struct page {
	uint8_t owner, slot, state;
	bool is_pool;
	uint8_t piece; /* which piece that is being cleaned */
} pages[PAGES];

noreturn void assert_failed(const char *expression, const char *file, int line)
{
	print_error("%s:%d: %s\n", file, line, expression);
	abort();
}

static unsigned pick(unsigned limit)
{
	return (unsigned)rand() % limit;
}

static bool page_is(const struct page *page, struct extent_tag tag)
{
	return page->owner == tag.owner && page->slot == tag.slot && page->is_pool == tag.is_pool;
}

static bool page_is_free(unsigned page)
{
	return pages[page].owner == OWNER_FREE && pages[page].state != EXTENT_CLEANING;
}

static void model_set(unsigned start, unsigned count, struct extent_tag tag, enum extent_state state)
{
	for (unsigned i = start; i < start + count; i++)
		pages[i] = (struct page){(uint8_t)tag.owner, (uint8_t)tag.slot, (uint8_t)state,
					 tag.is_pool, 0};
}

/*
 * The map says of every page what the model says, and its extents are sorted, disjoint and joined.
 */
static void expect_same(void)
{
	uint64_t next = 0;

	for (uint32_t i = 0; i < map.count; i++) {
		const struct extent *e = &map.extents[i], *before = e - 1;

		assert_true(e->pages > 0 && e->start >= next && e->start + e->pages <= PAGES);
		if (i && e->start == next && e->state != EXTENT_CLEANING)
			assert_false(before->owner == e->owner && before->slot == e->slot &&
				     before->is_pool == e->is_pool && before->state == e->state);
		for (; next < e->start; next++)
			assert_int_equal(pages[next].owner, NOWHERE);
		for (; next < e->start + e->pages; next++) {
			assert_true(page_is(&pages[next], TAG(e->owner, e->slot, e->is_pool)));
			assert_int_equal(pages[next].state, e->state);
		}
	}
	for (; next < PAGES; next++)
		assert_int_equal(pages[next].owner, NOWHERE);
}

static void expect_totals(void)
{
	struct extent_totals should = {0}, is = extent_totals(&map);
	uint64_t kernel = 0;

	for (unsigned i = 0; i < PAGES; i++) {
		should.ram += pages[i].owner != NOWHERE && pages[i].owner != OWNER_FIRMWARE
				      ? PAGE_SIZE
				      : 0;
		should.free += pages[i].owner == OWNER_FREE ? PAGE_SIZE : 0;
		should.clean += pages[i].state == EXTENT_CLEAN ? PAGE_SIZE : 0;
		kernel += pages[i].owner == OWNER_KERNEL ? PAGE_SIZE : 0;
	}
	assert_memory_equal(&is, &should, sizeof(is));
	assert_true(extent_size_of(&map, TAG(OWNER_KERNEL, 0, false)) == kernel);
}

static int set_up_empty(void **state)
{
	(void)state;
	extent_map_init(&map, storage, CAPACITY);
	model_set(0, PAGES, TAG(NOWHERE, 0, false), 0);
	return 0;
}

static void add(unsigned start, unsigned end, enum extent_owner owner)
{
	assert_int_equal(extent_add(&map, AT(start), AT(end), owner), ERR_NONE);
	model_set(start, end - start, TAG(owner, 0, false), EXTENT_DIRTY);
}

/* Two pieces of RAM with a reserved range between and a hole behind. */
static int set_up(void **state)
{
	set_up_empty(state);
	add(1, 159, OWNER_FREE);
	add(159, 160, OWNER_FIRMWARE);
	add(256, PAGES - 3, OWNER_FREE);
	return 0;
}

static void test_add(void **state)
{
	struct extent_info info;

	(void)state;
	add(10, 20, OWNER_FREE);
	add(30, 40, OWNER_FREE);
	expect_same();
	add(20, 30, OWNER_FREE);
	assert_int_equal(map.count, 1);
	add(40, 41, OWNER_FIRMWARE);
	add(0, 10, OWNER_FIRMWARE);
	expect_same();
	assert_int_equal(extent_add(&map, AT(5), AT(50), OWNER_FREE), ERR_EXIST);
	assert_int_equal(extent_add(&map, AT(40), AT(42), OWNER_FREE), ERR_EXIST);
	assert_int_equal(extent_add(&map, AT(15), AT(16), OWNER_FREE), ERR_EXIST);
	assert_int_equal(extent_add(&map, AT(50), AT(50), OWNER_FREE), ERR_INVAL);
	assert_int_equal(extent_add(&map, AT(51), AT(50), OWNER_FREE), ERR_INVAL);
	assert_int_equal(extent_add(&map, AT(50) + 1, AT(51), OWNER_FREE), ERR_INVAL);
	assert_int_equal(extent_add(&map, AT(50), AT(51) - 1, OWNER_FREE), ERR_INVAL);
	expect_same();
	expect_totals();
	assert_true(extent_describe(&map, 1, &info));
	assert_true(info.start == AT(10) && info.size == AT(30) && info.owner == OWNER_FREE &&
		    !info.clean);
	assert_false(extent_describe(&map, 3, &info));
	assert_false(extent_describe(&map, UINT32_MAX, &info));
}

static void test_carve(void **state)
{
	struct extent_tag kernel = TAG(OWNER_KERNEL, 0, false), image = TAG(OWNER_IMAGE, 0, false);

	(void)state;
	assert_int_equal(extent_carve(&map, AT(256), AT(300), kernel), ERR_NONE);
	assert_int_equal(extent_carve(&map, AT(300), AT(310), image), ERR_NONE);
	assert_int_equal(extent_carve(&map, AT(309), AT(311), image), ERR_BUSY);
	assert_int_equal(extent_carve(&map, AT(150), AT(160), image), ERR_BUSY);
	assert_int_equal(extent_carve(&map, AT(PAGES - 4), AT(PAGES - 2), image), ERR_BUSY);
	assert_int_equal(extent_carve(&map, AT(0), AT(2), image), ERR_BUSY);
	assert_int_equal(extent_carve(&map, AT(400), AT(400), image), ERR_INVAL);
	assert_int_equal(extent_carve(&map, AT(400) + 8, AT(401), image), ERR_INVAL);
	model_set(256, 44, kernel, 0);
	model_set(300, 10, image, 0);
	expect_same();
}

/* The question before every map request; any wrong byte must give no. */
static void test_owned(void **state)
{
	struct extent_tag mine = TAG(OWNER_PARTITION, 3, false),
			  pool = TAG(OWNER_PARTITION, 3, true);

	(void)state;
	assert_int_equal(extent_carve(&map, AT(300), AT(310), mine), ERR_NONE);
	assert_int_equal(extent_carve(&map, AT(310), AT(320), pool), ERR_NONE);
	assert_int_equal(extent_carve(&map, AT(320), AT(330), TAG(OWNER_PARTITION, 4, false)),
			 ERR_NONE);
	assert_true(extent_owned(&map, AT(300), AT(10), mine));
	assert_true(extent_owned(&map, AT(305), AT(5), mine));
	assert_true(extent_owned(&map, AT(310), AT(1), pool));
	assert_false(extent_owned(&map, AT(300), AT(11), mine));
	assert_false(extent_owned(&map, AT(299), AT(2), mine));
	assert_false(extent_owned(&map, AT(310), AT(1), mine));
	assert_false(extent_owned(&map, AT(320), AT(1), mine));
	assert_false(extent_owned(&map, AT(200), AT(1), mine));
	assert_false(extent_owned(&map, AT(PAGES + 5), AT(1), mine));
	assert_false(extent_owned(&map, AT(300), 0, mine));
	assert_false(extent_owned(&map, AT(300) + 1, AT(1), mine));
	assert_false(extent_owned(&map, AT(300), AT(1) - 1, mine));
	assert_false(extent_owned(&map, AT(301), 0 - AT(1), mine));
	assert_false(extent_owned(&map, 0 - AT(1), AT(2), mine));
}

static void test_best_fit(void **state)
{
	struct extent_request request = {.size = AT(4),
					 .align = PAGE_SIZE,
					 .tag = TAG(OWNER_PARTITION, 1, false),
					 .whole = true};
	struct extent_grant grant, piece;

	(void)state;
	add(100, 200, OWNER_FREE);
	add(300, 305, OWNER_FREE);
	add(400, 600, OWNER_FREE);
	assert_int_equal(extent_alloc(&map, &request, &grant), ERR_NONE);
	assert_true(grant.start == AT(300) && grant.size == AT(4) && !grant.clean);
	/* Clean memory is worth a worse fit. */
	assert_true(extent_clean_begin(&map, AT(64), &piece));
	assert_true(piece.start == AT(100) && piece.size == AT(28));
	extent_clean_end(&map, &piece, true);
	assert_int_equal(extent_alloc(&map, &request, &grant), ERR_NONE);
	assert_true(grant.start == AT(100) && grant.clean);
	/* More than there is clean: clean and dirty neighbours are one range. */
	request.size = AT(90);
	assert_int_equal(extent_alloc(&map, &request, &grant), ERR_NONE);
	assert_true(grant.start == AT(104) && !grant.clean);
	/* Aligned at the end of its range: one piece is left, not two. */
	request.size = request.align = AT(8);
	request.below = AT(600);
	assert_int_equal(extent_alloc(&map, &request, &grant), ERR_NONE);
	assert_true(grant.start == AT(400));
	request.below = AT(199);
	assert_int_equal(extent_alloc(&map, &request, &grant), ERR_NOMEM);
	request.whole = false;
	request.align = AT(1);
	assert_int_equal(extent_alloc(&map, &request, &grant), ERR_NONE);
	assert_true(grant.start == AT(194) && grant.size == AT(5));
}

static void test_bad_requests(void **state)
{
	struct extent_request good = {.size = AT(4),
				      .align = AT(2),
				      .tag = TAG(OWNER_KERNEL, 0, false)},
			      bad;
	struct extent_grant grant;

	(void)state;
	bad = good, bad.size = 0;
	assert_int_equal(extent_alloc(&map, &bad, &grant), ERR_INVAL);
	bad = good, bad.size = 4097;
	assert_int_equal(extent_alloc(&map, &bad, &grant), ERR_INVAL);
	bad = good, bad.align = 0;
	assert_int_equal(extent_alloc(&map, &bad, &grant), ERR_INVAL);
	bad = good, bad.align = AT(3);
	assert_int_equal(extent_alloc(&map, &bad, &grant), ERR_INVAL);
	bad = good, bad.align = 2048;
	assert_int_equal(extent_alloc(&map, &bad, &grant), ERR_INVAL);
	bad = good, bad.tag.owner = OWNER_FREE;
	assert_int_equal(extent_alloc(&map, &bad, &grant), ERR_INVAL);
	bad = good, bad.size = 0 - AT(1), bad.whole = true;
	assert_int_equal(extent_alloc(&map, &bad, &grant), ERR_NOMEM);
	bad = good, bad.align = BIT(63), bad.whole = true;
	assert_int_equal(extent_alloc(&map, &bad, &grant), ERR_NOMEM);
	expect_same();
}

/* What the model says a request must get: enough to judge any answer by. */
struct answer {
	unsigned largest;   /* aligned pages in the best free range, at most the size asked for */
	bool clean;	    /* the size asked for fits into clean memory alone */
	unsigned left_over; /* the least, of what fits as well as can be */
};

static bool state_is(unsigned page, bool only_clean)
{
	return page_is_free(page) && (!only_clean || pages[page].state == EXTENT_CLEAN);
}

/* Pages at an aligned start of [start, end), at most size: all of it, or a multiple of align. */
static unsigned fitting(unsigned start, unsigned end, unsigned size, unsigned align)
{
	unsigned lowest = (start + align - 1) / align * align;

	if (lowest >= end)
		return 0;
	return end - lowest >= size ? size : (end - lowest) / align * align;
}

static void model_search(struct answer *answer, unsigned size, unsigned align, unsigned below,
			 bool only_clean)
{
	for (unsigned start = 0, end; start < PAGES; start = end + 1) {
		unsigned stop, got;

		for (end = start; end < PAGES && state_is(end, only_clean); end++)
			continue;
		stop = MIN(end, below);
		if (stop <= start)
			continue;
		got = fitting(start, stop, size, align);
		if (got < answer->largest || !got)
			continue;
		if (got > answer->largest || stop - start - got < answer->left_over)
			answer->left_over = stop - start - got;
		answer->largest = got;
	}
}

static struct answer model_answer(unsigned size, unsigned align, unsigned below)
{
	struct answer any = {.left_over = PAGES}, clean = {.left_over = PAGES};

	model_search(&any, size, align, below, false);
	model_search(&clean, size, align, below, true);
	if (clean.largest == size)
		return (struct answer){size, true, clean.left_over};
	return any;
}

static bool cleaning_somewhere(void)
{
	for (unsigned i = 0; i < PAGES; i++)
		if (pages[i].state == EXTENT_CLEANING)
			return true;
	return false;
}

/* The range that a grant was cut from, in the map as it was before. */
static unsigned left_over_at(unsigned start, unsigned count, bool only_clean, unsigned below)
{
	unsigned first = start, last = start + count;

	while (first > 0 && state_is(first - 1, only_clean))
		first--;
	while (last < PAGES && last < below && state_is(last, only_clean))
		last++;
	return last - first - count;
}

static struct extent_tag random_tag(void)
{
	return pick(8) ? TAG(OWNER_PARTITION, pick(SLOTS), pick(3) == 0)
		       : TAG(OWNER_KERNEL + pick(3), 0, false);
}

static void check_grant(const struct extent_request *request, const struct extent_grant *grant)
{
	unsigned start = (unsigned)(grant->start >> PAGE_SHIFT),
		 count = (unsigned)(grant->size >> PAGE_SHIFT);
	unsigned size = (unsigned)(request->size >> PAGE_SHIFT),
		 align = (unsigned)(request->align >> PAGE_SHIFT);
	unsigned below = request->below ? (unsigned)(request->below >> PAGE_SHIFT) : PAGES;
	struct answer answer = model_answer(size, align, below);
	bool all_clean = true;

	assert_int_equal(start % align, 0);
	assert_true(start + count <= below);
	assert_int_equal(count, answer.largest);
	for (unsigned i = start; i < start + count; i++) {
		assert_true(page_is_free(i));
		all_clean &= pages[i].state == EXTENT_CLEAN;
	}
	assert_true(all_clean || !grant->clean);
	if (count == size) {
		assert_true(grant->clean || !answer.clean);
		assert_int_equal(left_over_at(start, count, answer.clean, below), answer.left_over);
	}
	model_set(start, count, request->tag, 0);
}

static unsigned limits_met, failures_met;

static void op_alloc(void)
{
	struct extent_request request = {
		.size = AT(1 + pick(pick(4) ? 12 : 200)),
		.align = AT(1u << pick(5)),
		.below = pick(4) ? 0 : AT(pick(PAGES)),
		.tag = random_tag(),
		.whole = pick(2),
	};
	unsigned below = request.below ? (unsigned)(request.below >> PAGE_SHIFT) : PAGES;
	struct extent_grant grant;
	struct answer answer;
	int error = extent_alloc(&map, &request, &grant);

	if (error == ERR_NONE) {
		check_grant(&request, &grant);
		return;
	}
	answer = model_answer((unsigned)(request.size >> PAGE_SHIFT),
			      (unsigned)(request.align >> PAGE_SHIFT), below);
	if (error == ERR_LIMIT) {
		assert_true(map.count + 2 > CAPACITY);
		limits_met++;
		return;
	}
	assert_int_equal(error, cleaning_somewhere() ? ERR_AGAIN : ERR_NOMEM);
	assert_true(request.whole ? answer.largest < request.size >> PAGE_SHIFT
				  : answer.largest == 0);
	failures_met++;
}

static void op_carve(void)
{
	unsigned start = pick(PAGES), count = 1 + pick(20);
	struct extent_tag tag = random_tag();
	bool free = start + count <= PAGES;
	int error;

	for (unsigned i = start; free && i < start + count; i++)
		free = page_is_free(i);
	error = extent_carve(&map, AT(start), AT(start + count), tag);
	if (error == ERR_LIMIT) {
		assert_true(free && map.count + 2 > CAPACITY);
		limits_met++;
		return;
	}
	assert_int_equal(error, free ? ERR_NONE : ERR_BUSY);
	if (!error)
		model_set(start, count, tag, 0);
}

static uint64_t model_release(struct extent_tag tag)
{
	uint64_t freed = 0;

	for (unsigned i = 0; i < PAGES; i++)
		if (page_is(&pages[i], tag)) {
			model_set(i, 1, TAG(OWNER_FREE, 0, false), EXTENT_DIRTY);
			freed += PAGE_SIZE;
		}
	return freed;
}

static void op_release(void)
{
	struct extent_tag tag = random_tag();

	if (pick(2)) {
		assert_true(extent_release(&map, tag) == model_release(tag));
		return;
	}
	tag = TAG(OWNER_PARTITION, pick(SLOTS), false);
	assert_true(extent_release_slot(&map, tag.slot) ==
		    model_release(tag) + model_release(TAG(OWNER_PARTITION, tag.slot, true)));
}

static void op_release_range(void)
{
	unsigned start = pick(PAGES), count = 1 + pick(8);
	struct extent_tag tag = TAG(pages[start].owner, pages[start].slot, pages[start].is_pool);
	bool owned = start + count <= PAGES && tag.owner != OWNER_FREE;
	int error;

	if ((unsigned)tag.owner == NOWHERE || tag.owner == OWNER_FIRMWARE)
		return;
	for (unsigned i = start; owned && i < start + count; i++)
		owned = page_is(&pages[i], tag);
	if (tag.owner != OWNER_FREE)
		assert_int_equal(extent_owned(&map, AT(start), AT(count), tag), owned);
	error = extent_release_range(&map, AT(start), AT(count), tag);
	if (error == ERR_LIMIT) {
		assert_true(owned && map.count + 2 > CAPACITY);
		limits_met++;
		return;
	}
	assert_int_equal(error, owned ? ERR_NONE : ERR_PERM);
	if (!error)
		model_set(start, count, TAG(OWNER_FREE, 0, false), EXTENT_DIRTY);
}

static struct extent_grant cleaning[6];

static void op_clean(void)
{
	struct extent_grant *piece = &cleaning[pick(ARRAY_SIZE(cleaning))];
	unsigned start, count, size = 1u << pick(6);
	bool cleaned = pick(4);

	if (piece->size) {
		extent_clean_end(&map, piece, cleaned);
		model_set((unsigned)(piece->start >> PAGE_SHIFT),
			  (unsigned)(piece->size >> PAGE_SHIFT), TAG(OWNER_FREE, 0, false),
			  cleaned ? EXTENT_CLEAN : EXTENT_DIRTY);
		piece->size = 0;
		return;
	}
	if (!extent_clean_begin(&map, AT(size), piece)) {
		for (unsigned i = 0; i < PAGES && map.count < CAPACITY; i++)
			assert_false(pages[i].owner == OWNER_FREE && pages[i].state == EXTENT_DIRTY);
		return;
	}
	start = (unsigned)(piece->start >> PAGE_SHIFT);
	count = (unsigned)(piece->size >> PAGE_SHIFT);
	assert_true(count && start / size == (start + count - 1) / size);
	for (unsigned i = start; i < start + count; i++)
		assert_true(pages[i].owner == OWNER_FREE && pages[i].state == EXTENT_DIRTY);
	model_set(start, count, TAG(OWNER_FREE, 0, false), EXTENT_CLEANING);
}

static void test_random(void **state)
{
	static void (*const operations[])(void) = {op_alloc,	     op_alloc,	       op_carve,
						   op_release_range, op_release_range, op_clean,
						   op_clean,	     op_clean};

	(void)state;
	memset(cleaning, 0, sizeof(cleaning));
	srand(7);
	for (unsigned step = 0; step < STEPS; step++) {
		if (pick(60) == 0)
			op_release();
		else
			operations[pick(ARRAY_SIZE(operations))]();
		expect_same();
		if (step % 16 == 0)
			expect_totals();
	}
	/* The walk has been where it hurts. */
	assert_true(limits_met > 1000);
	assert_true(failures_met > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_add, set_up_empty),
		cmocka_unit_test_setup(test_carve, set_up),
		cmocka_unit_test_setup(test_owned, set_up),
		cmocka_unit_test_setup(test_best_fit, set_up_empty),
		cmocka_unit_test_setup(test_bad_requests, set_up),
		cmocka_unit_test_setup(test_random, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
