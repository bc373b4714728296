/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Creation takes its memory while idle CPUs clean pieces of what is free: it waits for them, and has what it
 * asked for in the end, and no more.
 */
/* sources: kernel/create_memory.c kernel/extent.c kernel/extent_alloc.c lib/string.c */
#include "kernel/creation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/machine.h"
#include "kernel/scrub.h"
#include "lib/assert.h"

enum { CAPACITY = 64, CLEANERS = 3 };

#define BASE MIB(16)

struct machine machine = {.memory_lock = SPINLOCK(LOCK_MEMORY)};
struct creation making;

static struct extent storage[CAPACITY];
static struct extent_grant cleaned[CLEANERS];
static unsigned cleaning;
static uint64_t scrubbed, mapped[2];

noreturn void assert_failed(const char *expression, const char *file, int line)
{
	print_error("%s:%d: %s\n", file, line, expression);
	abort();
}

struct extent_tag creation_tag(bool pool)
{
	return (struct extent_tag){.owner = OWNER_PARTITION, .slot = making.slot, .is_pool = pool};
}

void scrub(hpa_t pa, uint64_t size)
{
	assert_in_range(pa, BASE, BASE + MIB(128));
	scrubbed += size;
}

int page_map(struct page_space *space, uint64_t va, hpa_t pa, uint64_t size, unsigned rights)
{
	(void)va, (void)pa, (void)rights;
	mapped[space == &making.part->space] += size;
	return ERR_NONE;
}

/* size bytes are free, a PC's two ranges and a pool are wanted of it. */
static void prepare(uint64_t size, uint64_t low, uint64_t high, uint64_t pool)
{
	extent_map_init(&machine.extents, storage, CAPACITY);
	assert_int_equal(extent_add(&machine.extents, BASE, BASE + size, OWNER_FREE), 0);
	memset(&making, 0, sizeof(making));
	making.slot = 3;
	making.desc.range_count = 2;
	making.desc.ranges[0] = (struct part_range){.gpa = 0, .size = low};
	making.desc.ranges[1] = (struct part_range){.gpa = MIB(1), .size = high};
	making.plan.pool_pages = pool / PAGE_SIZE;
	cleaning = 0;
}

/* Idle CPUs have cleaned so many steps, and are at the ones behind them. */
static void clean(unsigned steps, unsigned cleaners)
{
	for (unsigned i = 0; i < steps; i++) {
		if (!extent_clean_begin(&machine.extents, SCRUB_STEP, &cleaned[0]))
			return;
		extent_clean_end(&machine.extents, &cleaned[0], true);
	}
	while (cleaning < cleaners &&
	       extent_clean_begin(&machine.extents, SCRUB_STEP, &cleaned[cleaning]))
		cleaning++;
}

static uint64_t held(bool pool)
{
	return extent_size_of(&machine.extents, creation_tag(pool));
}

/* Calls the step until it need not wait; each time a CPU becomes ready. Answers how often it had to. */
static unsigned take_all(void)
{
	unsigned waits = 0;
	int err;

	while ((err = create_step_memory()) == ERR_AGAIN) {
		assert_true(cleaning);
		extent_clean_end(&machine.extents, &cleaned[--cleaning], true);
		waits++;
	}
	assert_int_equal(err, ERR_NONE);
	return waits;
}

/* The pieces are the ranges, in their order, and each is the partition's. */
static void assert_taken(void)
{
	const struct memory_piece *piece = making.pieces;
	uint64_t size = 0;

	for (uint32_t i = 0; i < making.desc.range_count; i++) {
		const struct part_range *range = &making.desc.ranges[i];

		for (uint64_t at = 0; at < range->size; at += piece++->size) {
			assert_true(piece->gpa == range->gpa + at);
			assert_true(extent_owned(&machine.extents, piece->hpa, piece->size,
						 creation_tag(false)));
		}
		size += range->size;
	}
	assert_ptr_equal(piece, &making.pieces[making.piece_count]);
	assert_true(held(false) == size);
	assert_true(held(true) == making.plan.pool_pages * PAGE_SIZE);
	assert_true(making.pool.size == held(true));
}

