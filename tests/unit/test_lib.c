/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/string, lib/copy and lib/scale: against plain loops and the statements of their headers. */
/* sources: lib/string.c lib/copy.c */
#include "lib/string.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/copy.h"
#include "lib/scale.h"
#include "lib/spinlock.h"

enum { AREA = 96 };

noreturn void assert_failed(const char *expression, const char *file, int line)
{
	print_error("%s:%d: %s\n", file, line, expression);
	abort();
}

/* volatile, so that the compiler calls the functions and does not expand them. */
static void *(*volatile do_copy)(void *restrict, const void *restrict, size_t) = memcpy;
static void *(*volatile do_move)(void *, const void *, size_t) = memmove;
static void *(*volatile do_set)(void *, int, size_t) = memset;
static int (*volatile do_compare)(const void *, const void *, size_t) = memcmp;

static void fill(unsigned char *bytes)
{
	for (size_t i = 0; i < AREA; i++)
		bytes[i] = (unsigned char)(i * 7 + 1);
}

static void expect_same(const unsigned char *a, const unsigned char *b)
{
	for (size_t i = 0; i < AREA; i++)
		assert_int_equal(a[i], b[i]);
}

/* Every offset and length: what is moved, and that nothing beside it is touched. */
static void test_move(void **state)
{
	(void)state;
	for (size_t to = 0; to < 32; to++)
		for (size_t from = 0; from < 32; from++)
			for (size_t count = 0; count <= 64; count += count < 20 ? 1 : 11) {
				unsigned char is[AREA], should[AREA], old[AREA];

				fill(is);
				fill(should);
				fill(old);
				for (size_t i = 0; i < count; i++)
					should[to + i] = old[from + i];
				assert_ptr_equal(do_move(is + to, is + from, count), is + to);
				expect_same(is, should);
			}
}

static void test_copy_and_set(void **state)
{
	(void)state;
	for (size_t to = 0; to < 16; to++)
		for (size_t count = 0; count <= 40; count++) {
			unsigned char is[AREA], should[AREA], source[AREA];

			fill(is);
			fill(should);
			for (size_t i = 0; i < AREA; i++)
				source[i] = (unsigned char)(200 - i);
			for (size_t i = 0; i < count; i++)
				should[to + i] = source[3 + i];
			assert_ptr_equal(do_copy(is + to, source + 3, count), is + to);
			expect_same(is, should);
			for (size_t i = 0; i < count; i++)
				should[to + i] = 0x9c;
			assert_ptr_equal(do_set(is + to, 0x59c, count), is + to);
			expect_same(is, should);
		}
}

static void test_compare(void **state)
{
	unsigned char a[AREA], b[AREA];

	(void)state;
	fill(a);
	fill(b);
	assert_int_equal(do_compare(a, b, AREA), 0);
	for (size_t at = 0; at < AREA; at++) {
		b[at] = (unsigned char)(a[at] ^ 0x80);
		assert_int_equal(do_compare(a, b, at), 0);
		assert_int_equal(do_compare(a, b, AREA), a[at] < b[at] ? -1 : 1);
		b[at] = a[at];
	}
}

static void test_strings(void **state)
{
	const char *text = "hello";
	volatile size_t limit = 9;

	(void)state;
	assert_int_equal(strlen(""), 0);
	assert_int_equal(strlen(text), 5);
	assert_int_equal(strnlen(text, 3), 3);
	assert_int_equal(strnlen(text, limit), 5);
	assert_int_equal(strcmp("abc", "abc"), 0);
	assert_true(strcmp("abc", "abd") < 0);
	assert_true(strcmp("abc", "ab") > 0);
	assert_true(strcmp("\x80", "a") > 0);
	assert_int_equal(strncmp("abc", "abd", 2), 0);
	assert_true(strncmp("abc", "abd", 3) < 0);
	assert_int_equal(strncmp("ab", "ab", 9), 0);
	assert_ptr_equal(strchr(text, 'l'), text + 2);
	assert_ptr_equal(strchr(text, '\0'), text + 5);
	assert_null(strchr(text, 'z'));
}

