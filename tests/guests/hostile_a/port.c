/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS A22, A23: all ports in all widths, and strings of them that end in a page that is not there, run
 * backwards, or are longer than an interrupt can wait. stride=31: of the 65,536 ports, every so many.
 */
#include "tests/guests/hostile_a/cases.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/paging.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

enum { PORTS = 0x10000, PORT_NOTHING = 0x1f0, VECTOR_TIMER = 0x73, FLOOD = 1000 };
enum { ALIASES = 128, STRING = ALIASES * PAGE_SIZE };

/* What the PC has, and with testdev=on: docs/console.md and vmm/dev/wiring.h. All else is absent. */
static const struct {
	uint16_t first, last;
} present[] = {
	{0x20, 0x21},	{0x40, 0x43},	{0x60, 0x61},	{0x64, 0x64},	{0x70, 0x73},
	{0x80, 0x80},	{0x92, 0x92},	{0xa0, 0xa1},	{0xb2, 0xb3},	{0xe0, 0xe3},
	{0xe9, 0xe9},	{0xed, 0xed},	{0xf4, 0xf7},	{0x2f8, 0x2ff}, {0x3f8, 0x3ff},
	{0x4d0, 0x4d1}, {0x510, 0x511}, {0x600, 0x60b}, {0xcf8, 0xcff}, {0x2000, 0x2017},
};

static bool is_absent(unsigned port, unsigned size)
{
	for (unsigned i = 0; i < ARRAY_SIZE(present); i++)
		if (port <= present[i].last && port + size > present[i].first)
			return false;
	return true;
}

static void check_port(unsigned port)
{
	uint16_t at = (uint16_t)port;

	if (is_absent(port, 1)) {
		io_out8(at, 0);
		test_check(io_in8(at) == UINT8_MAX, "port %x is there", port);
	}
	if (is_absent(port, 2)) {
		io_out16(at, 0);
		test_check(io_in16(at) == UINT16_MAX, "word port %x is there", port);
	}
	if (is_absent(port, 4)) {
		io_out32(at, 0);
		test_check(io_in32(at) == UINT32_MAX, "double word port %x is there", port);
	}
}

void a_test_ports(void)
{
	unsigned stride = (unsigned)words_number("stride", 31);

	for (unsigned port = 0; port < PORTS; port += stride)
		check_port(port);
	for (unsigned i = 0; i < ARRAY_SIZE(present); i++) {
		check_port(present[i].first - 1u);
		check_port(present[i].last + 1u);
	}
	check_port(PORTS - 1);
}

static uint8_t page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

/* REP INS or OUTS of 2^32 elements: done up to the page's end, which is the #PF's place. */
static void check_string(const char *name, uint8_t opcode, unsigned size, bool down)
{
	uint64_t start = PAGING_TEST + PAGE_SIZE, count = PAGE_SIZE / size;
	uint64_t from = down ? start + PAGE_SIZE - size : start;
	uint64_t stop = down ? start - size : start + PAGE_SIZE;
	struct code_run run = {.rcx = BIT(32), .rdx = PORT_NOTHING, .rsi = from, .rdi = from};
	uint8_t code[] = {down ? 0xfd : 0xfc, 0xf3, size == 2 ? 0x66 : 0x90, opcode, 0xfc};
	struct fault fault;
	uint64_t end;

	if (size != 2)
		memcpy(code, ((const uint8_t[]){0x90, down ? 0xfd : 0xfc, 0xf3, opcode, 0xfc}), 5);
	memset(page, 0, sizeof(page));
	fault = code_fault(&run, code, sizeof(code), false);
	end = opcode < 0x6e ? fault.rdi : fault.rsi;
	test_check(fault.vector == VECTOR_PF && fault.cr2 == (down ? stop : start + PAGE_SIZE),
		   "%s %u: vector %d cr2 %lx", name, size, fault.vector, fault.cr2);
	test_check(fault.rcx == BIT(32) - count && end == stop, "%s %u: rcx %lx, at %lx", name,
		   size, fault.rcx, end);
	for (unsigned i = 0; opcode < 0x6e && i < PAGE_SIZE; i++)
		if (!test_check(page[i] == UINT8_MAX, "%s %u: byte %x is %x", name, size, i, page[i]))
			return;
}

void a_test_port_strings(void)
{
	paging_map(PAGING_TEST, 0, 0);
	paging_map(PAGING_TEST + PAGE_SIZE, (uintptr_t)page, PAGE_P | PAGE_W);
	paging_map(PAGING_TEST + 2 * PAGE_SIZE, 0, 0);
	for (unsigned down = 0; down < 2; down++) {
		check_string("INS", 0x6c, 1, down);
		check_string("INS", 0x6d, 2, down);
		check_string("INS", 0x6d, 4, down);
		check_string("OUTS", 0x6e, 1, down);
		check_string("OUTS", 0x6f, 2, down);
		check_string("OUTS", 0x6f, 4, down);
	}
}

static volatile unsigned ticks;
static volatile uint64_t left; /* RCX when the interrupt came */
static volatile uint64_t place;

static void on_tick(struct trap_frame *frame)
{
	ticks++;
	left = frame->rcx;
	place = frame->rip;
	apic_eoi();
}

static void interrupt_string(uint64_t delay)
{
	struct code_run run = {.rcx = STRING, .rdx = PORT_NOTHING, .rsi = PAGING_TEST};
	struct fault fault;

	ticks = 0;
	clock_arm(VECTOR_TIMER, tsc_read() + delay);
	fault = CODE_FAULT(&run, false, 0xfb, 0x90, 0xf3, 0x6e, 0xfa); /* STI; NOP; REP OUTSB; CLI */
	test_check(fault.vector == NO_FAULT && run.rcx == 0 && run.rsi == PAGING_TEST + STRING,
		   "vector %d rcx %lx rsi %lx", fault.vector, run.rcx, run.rsi);
}

/*
 * An interrupt comes between two elements, and the string goes on after it. Where the emulated CPU runs by
 * the host's clock, it may come before the first one: then later.
 */
void a_test_port_interrupted(void)
{
	trap_set(VECTOR_TIMER, on_tick);
	for (unsigned i = 0; i < ALIASES; i++)
		paging_map(PAGING_TEST + i * PAGE_SIZE, (uintptr_t)page, PAGE_P | PAGE_W);
	for (uint64_t delay = clock_khz() / 10; delay < clock_khz() * 100; delay *= 2) {
		interrupt_string(delay);
		if (ticks == 1 && left < STRING)
			break;
	}
	test_check(ticks == 1 && left > 0 && left < STRING && place == (uintptr_t)code_page + 2,
		   "%u interrupts, %lu bytes left, at %lx", ticks, left, place);
}

/* 80h and EDh are registers that hold what was written and do nothing else; 84h is absent. */
void a_test_port_flood(void)
{
	static const struct {
		uint16_t port;
		bool holds;
	} ports[] = {{0x80, true}, {0x84, false}, {0xed, true}};

	for (unsigned i = 0; i < FLOOD; i++) {
		for (unsigned p = 0; p < ARRAY_SIZE(ports); p++) {
			uint8_t value = (uint8_t)(i * 7),
				wanted = ports[p].holds ? value : UINT8_MAX;

			io_out8(ports[p].port, value);
			test_check(io_in8(ports[p].port) == wanted, "port %x", ports[p].port);
		}
	}
}
