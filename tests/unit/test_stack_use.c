/* SPDX-License-Identifier: BSD-2-Clause */
/* The high-water mark of a stack (THREATS I07). */
#include "arch/x86_64/stack_use.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { WORDS = 64 };

static void test_mark(void **state)
{
	uint64_t stack[WORDS + 1];

	(void)state;
	stack[WORDS] = 7; /* what is above it */
	stack_fill(stack, WORDS * sizeof(stack[0]));
	assert_int_equal(stack_used(stack, WORDS * sizeof(stack[0])), 0);
	for (unsigned used = 1; used <= WORDS; used++) {
		stack[WORDS - used] = 0;
		assert_int_equal(stack_used(stack, WORDS * sizeof(stack[0])),
				 used * sizeof(stack[0]));
	}
	assert_int_equal(stack[WORDS], 7);
}

/* What was skipped over counts as used. */
static void test_hole(void **state)
{
	uint64_t stack[WORDS];

	(void)state;
	stack_fill(stack, sizeof(stack));
	stack[3] = 1;
	assert_int_equal(stack_used(stack, sizeof(stack)), sizeof(stack) - 3 * sizeof(stack[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_hole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
