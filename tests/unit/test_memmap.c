/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map against a model that knows of each byte what it is: exact while there is room, and
 * beyond that never RAM too much and never a reservation too little.
 */
/* sources: boot/memmap.c boot/note.c boot/option.c lib/format.c */
#include "boot/memmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/option.h"
#include "tests/unit/random.h"

enum { MODEL_PAGES = 24, MODEL_BYTES = MODEL_PAGES * 4096, RANDOM_MAPS = 3000 };

static struct memmap map;
static struct boot_info info;

static uint64_t random_below(uint64_t limit)
{
	return next_random() % limit;
}

static void begin(void)
{
	memset(&info, 0, sizeof(info));
	memmap_init(&map);
}

static void check_shape(void)
{
	assert_true(info.range_count <= BOOT_MAX_RANGES);
	for (uint32_t i = 0; i < info.range_count; i++) {
		const struct boot_range *range = &info.ranges[i];

		assert_true(range->start < range->end);
		assert_int_equal(range->start % PAGE_SIZE, 0);
		assert_int_equal(range->end % PAGE_SIZE, 0);
		assert_true(range->kind >= BOOT_RAM && range->kind <= BOOT_BAD);
		if (i > 0)
			assert_true(info.ranges[i - 1].end <= range->start);
		/* Neighbours of one kind are one range. */
		if (i > 0 && info.ranges[i - 1].end == range->start)
			assert_int_not_equal(info.ranges[i - 1].kind, range->kind);
	}
}

/* What the result says of a page; 0: nothing. */
static unsigned int kind_of(hpa_t page)
{
	for (uint32_t i = 0; i < info.range_count; i++) {
		if (info.ranges[i].start <= page && page < info.ranges[i].end)
			return info.ranges[i].kind;
	}
	return 0;
}

/* The model: of each byte, the bits of all kinds that were given. */
static uint8_t model[MODEL_BYTES];

static void model_add(hpa_t start, uint64_t size, enum boot_memory kind)
{
	for (hpa_t at = start; at < start + size; at++)
		model[at] |= (uint8_t)(1 << kind);
}

static unsigned int model_kind(uint32_t page)
{
	unsigned int all = 0xff, any = 0;

	for (uint32_t i = 0; i < PAGE_SIZE; i++) {
		all &= model[page * PAGE_SIZE + i];
		any |= model[page * PAGE_SIZE + i];
	}
	for (unsigned int kind = BOOT_BAD; kind > BOOT_RAM; kind--) {
		if (any & (1U << kind))
			return kind;
	}
	return all & (1U << BOOT_RAM) ? BOOT_RAM : 0;
}

/* Half of the ends on pages, half of them anywhere. */
static hpa_t random_address(hpa_t limit)
{
	hpa_t address = random_below(limit + 1);

	return random_below(2) ? ALIGN_DOWN(address, PAGE_SIZE) : address;
}

static void add_random(void)
{
	hpa_t a = random_address(MODEL_BYTES), b = random_address(MODEL_BYTES);
	enum boot_memory kind = random_below(2)
					? BOOT_RAM
					: (enum boot_memory)(BOOT_RAM + random_below(BOOT_BAD));
	hpa_t start = MIN(a, b), size = MAX(a, b) - start;

	/* Mostly short ones, so that there are many edges. */
	if (random_below(4) && size > 0)
		size = random_below(MIN(size, 3 * PAGE_SIZE));
	memmap_add(&map, start, size, kind);
	model_add(start, size, kind);
}

static void test_random_maps_match_the_model(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < RANDOM_MAPS; round++) {
		unsigned int entries = (unsigned int)random_below(30);

		begin();
		memset(model, 0, sizeof(model));
		for (unsigned int i = 0; i < entries; i++)
			add_random();
		memmap_finish(&map, &info);
		check_shape();
		for (uint32_t page = 0; page < MODEL_PAGES; page++)
			assert_int_equal(kind_of(page * PAGE_SIZE), model_kind(page));
		assert_int_equal(info.note_count, 0);
	}
}

/* The same by pages, for maps that do not fit. */
enum { MANY_PAGES = 20000 };
static uint8_t pages[MANY_PAGES];

