/* SPDX-License-Identifier: BSD-2-Clause */
/* The panic's backtrace: right on a good stack, and bounded and within it on a bad one. */
/* sources: kernel/backtrace.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "arch/x86_64/percpu.h"
#include "kernel/backtrace.h"
#include "kernel/symbols.h"

enum { WORDS = 64 };

/* The linker's symbols: a text of a page, a page behind the image's start; a stack. */
__asm__(".bss\n.balign 4096\n"
	".globl kernel_start, text_start, text_end\n"
	"kernel_start: .skip 4096\ntext_start: .skip 4096\ntext_end:\n"
	".globl boot_stack, boot_stack_end\n"
	"boot_stack: .skip 512\nboot_stack_end: .skip 512\n.text\n");

extern const uint8_t text_start[], text_end[], boot_stack_end[];
extern uint64_t boot_stack[];

const uint32_t symbol_count = 3;
const struct symbol symbol_table[] = {{4096 + 16, 0}, {4096 + 32, 6}, {4096 + 100, 13}};
const char symbol_names[] = "first\0second\0third";

bool percpu_exists(unsigned number)
{
	return number == 3;
}

static uint64_t code(unsigned offset)
{
	return (uint64_t)text_start + offset;
}

static uint64_t stack_at(unsigned word)
{
	return (uint64_t)&boot_stack[word];
}

static void test_symbols(void **state)
{
	static const struct {
		unsigned at;
		const char *name;
		uint64_t offset;
	} cases[] = {
		{0, "?", 0},	   {15, "?", 0},	  {16, "first", 0},
		{31, "first", 15}, {32, "second", 0},	  {99, "second", 67},
		{100, "third", 0}, {4095, "third", 3995}, {4096, "?", 0},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct backtrace_symbol symbol = backtrace_symbol(code(cases[i].at));

		assert_string_equal(symbol.name, cases[i].name);
		assert_int_equal(symbol.offset, cases[i].offset);
	}
	assert_string_equal(backtrace_symbol(0).name, "?");
	assert_string_equal(backtrace_symbol(~0ULL).name, "?");
}

static void test_stacks(void **state)
{
	uint64_t start, end, block = percpu_address(3);
	(void)state;

	assert_false(backtrace_stack_of(block + 0xfff, &start, &end));
	assert_true(backtrace_stack_of(block + 0x1000, &start, &end));
	assert_int_equal(start, block + 0x1000);
	assert_int_equal(end, block + 0x5000);
	assert_false(backtrace_stack_of(block + 0x5000, &start, &end));
	assert_true(backtrace_stack_of(block + 0x7ff8, &start, &end));
	assert_true(backtrace_stack_of(block + 0x9000, &start, &end));
	assert_true(backtrace_stack_of(block + 0xdfff, &start, &end));
	assert_int_equal(start, block + 0xc000);
	assert_false(backtrace_stack_of(block + 0xe000, &start, &end));
	assert_false(backtrace_stack_of(percpu_address(2) + 0x2000, &start, &end));
	assert_false(backtrace_stack_of(0, &start, &end));
	assert_false(backtrace_stack_of(~0ULL, &start, &end));
}

static void frame(unsigned word, uint64_t next, uint64_t rip)
{
	boot_stack[word] = next;
	boot_stack[word + 1] = rip;
}

static void test_good_chain(void **state)
{
	uint64_t rips[8];
	(void)state;

	frame(4, stack_at(10), code(20));
	frame(10, stack_at(62), code(40));
	frame(62, 0, code(120));
	assert_int_equal(backtrace_walk(stack_at(4), rips, 8), 3);
	assert_int_equal(rips[0], code(20));
	assert_int_equal(rips[1], code(40));
	assert_int_equal(rips[2], code(120));
	assert_int_equal(backtrace_walk(stack_at(4), rips, 2), 2);
	assert_int_equal(backtrace_walk(stack_at(4), rips, 0), 0);
}

static void test_bad_chains(void **state)
{
	uint64_t rips[8];
	(void)state;

	/* A loop, and a step down. */
	frame(4, stack_at(4), code(20));
	assert_int_equal(backtrace_walk(stack_at(4), rips, 8), 1);
	frame(10, stack_at(4), code(20));
	assert_int_equal(backtrace_walk(stack_at(10), rips, 8), 1);
	/* Out of the stack, half out of it, not aligned, wild. */
	frame(4, (uint64_t)boot_stack_end, code(20));
	assert_int_equal(backtrace_walk(stack_at(4), rips, 8), 1);
	frame(4, stack_at(WORDS - 1), code(20));
	assert_int_equal(backtrace_walk(stack_at(4), rips, 8), 1);
	frame(4, stack_at(10) + 4, code(20));
	assert_int_equal(backtrace_walk(stack_at(4), rips, 8), 1);
	frame(4, ~0ULL & ~7ULL, code(20));
	assert_int_equal(backtrace_walk(stack_at(4), rips, 8), 1);
	/* A return address that is none. */
	frame(4, stack_at(10), (uint64_t)text_end);
	assert_int_equal(backtrace_walk(stack_at(4), rips, 8), 0);
	/* Starts nowhere. */
	assert_int_equal(backtrace_walk(0, rips, 8), 0);
	assert_int_equal(backtrace_walk(0x1234, rips, 8), 0);
	assert_int_equal(backtrace_walk(percpu_address(7) + 0x2000, rips, 8), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_stacks),
		cmocka_unit_test(test_good_chain),
		cmocka_unit_test(test_bad_chains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