static void test_waits_for_what_is_being_cleaned(void **state)
{
	(void)state;
	prepare(MIB(8), KIB(640), MIB(5), MIB(1));
	clean(MIB(5) / SCRUB_STEP, 1);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(create_step_memory(), ERR_AGAIN);
		assert_true(held(false) == KIB(640) + MIB(3));
		assert_true(held(true) == MIB(1));
	}
	extent_clean_end(&machine.extents, &cleaned[0], true);
	assert_int_equal(create_step_memory(), ERR_NONE);
	assert_taken();
}

/* To the last page: whatever is being cleaned is needed. Large pages are not at stake below 2 MiB. */
static void test_takes_all_there_is(void **state)
{
	unsigned waits = 0;
	(void)state;

	for (uint64_t low = PAGE_SIZE; low <= KIB(640); low += KIB(28))
		for (uint64_t pool = PAGE_SIZE; pool <= MIB(2); pool += KIB(252))
			for (unsigned steps = 0; steps < 24; steps++)
				for (unsigned cleaners = 1; cleaners <= CLEANERS; cleaners++) {
					prepare(low + KIB(900) + pool, low, KIB(900), pool);
					clean(steps, cleaners);
					waits += take_all();
					assert_taken();
				}
	assert_true(waits > 1000);
}

/* With large pages, whose blocks may be the ones that are being cleaned. */
static void test_takes_large_blocks(void **state)
{
	unsigned waits = 0;
	(void)state;

	for (uint64_t high = MIB(30); high <= MIB(62); high += MIB(1))
		for (uint64_t pool = MIB(1); pool <= MIB(4); pool += KIB(256))
			for (unsigned steps = 0; steps < 540; steps += 7) {
				prepare(high + pool + MIB(5), KIB(640), high, pool);
				clean(steps, CLEANERS);
				waits += take_all();
				assert_taken();
			}
	assert_true(waits > 100);
}

/* Wherever it had to wait, all goes back. */
static void test_gives_all_back(void **state)
{
	(void)state;
	for (unsigned steps = 0; steps < 16; steps++) {
		prepare(KIB(900) + MIB(1), KIB(640), KIB(260), MIB(1));
		clean(steps, CLEANERS);
		while (create_step_memory() == ERR_AGAIN) {
			uint64_t size = held(false) + held(true);

			assert_true(extent_release_slot(&machine.extents, making.slot) == size);
			assert_true(held(false) + held(true) == 0);
			making.index = making.piece_count = 0;
			making.offset = making.pool.size = 0;
			extent_clean_end(&machine.extents, &cleaned[--cleaning], true);
		}
		assert_taken();
	}
}

static void test_too_much(void **state)
{
	(void)state;
	prepare(MIB(16), KIB(640), MIB(20), MIB(1));
	assert_int_equal(create_step_memory(), ERR_NOMEM);
	prepare(MIB(1), KIB(640), MIB(20), MIB(2));
	assert_int_equal(create_step_memory(), ERR_NOMEM);
	assert_true(held(false) + held(true) == 0);
}

static void next_step(int (*step)(void))
{
	making.index = 0;
	making.offset = 0;
	while (step() == ERR_AGAIN)
		assert_true(making.index <= making.piece_count);
}

/* The steps after it: what is not clean is scrubbed, and all of it mapped for the guest and its VMM. */
static void test_scrubs_and_maps(void **state)
{
	static struct partition part;
	uint64_t dirty = 0;
	(void)state;

	prepare(MIB(68), KIB(640), MIB(40), MIB(2));
	clean(300, 0);
	take_all();
	for (uint32_t i = 0; i < making.piece_count; i++)
		dirty += making.pieces[i].clean ? 0 : making.pieces[i].size;
	dirty += making.pool.clean ? 0 : making.pool.size;
	scrubbed = mapped[0] = mapped[1] = 0;
	next_step(create_step_scrub);
	assert_true(dirty && scrubbed == dirty);
	making.part = &part;
	next_step(create_step_guest_memory);
	assert_true(mapped[0] == held(false) && mapped[1] == held(false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_for_what_is_being_cleaned),
		cmocka_unit_test(test_takes_all_there_is),
		cmocka_unit_test(test_takes_large_blocks),
		cmocka_unit_test(test_gives_all_back),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_scrubs_and_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
