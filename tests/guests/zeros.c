/* SPDX-License-Identifier: BSD-2-Clause */
/* THREATS J01: all memory that nobody wrote for this guest is zero, and the pattern is nowhere. */
#include "arch/x86_64/insn.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/ram.h"
#include "tests/guests/lib/report.h"

/*
 * What the loader put into low memory for this start: vectors, BIOS data, boot information, command line,
 * page tables. It need not be zero, and the pattern must not be in it either.
 */
static const struct ram_piece loaded[] = {{0, 0x500}, {0x1000, 0x6000}, {0x10000, 0x16000}};

static uint64_t checked, nonzero, patterns, first_nonzero;

static uint64_t skip_loaded(uint64_t address)
{
	for (unsigned i = 0; i < ARRAY_SIZE(loaded); i++)
		if (address >= loaded[i].start && address < loaded[i].end)
			return loaded[i].end;
	return address;
}

static bool is_loaded(uint64_t address)
{
	return skip_loaded(address) != address;
}

static void look_at(uint64_t address, uint64_t value)
{
	patterns += value == FILL_PATTERN;
	if (is_loaded(address))
		return;
	if (nonzero++ == 0)
		first_nonzero = address;
}

static void check(struct ram_piece piece)
{
	for (const uint64_t *at = (const uint64_t *)piece.start; at < (const uint64_t *)piece.end;
	     at++)
		if (*at)
			look_at((uintptr_t)at, *at);
	checked += piece.end - piece.start;
}

/* RAM that the map calls reserved: around the ACPI tables, which are not zero. */
static void check_reserved(void)
{
	for (const uint64_t *at = (const uint64_t *)0x9fc00; at < (const uint64_t *)0xa0000; at++)
		patterns += *at == FILL_PATTERN;
	for (const uint64_t *at = (const uint64_t *)0xc0000; at < (const uint64_t *)0x100000; at++)
		patterns += *at == FILL_PATTERN;
}

static void test_zero(void)
{
	struct ram_piece piece;
	uint64_t from = 0;

	while (ram_next(&from, &piece))
		check(piece);
	check_reserved();
	print("checked %lu KiB\n", checked >> 10);
	test_check(checked > 0, "no RAM was checked");
	test_check(patterns == 0, "%lu words of another guest's pattern", patterns);
	test_check(nonzero == 0, "%lu words are not zero, the first at %lx: %lx", nonzero,
		   first_nonzero, *(const uint64_t *)first_nonzero);
}

static const struct test_case cases[] = {{"J01-zero", test_zero}};

void guest_main(void)
{
	interrupts_enable(); /* so that a long loop can be preempted on every bed */
	test_run_all(cases, ARRAY_SIZE(cases));
}