static void add_pages(uint32_t first, uint32_t count, enum boot_memory kind)
{
	memmap_add(&map, first * PAGE_SIZE, count * PAGE_SIZE, kind);
	for (uint32_t i = first; i < first + count; i++)
		pages[i] = MAX(pages[i], (uint8_t)kind);
}

static void check_safe(void)
{
	check_shape();
	for (uint32_t page = 0; page < MANY_PAGES; page++) {
		unsigned int kind = kind_of(page * PAGE_SIZE);

		if (pages[page] > BOOT_RAM)
			assert_true(kind >= pages[page]);
		else
			assert_true(kind != BOOT_RAM || pages[page] == BOOT_RAM);
	}
}

static uint64_t ram_pages(void)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < info.range_count; i++) {
		if (info.ranges[i].kind == BOOT_RAM)
			count += (info.ranges[i].end - info.ranges[i].start) / PAGE_SIZE;
	}
	return count;
}

/* L02: 10^4 entries, unsorted. */
static void test_endless_maps_degrade_safely(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 8; round++) {
		begin();
		memset(pages, 0, sizeof(pages));
		for (unsigned int i = 0; i < 10000; i++)
			add_pages((uint32_t)random_below(MANY_PAGES - 2),
				  1 + (uint32_t)random_below(2),
				  random_below(2 + round) ? BOOT_RAM
							  : (enum boot_memory)(2 + random_below(4)));
		memmap_finish(&map, &info);
		check_safe();
		assert_true(info.note_count > 0);
		assert_true(ram_pages() > 0);
	}
}

static void test_ram_that_does_not_fit_is_the_smallest(void **state)
{
	(void)state;
	begin();
	memset(pages, 0, sizeof(pages));
	for (uint32_t i = 0; i < 5000; i++)
		add_pages(i * 2, 1, BOOT_RAM);
	add_pages(12000, 8000, BOOT_RAM);
	add_pages(13000, 1, BOOT_BAD);
	memmap_finish(&map, &info);
	check_safe();
	assert_int_equal(info.range_count, BOOT_MAX_RANGES);
	assert_int_equal(kind_of(12999 * PAGE_SIZE), BOOT_RAM);
	assert_int_equal(kind_of(13000 * PAGE_SIZE), BOOT_BAD);
	assert_int_equal(kind_of(13001 * PAGE_SIZE), BOOT_RAM);
	assert_non_null(strstr(info.notes[0], "pieces of RAM are lost"));
}

static void test_reservations_that_do_not_fit_cost_ram(void **state)
{
	(void)state;
	begin();
	memset(pages, 0, sizeof(pages));
	add_pages(0, MANY_PAGES, BOOT_RAM);
	for (uint32_t i = 0; i < 5000; i++)
		add_pages(i * 3, 1, BOOT_RESERVED);
	memmap_finish(&map, &info);
	check_safe();
	/* The RAM behind the last of them is not theirs. */
	assert_int_equal(kind_of(19999 * PAGE_SIZE), BOOT_RAM);
	assert_true(ram_pages() >= MANY_PAGES - 15000);
	assert_non_null(strstr(info.notes[0], "too many reservations"));
}

static void test_wraps_and_zero(void **state)
{
	(void)state;
	begin();
	memmap_add(&map, MIB(1), 0, BOOT_RAM);
	memmap_add(&map, MIB(3), 0, BOOT_BAD);
	memmap_add(&map, GIB(1), ~0ULL, BOOT_RAM);
	memmap_add(&map, BIT(52) - MIB(1), MIB(2), BOOT_RAM);
	memmap_add(&map, ~0ULL, 1, BOOT_RAM);
	memmap_add(&map, ~0ULL, 1, BOOT_RESERVED);
	memmap_add(&map, MIB(4), MIB(4), BOOT_RAM);
	memmap_add(&map, BIT(52) - MIB(4), MIB(2), BOOT_RAM);
	memmap_add(&map, BIT(52) - MIB(3), ~0ULL, BOOT_RESERVED);
	memmap_finish(&map, &info);
	check_shape();
	assert_int_equal(info.range_count, 3);
	assert_int_equal(kind_of(MIB(4)), BOOT_RAM);
	assert_int_equal(kind_of(BIT(52) - MIB(4)), BOOT_RAM);
	assert_int_equal(kind_of(BIT(52) - MIB(3)), BOOT_RESERVED);
	assert_int_equal(info.ranges[2].end, BIT(52));
	assert_int_equal(info.note_count, 1);
	assert_non_null(strstr(info.notes[0], "3 RAM entries end beyond"));
}