static void test_str_copy(void **state)
{
	char to[6] = "zzzzz";

	(void)state;
	assert_true(str_copy(to, sizeof(to), "hello"));
	assert_string_equal(to, "hello");
	assert_false(str_copy(to, sizeof(to), "hello!"));
	assert_string_equal(to, "hello");
	assert_false(str_copy(to, 1, "x"));
	assert_string_equal(to, "");
	assert_true(str_starts("partition", "part"));
	assert_true(str_starts("part", ""));
	assert_false(str_starts("par", "part"));
}

static void expect_number(const char *text, bool good, uint64_t should)
{
	uint64_t is = 12345;

	assert_int_equal(str_to_u64(text, strlen(text), &is), good);
	assert_true(is == (good ? should : 12345));
}

static void test_numbers(void **state)
{
	uint64_t value;

	(void)state;
	expect_number("0", true, 0);
	expect_number("0009", true, 9);
	expect_number("18446744073709551615", true, UINT64_MAX);
	expect_number("18446744073709551616", false, 0);
	expect_number("28446744073709551615", false, 0);
	expect_number("0xffffffffffffffff", true, UINT64_MAX);
	expect_number("0XaBcDeF", true, 0xabcdef);
	expect_number("0x10000000000000000", false, 0);
	expect_number("", false, 0);
	expect_number("0x", false, 0);
	expect_number("x1", false, 0);
	expect_number("-1", false, 0);
	expect_number("+1", false, 0);
	expect_number(" 1", false, 0);
	expect_number("1a", false, 0);
	expect_number("0xg", false, 0);
	assert_true(str_to_u64("123", 2, &value));
	assert_true(value == 12);
}

/* Error below one part in 10^11 over a year, both ways; no overflow at the end of the scale. */
static void test_scale(void **state)
{
	static const uint32_t rates[] = {1000,	  3579,	   1000000,	     1000001,
					 2399987, 3500000, SCALE_KHZ_MAX - 1};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
		for (size_t j = 0; j < ARRAY_SIZE(rates); j++) {
			struct scale scale = scale_make(rates[i], rates[j]);
			uint64_t year = 365ULL * 86400 * 1000 * rates[i];
			uint64_t is = scale_apply(scale, year),
				 should = 365ULL * 86400 * 1000 * rates[j];

			assert_true(is <= should);
			assert_true(should - is <= should / 100000000000 + 1);
			assert_true(scale_apply(scale, 0) == 0);
		}
	assert_true(scale_apply(scale_make(1, 1), UINT64_MAX) == UINT64_MAX);
	assert_true(scale_apply(scale_make(1, 2), UINT64_MAX) == UINT64_MAX);
	assert_true(scale_apply(scale_make(2, 1), UINT64_MAX) == UINT64_MAX / 2);
}

static void test_masks(void **state)
{
	(void)state;
	assert_true(BITS(63, 0) == UINT64_MAX);
	assert_true(BITS(7, 4) == 0xf0);
	assert_true(BITS(63, 63) == BIT(63));
	assert_true(ALIGN_UP(1, 4096) == 4096 && ALIGN_UP(4096, 4096) == 4096 &&
		    ALIGN_DOWN(8191, 4096) == 4096);
}

/* Over the wrap of the tickets, too: free, held, waited for. */
static void test_trylock(void **state)
{
	(void)state;
	for (uint32_t ticket = 0; ticket <= UINT16_MAX; ticket++) {
		spinlock_t lock = {.next = (uint16_t)ticket, .owner = (uint16_t)ticket};

		assert_true(spin_trylock(&lock));
		assert_int_equal(lock.next, (uint16_t)(ticket + 1));
		assert_int_equal(lock.owner, ticket);
		assert_false(spin_trylock(&lock));
		assert_int_equal(lock.next, (uint16_t)(ticket + 1));
		spin_unlock(&lock);
		assert_false(spin_is_locked(&lock));
		spin_lock(&lock);
		assert_false(spin_trylock(&lock));
		spin_unlock(&lock);
		assert_true(spin_trylock(&lock));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_move),	 cmocka_unit_test(test_copy_and_set),
		cmocka_unit_test(test_compare),	 cmocka_unit_test(test_strings),
		cmocka_unit_test(test_str_copy), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_scale),	 cmocka_unit_test(test_masks),
		cmocka_unit_test(test_trylock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
