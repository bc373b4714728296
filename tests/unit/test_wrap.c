/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines break at blanks, and lose nothing. */
/* sources: console/wrap.c */
#include "console/wrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Expects the lines of a text, parted by |. */
static void expect(const char *text, size_t columns, const char *lines)
{
	char got[256] = "";

	while (*text) {
		size_t length = wrap_length(text, columns);

		strncat(got, text, length);
		text = wrap_next(text, length);
		if (*text)
			strcat(got, "|");
	}
	assert_string_equal(got, lines);
}

static void test_wrap(void **state)
{
	(void)state;
	expect("", 5, "");
	expect("abc", 5, "abc");
	expect("abcde", 5, "abcde");
	expect("abcde f", 5, "abcde|f");
	expect("abcd ef", 5, "abcd|ef");
	expect("ab cd ef", 5, "ab cd|ef");
	expect("ab cdef g", 5, "ab|cdef|g");
	expect("ab\ncd ef", 5, "ab|cd ef");
	expect("abcd   ef", 5, "abcd|ef");
	/* A word that is too long is broken where the line is full. */
	expect("abcdefgh ij", 5, "abcde|fgh|ij");
	expect("abcdefgh", 5, "abcde|fgh");
	expect("ab cdefghij k", 5, "ab|cdefg|hij k");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_wrap)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
