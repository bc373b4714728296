/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib/format: against the host's own printf where both promise the same, and cut at every length.
 */
/* sources: lib/format.c */
#include "lib/format.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Both printfs get the same; then ours again into every smaller buffer. */
static void printf_like(1, 2) expect_as_host(const char *text, ...)
{
	char should[512], is[512];
	va_list args;
	size_t length;

	va_start(args, text);
	vsnprintf(should, sizeof(should), text, args);
	va_end(args);
	va_start(args, text);
	length = vformat(is, sizeof(is), text, args);
	va_end(args);
	assert_string_equal(is, should);
	assert_int_equal(length, strlen(should));
	for (size_t size = 1; size <= length; size++) {
		memset(is, '#', sizeof(is));
		va_start(args, text);
		assert_int_equal(vformat(is, size, text, args), size - 1);
		va_end(args);
		assert_memory_equal(is, should, size - 1);
		assert_int_equal(is[size - 1], '\0');
		assert_int_equal(is[size], '#');
	}
}

static void test_integers(void **state)
{
	static const long values[] = {0,  1,	   -1,	    9,	      10,      -10,
				      42, INT_MAX, INT_MIN, LONG_MAX, LONG_MIN};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		long v = values[i];

		expect_as_host("%d|%i|%u|%x|%X", (int)v, (int)v, (unsigned)v, (unsigned)v,
			       (unsigned)v);
		expect_as_host("%ld|%lu|%lx|%lX", v, (unsigned long)v, (unsigned long)v,
			       (unsigned long)v);
		expect_as_host("%lld|%llu|%llx", (long long)v, (unsigned long long)v,
			       (unsigned long long)v);
		expect_as_host("%zd|%zu|%zx", (ssize_t)v, (size_t)v, (size_t)v);
		expect_as_host("[%8d][%-8d][%08d][%1d]", (int)v, (int)v, (int)v, (int)v);
		expect_as_host("[%20lx][%-20lx][%020lx]", (unsigned long)v, (unsigned long)v,
			       (unsigned long)v);
		expect_as_host("[%*d][%-*d]", 12, (int)v, 12, (int)v);
	}
}

static void test_texts(void **state)
{
	static const char no_end[3] = {'a', 'b', 'c'};

	(void)state;
	expect_as_host("plain");
	expect_as_host("100%% of %c%c", 'o', 'k');
	expect_as_host("[%s][%10s][%-10s][%2s]", "text", "text", "text", "text");
	expect_as_host("[%.2s][%.0s][%.9s][%8.3s][%-8.3s]", "text", "text", "text", "text", "text");
	expect_as_host("[%.3s][%.*s]", no_end, 2, no_end);
	expect_as_host("[%5c][%-5c]", 'x', 'y');
	expect_as_host("[%p]", (void *)0x1234abcd);
}

/* What C leaves open, or we do differently on purpose. */
static void test_own(void **state)
{
	char is[64];
	const char *volatile none = NULL;
	const char *volatile unknown = "a %q b %5f%";

	(void)state;
	format(is, sizeof(is), "%s", none);
	assert_string_equal(is, "(null)");
	format(is, sizeof(is), "%p", (void *)0);
	assert_string_equal(is, "0x0");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
	format(is, sizeof(is), unknown);
#pragma GCC diagnostic pop
	assert_string_equal(is, "a %q b %5f%");
	assert_int_equal(format(NULL, 0, "%d", 5), 0);
	/* A hostile width costs bounded time. */
	assert_int_equal(format(is, sizeof(is), "%*d", 2000000000, 1), sizeof(is) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