static void test_neighbours_merge_before_rounding(void **state)
{
	(void)state;
	begin();
	memmap_add(&map, 0x1800, 0x1000, BOOT_RAM);
	memmap_add(&map, 0x800, 0x1000, BOOT_RAM);
	memmap_finish(&map, &info);
	assert_int_equal(info.range_count, 1);
	assert_int_equal(info.ranges[0].start, 0x1000);
	assert_int_equal(info.ranges[0].end, 0x2000);
}

static void test_unknown_kind_is_reserved(void **state)
{
	(void)state;
	begin();
	memmap_add(&map, MIB(1), MIB(1), (enum boot_memory)0);
	memmap_add(&map, MIB(4), MIB(1), (enum boot_memory)6);
	memmap_finish(&map, &info);
	assert_int_equal(kind_of(MIB(1)), BOOT_RESERVED);
	assert_int_equal(kind_of(MIB(4)), BOOT_RESERVED);
}

static void test_is_ram(void **state)
{
	(void)state;
	begin();
	memmap_add(&map, MIB(1), MIB(4), BOOT_RAM);
	memmap_add(&map, MIB(2), MIB(1), BOOT_RESERVED);
	memmap_finish(&map, &info);
	assert_true(memmap_is_ram(&info, MIB(1), MIB(2)));
	assert_true(memmap_is_ram(&info, MIB(3), MIB(5)));
	assert_false(memmap_is_ram(&info, MIB(1), MIB(2) + 1));
	assert_false(memmap_is_ram(&info, MIB(1), MIB(4)));
	assert_false(memmap_is_ram(&info, MIB(2), MIB(3)));
	assert_false(memmap_is_ram(&info, MIB(4), MIB(4)));
	assert_false(memmap_is_ram(&info, MIB(4), MIB(6)));
	assert_true(boot_has_ram(&info, MIB(1), MIB(4)));
	assert_true(boot_has_ram(&info, MIB(2) - 1, MIB(2)));
	assert_false(boot_has_ram(&info, MIB(2), MIB(3)));
	assert_false(boot_has_ram(&info, MIB(1), MIB(1)));
}

static void expect_option(const char *key, enum boot_option found, const char *value)
{
	char text[8];

	assert_int_equal(boot_option(&info, key, text, sizeof(text)), found);
	assert_string_equal(text, value);
}

static void test_options(void **state)
{
	(void)state;
	strcpy(info.cmdline, "  serial=com1 debug  x= seriale=no log=12345678 a=b=c last=1 last=2");
	expect_option("serial", BOOT_OPTION_SET, "com1");
	expect_option("debug", BOOT_OPTION_SET, "");
	expect_option("x", BOOT_OPTION_SET, "");
	expect_option("log", BOOT_OPTION_CUT, "1234567");
	expect_option("a", BOOT_OPTION_SET, "b=c");
	expect_option("last", BOOT_OPTION_SET, "2");
	expect_option("seria", BOOT_OPTION_ABSENT, "");
	expect_option("com1", BOOT_OPTION_ABSENT, "");
	assert_true(boot_option_is(&info, "serial", "com1"));
	assert_true(boot_option_is(&info, "last", "2"));
	assert_false(boot_option_is(&info, "serial", "com"));
	assert_false(boot_option_is(&info, "debug", "com1"));
	assert_false(boot_option_is(&info, "com1", ""));
	strcpy(info.cmdline, "");
	expect_option("serial", BOOT_OPTION_ABSENT, "");
	strcpy(info.cmdline, " ");
	expect_option("serial", BOOT_OPTION_ABSENT, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_maps_match_the_model),
		cmocka_unit_test(test_endless_maps_degrade_safely),
		cmocka_unit_test(test_ram_that_does_not_fit_is_the_smallest),
		cmocka_unit_test(test_reservations_that_do_not_fit_cost_ram),
		cmocka_unit_test(test_wraps_and_zero),
		cmocka_unit_test(test_neighbours_merge_before_rounding),
		cmocka_unit_test(test_unknown_kind_is_reserved),
		cmocka_unit_test(test_is_ram),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
