/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS D02, D09, D14, D15, D17, D20: tables that are their own, a page that moves under an emulated
 * instruction, code at the end of RAM, A20, and traces of the hypervisor. how=dirty writes all RAM for
 * ever. cpus=1, races=2000.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/paging.h"
#include "tests/guests/lib/ram.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

#define IOAPIC 0xfec00000ULL

/* --- D02 --- */

/* A table that is its own next level: the same entry on each level, read through itself. */
static void test_recursion(void)
{
	enum { SLOT = 300 };
	uint64_t *root = (uint64_t *)(cr3_read() & BITS(51, 12)), old = root[SLOT];
	uint64_t itself = BITS(63, 48);

	for (unsigned level = 0; level < 4; level++)
		itself |= (uint64_t)SLOT << (12 + 9 * level);
	root[SLOT] = (cr3_read() & BITS(51, 12)) | PAGE_P | PAGE_W;
	cr3_write(cr3_read());
	for (unsigned i = 0; i < 512; i++) {
		uint64_t through = ((volatile uint64_t *)itself)[i];

		test_check((through | 0x60) == (root[i] | 0x60), "entry %u: %lx, not %lx", i,
			   through, root[i]);
	}
	root[SLOT] = old;
	cr3_write(cr3_read());
}

/* --- D09 --- */

static uint8_t third_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static volatile bool racing;

static void move_page(void *unused)
{
	const uint64_t pages[] = {APIC_PAGE, IOAPIC, (uintptr_t)third_page};
	volatile uint64_t *entry = paging_entry(PAGING_TEST);

	(void)unused;
	for (unsigned i = 0; racing; i++)
		*entry = pages[i % 3] | PAGE_P | PAGE_W;
}

/* One CPU reads through a page that another moves: each value is that of one of the places. */
static void test_moving_page(void)
{
	uint64_t races = words_number("races", 2000), seen[3] = {0};
	const uint32_t wanted[] = {apic_read(APIC_VERSION), *(volatile uint32_t *)(IOAPIC + 0x30),
				   0x600d600d};

	if (words_number("cpus", 1) < 2) {
		test_skip("one CPU");
		return;
	}
	memcpy(third_page + APIC_VERSION, &wanted[2], 4);
	paging_map(PAGING_TEST, APIC_PAGE, PAGE_P | PAGE_W);
	if (!test_check(cpu_start(1), "CPU 1 does not start"))
		return;
	racing = true;
	cpu_run(1, move_page, NULL);
	for (uint64_t i = 0; i < races; i++) {
		uint32_t value;

		tlb_invalidate(PAGING_TEST);
		value = *(volatile uint32_t *)(PAGING_TEST + APIC_VERSION);
		for (unsigned j = 0; j < 3; j++)
			seen[j] += value == wanted[j];
		if (!test_check(value == wanted[0] || value == wanted[1] || value == wanted[2],
				"read %x", value))
			break;
	}
	racing = false;
	test_check(cpu_wait(1, 10000), "CPU 1 does not end");
	paging_map(PAGING_TEST, 0, 0);
	test_check(seen[0] + seen[2] > 0, "nothing was met");
}

/* --- D15 --- */

/* The last bytes of RAM, behind which there is nothing to fetch; and they change before each run. */
static void test_code_at_the_end(void)
{
	static const uint8_t forms[][3] = {
		{0x8b, 0x07, 0xc3}, /* mov eax, [rdi]; ret */
		{0x8b, 0x0f, 0xc3}, /* mov ecx, [rdi]; ret */
		{0x03, 0x17, 0xc3}, /* add edx, [rdi]; ret */
	};
	uint8_t *code = (uint8_t *)(ram_low_end() - 3);
	uint32_t version = apic_read(APIC_VERSION);

	for (unsigned i = 0; i < 300; i++) {
		struct code_run run = {.rax = 1, .rcx = 1, .rdx = 1, .rdi = APIC_PAGE + APIC_VERSION};
		struct fault fault;

		memcpy(code, forms[i % 3], 3);
		fault = code_fault_at(&run, code, false);
		test_check(fault.vector == NO_FAULT, "form %u: vector %d", i % 3, fault.vector);
		test_check(run.rax == (i % 3 == 0 ? version : 1) &&
				   run.rcx == (i % 3 == 1 ? version : 1) &&
				   run.rdx == (i % 3 == 2 ? version + 1 : 1),
			   "form %u: rax %lx rcx %lx rdx %lx", i % 3, run.rax, run.rcx, run.rdx);
	}
}

