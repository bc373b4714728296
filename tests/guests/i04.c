/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS I04: touches a page in as many regions of guest-physical memory as touches=20000 allows, from
 * the first to the last that MAXPHYADDR knows, so that whoever makes nested page tables for what is no
 * RAM runs out of them.
 */
#include "arch/x86_64/insn.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/paging.h"
#include "tests/guests/lib/ram.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/words.h"

static void touch(uint64_t gpa)
{
	volatile uint64_t *to = (volatile uint64_t *)PAGING_TEST;

	paging_map(PAGING_TEST, gpa, PAGE_P | PAGE_W);
	test_check(*to == UINT64_MAX, "%lx reads %lx", gpa, *to);
	*to = gpa;
}

static void test_touch(void)
{
	unsigned bits = cpuid(0x80000008, 0).eax & 0xff;
	uint64_t touches = words_number("touches", 20000);
	uint64_t regions = (BIT(bits) - GIB(4)) >> 21;
	uint64_t step = MAX(regions / touches, 1ULL);

	for (uint64_t i = 0; i < regions; i += step)
		touch(GIB(4) + i * MIB(2) + (i & 511) * PAGE_SIZE);
}

/* All of the guest's own RAM is still there. */
static void test_ram(void)
{
	struct ram_piece piece;
	uint64_t from = 0;

	while (ram_next(&from, &piece))
		for (uint64_t at = piece.start; at < piece.end; at += PAGE_SIZE)
			*(volatile uint64_t *)at = *(volatile uint64_t *)at;
}

static const struct test_case cases[] = {{"I04-touch", test_touch}, {"I04-ram", test_ram}};

void guest_main(void)
{
	interrupts_enable();
	test_run_all(cases, ARRAY_SIZE(cases));
}
