/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS B03, B17: CR8 stepped down over interrupts that wait; EFER.NXE and SCE flipped on all of cpus=1 at
 * once, flips=1000 times each, and LME tried: what the bits do follows them, and LMA stays.
 */
#include "tests/guests/hostile_b/cases.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/msr.h"
#include "tests/guests/lib/paging.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/words.h"

enum { FIRST_CLASS = 2, LAST_CLASS = 14, PF_RESERVED = 1 << 3, WAIT_MS = 60000 };

static volatile unsigned order[16], came;

static void on_interrupt(struct trap_frame *frame)
{
	if (came < ARRAY_SIZE(order))
		order[came] = (unsigned)frame->vector >> 4;
	came++;
	apic_eoi();
}

/* One interrupt of each class waits. Lowered by one, CR8 lets through that of one class. */
void b_test_priority(void)
{
	/* TCG takes its lower four bits and looks at no other. */
	for (unsigned bit = 4; bit < 64 && !test_bed("qemu"); bit++) {
		struct code_run run = {.rax = BIT(bit)};

		test_check(CODE_FAULT(&run, false, 0x44, 0x0f, 0x22, 0xc0).vector == VECTOR_GP,
			   "CR8 bit %u", bit); /* MOV %rax, %cr8 */
	}
	cr8_write(15);
	came = 0;
	for (unsigned class = FIRST_CLASS; class <= LAST_CLASS; class ++) {
		trap_set(class << 4 | 1, on_interrupt);
		apic_send(0, class << 4 | 1 | ICR_SELF | ICR_ASSERT);
	}
	interrupts_window();
	test_check(came == 0, "%u came at priority 15", came);
	for (unsigned priority = LAST_CLASS; priority > 0; priority--) {
		unsigned wanted = priority >= FIRST_CLASS ? LAST_CLASS - priority : came;

		cr8_write(priority);
		cpuid(0, 0);
		interrupts_window();
		test_check(cr8_read() == priority, "CR8 %lx, not %u", cr8_read(), priority);
		test_check(priority < FIRST_CLASS || came == wanted, "%u came at priority %u", came,
			   priority);
	}
	cr8_write(0);
	interrupts_window();
	test_check(came == LAST_CLASS - FIRST_CLASS + 1, "%u came in all", came);
	for (unsigned i = 0; i < came && i < ARRAY_SIZE(order); i++)
		test_check(order[i] == LAST_CLASS - i, "class %u came as number %u", order[i], i);
}

static uint8_t page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static void read_byte(void *address)
{
	*(volatile uint8_t *)address;
}

static void check_bits(uint64_t efer, uint64_t va)
{
	uint64_t now = msr_read(MSR_EFER);
	struct fault fault;

	test_check(now == efer && now & EFER_LMA, "EFER %lx, not %lx", now, efer);
	tlb_invalidate(va);
	fault = fault_of(read_byte, (void *)va);
	if (efer & EFER_NXE)
		test_check(fault.vector == NO_FAULT, "with NXE: vector %d", fault.vector);
	else
		test_check(fault.vector == VECTOR_PF && fault.error & PF_RESERVED,
			   "without NXE: vector %d error %x", fault.vector, fault.error);
}

/* On each CPU, with a page of its own that has the NX bit. */
static void flip(void *unused)
{
	uint64_t flips = words_number("flips", 1000), efer = msr_read(MSR_EFER);
	uint64_t va = PAGING_TEST + cpu_this()->index * PAGE_SIZE;

	(void)unused;
	for (uint64_t i = 0; i < flips; i++) {
		uint64_t value = efer ^ (i & 1 ? EFER_SCE : 0) ^ (i & 2 ? EFER_NXE : 0);

		msr_write(MSR_EFER, value);
		check_bits(value, va);
		test_check(msr_write_fault(MSR_EFER, value & ~(uint64_t)EFER_LME).vector == VECTOR_GP,
			   "LME cleared");
	}
	msr_write(MSR_EFER, efer);
}

void b_test_efer_flips(void)
{
	unsigned cpus = (unsigned)words_number("cpus", 1);

	for (unsigned i = 0; i < cpus; i++)
		paging_map(PAGING_TEST + i * PAGE_SIZE, (uintptr_t)page, PAGE_P | PAGE_W | PAGE_NX);
	for (unsigned i = 1; i < cpus; i++)
		if (test_check(cpu_start(i), "CPU %u does not start", i))
			cpu_run(i, flip, NULL);
	flip(NULL);
	for (unsigned i = 1; i < cpus; i++)
		test_check(cpu_wait(i, WAIT_MS), "CPU %u does not end", i);
}
