/* SPDX-License-Identifier: BSD-2-Clause */
/* An embedded program: parsed, mapped as its headers say, its data fresh at each start. */
/* sources: kernel/user_image.c arch/x86_64/paging.c arch/x86_64/page_pool.c arch/x86_64/page_walk.c
 * arch/x86_64/page_format.c */
#include "tests/unit/page_fixture.h"

#include "arch/x86_64/kernel_space.h"
#include "kernel/user_image.h"

enum { HEADER = 64, PROGRAM = 56, TEXT = 0x1000, DATA = 0x3000, FILE_SIZE = 0x4000 };

static uint8_t file[FILE_SIZE] __attribute__((aligned(4096)));

hpa_t kernel_image_pa(const void *va)
{
	return 0x200000 + (hpa_t)((const uint8_t *)va - file);
}

static void put(unsigned at, uint64_t value, unsigned size)
{
	memcpy(file + at, &value, size);
}

static void program(unsigned index, uint32_t type, uint32_t flags, uint64_t offset, uint64_t va,
		    uint64_t file_size, uint64_t memory_size)
{
	unsigned at = HEADER + index * PROGRAM;

	put(at, type, 4);
	put(at + 4, flags, 4);
	put(at + 8, offset, 8);
	put(at + 16, va, 8);
	put(at + 32, file_size, 8);
	put(at + 40, memory_size, 8);
}

static int set_up(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FILE_SIZE; i++)
		file[i] = (uint8_t)(i * 7 + 1);
	memset(file, 0, HEADER + 4 * PROGRAM);
	memcpy(file, "\177ELF", 4);
	put(24, 0x401000, 8);
	put(32, HEADER, 8);
	put(56, 4, 2);
	program(0, 1, 5, TEXT, 0x401000, 0x1800, 0x1800);
	program(1, 0x6474e551, 6, 0, 0, 0, 0); /* no part of the image */
	program(2, 1, 6, DATA, 0x404000, 0x10, 0x2010);
	program(3, 1, 4, 0, 0x400000, 0, 0); /* empty */
	return 0;
}

static void test_parse(void **state)
{
	struct user_image image;
	(void)state;

	user_image_parse(file, file + FILE_SIZE, &image);
	assert_int_equal(image.entry, 0x401000);
	assert_int_equal(image.count, 2);
	assert_int_equal(image.segments[0].prot, PAGE_USER | PAGE_READ | PAGE_EXEC);
	assert_int_equal(image.segments[1].prot, PAGE_USER | PAGE_READ | PAGE_WRITE);
	assert_ptr_equal(image.segments[1].bytes, file + DATA);
	assert_int_equal(user_image_data_pages(&image), 3);
}

static void test_a_bad_build_is_noticed(void **state)
{
	struct user_image image;
	(void)state;

	program(0, 1, 7, TEXT, 0x401000, 0x1800, 0x1800);
	expect_assert_failure(user_image_parse(file, file + FILE_SIZE, &image));
	set_up(NULL);
	program(0, 1, 5, TEXT + 1, 0x401000, 0x1800, 0x1800);
	expect_assert_failure(user_image_parse(file, file + FILE_SIZE, &image));
	set_up(NULL);
	expect_assert_failure(user_image_parse(file, file + DATA, &image));
	file[1] = 'X';
	expect_assert_failure(user_image_parse(file, file + FILE_SIZE, &image));
}

static void test_map(void **state)
{
	struct user_image image;
	struct page_mapping mapping;
	struct page_fixture f;
	uint8_t *data;
	(void)state;

	user_image_parse(file, file + FILE_SIZE, &image);
	fixture_make(&f, 40);
	assert_int_equal(page_space_init(&f.space, &page_format_host, &f.pool, PAGE_LEVEL_2M, 0,
					 BIT(47) - 1),
			 0);
	data = page_pool_alloc_block(&f.pool, user_image_data_pages(&image));
	assert_non_null(data);
	assert_int_equal(user_image_map(&image, &f.space, data, &f.pool), 0);
	assert_true(page_lookup(&f.space, 0x402000, &mapping));
	assert_int_equal(mapping.pa, 0x200000 + TEXT + 0x1000);
	assert_int_equal(mapping.prot, PAGE_USER | PAGE_READ | PAGE_EXEC);
	assert_true(page_lookup(&f.space, 0x406000, &mapping));
	assert_int_equal(mapping.pa, page_pool_pa(&f.pool, data) + 0x2000);
	assert_int_equal(mapping.prot, PAGE_USER | PAGE_READ | PAGE_WRITE);
	assert_false(page_lookup(&f.space, 0x403000, &mapping));
	assert_false(page_lookup(&f.space, 0x407000, &mapping));
	fixture_free(&f);
}

static void test_reset(void **state)
{
	struct user_image image;
	uint8_t data[0x3000 + 16];
	(void)state;

	user_image_parse(file, file + FILE_SIZE, &image);
	memset(data, 0xa5, sizeof(data));
	user_image_reset(&image, data);
	assert_memory_equal(data, file + DATA, 0x10);
	for (unsigned i = 0x10; i < 0x3000; i++)
		assert_int_equal(data[i], 0);
	assert_int_equal(data[0x3000], 0xa5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_parse, set_up),
		cmocka_unit_test_setup(test_a_bad_build_is_noticed, set_up),
		cmocka_unit_test_setup(test_map, set_up),
		cmocka_unit_test_setup(test_reset, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