/* --- D17 --- */

static void check_no_alias(const char *state)
{
	volatile uint32_t *low = (uint32_t *)0x600500ULL, *high = (uint32_t *)0x700500ULL;

	*low = 0x11111111;
	*high = 0x22222222;
	test_check(*low == 0x11111111 && *high == 0x22222222, "A20 %s: %x %x", state, *low, *high);
}

/* The gate's bit is kept for who reads it back; the address line is never masked. */
static void test_a20(void)
{
	check_no_alias("on");
	io_out8(0x92, 0);
	test_check((io_in8(0x92) & 2) == 0, "port 92h is %x", io_in8(0x92));
	check_no_alias("off by port 92h");
	io_out8(0x92, 2);
	io_out8(0x64, 0xdd);
	check_no_alias("off by the keyboard controller");
	io_out8(0x64, 0xdf);
	check_no_alias("on again");
}

/* --- D20 --- */

/* Words of ours, each letter turned round so that this image has none of them. */
static const uint8_t traces[][32] = {
	"\x9c\x9e\x91\x91\x90\x8b\xdf\x9a\x92\x8a\x93\x9e\x8b\x9a",	/* cannot emulate */
	"\x99\x8d\x9a\x9a\x97\x90\x93\x9b\xc5\xdf\x8f\x9e\x91\x96\x9c", /* freehold: panic */
	"\x8c\x88\x96\x8b\x9c\x97\x9a\x8c\xdf\x90\x99\x99",		/* switches off */
};

static bool is_trace(const uint8_t *at, const uint8_t *trace)
{
	for (; *trace; trace++, at++)
		if (*at + *trace != 0xff)
			return false;
	return true;
}

static void test_no_traces(void)
{
	struct ram_piece piece;
	uint64_t from = 0;

	while (ram_next(&from, &piece))
		for (uint64_t at = piece.start; at + 16 <= piece.end; at++) {
			for (unsigned i = 0; i < ARRAY_SIZE(traces); i++)
				test_check(*(const uint8_t *)at + traces[i][0] != 0xff ||
						   !is_trace((const uint8_t *)at, traces[i]),
					   "trace %u at %lx", i, at);
			if (at % PAGE_SIZE == 0)
				clock_relax();
		}
}

static const struct test_case cases[] = {
	{"D02-recursion", test_recursion}, {"D09-race", test_moving_page},
	{"D15-end", test_code_at_the_end}, {"D17-a20", test_a20},
	{"D20-traces", test_no_traces},
};

/* --- D14 --- */

static noreturn void dirty_all(void)
{
	for (uint64_t round = 0;; round++) {
		struct ram_piece piece;
		uint64_t from = 0;

		while (ram_next(&from, &piece))
			for (uint64_t at = piece.start; at < piece.end; at += PAGE_SIZE)
				*(volatile uint64_t *)at = round;
		clock_relax();
	}
}

static void dirty_too(void *unused)
{
	(void)unused;
	dirty_all();
}

void guest_main(void)
{
	char how[8];

	apic_enable();
	if (words_value("how", how, sizeof(how)) && memcmp(how, "dirty", 6) == 0) {
		for (unsigned i = 1; i < words_number("cpus", 1); i++)
			if (cpu_start(i))
				cpu_run(i, dirty_too, NULL);
		print("dirty\n");
		dirty_all();
	}
	test_run_all(cases, ARRAY_SIZE(cases));
}
