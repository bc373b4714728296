/* SPDX-License-Identifier: BSD-2-Clause */
/* Brings a CPU into C: its TSS, IDT and local APIC; and sends the others their INIT and SIPI. */
#include "tests/guests/lib/cpu.h"

#include "arch/x86_64/insn.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

enum { TSS_AVAILABLE = 0x89, COM1 = 0x3f8, START_MS = 2000 };

extern uint8_t trampoline[], trampoline_end[];
extern volatile uint64_t ap_index;

static_assert(sizeof(struct cpu) <= CPU_STRUCT_SIZE, "below the stacks");

static void load_tss(struct cpu *cpu)
{
	uint64_t base = (uint64_t)&cpu->tss, limit = sizeof(cpu->tss) - 1;
	unsigned entry = SELECTOR_TSS / 8 + 2 * cpu->index;

	cpu->tss.rsp[0] = (uint64_t)cpu + STACK_KERNEL;
	cpu->tss.ist[0] = (uint64_t)cpu + STACK_FAULT;
	cpu->tss.ist[1] = (uint64_t)cpu + STACK_NMI;
	cpu->tss.io_base = sizeof(cpu->tss);
	guest_gdt[entry] = limit | (base & 0xffffff) << 16 | (uint64_t)TSS_AVAILABLE << 40 |
			   (base >> 24 & 0xff) << 56;
	guest_gdt[entry + 1] = base >> 32;
	tr_load((uint16_t)(entry * 8));
}

uint8_t start_uart[START_UART];

/* IER, IIR, LCR, MCR, LSR, MSR, SCR; then the divisor, which is behind DLAB. */
static void note_uart(void)
{
	for (unsigned i = 1; i < 8; i++)
		start_uart[i - 1] = io_in8((uint16_t)(COM1 + i));
	io_out8(COM1 + 3, 0x80);
	start_uart[7] = io_in8(COM1);
	start_uart[8] = io_in8(COM1 + 1);
	io_out8(COM1 + 3, start_uart[2]);
}

/* 115200 baud, 8N1, FIFOs on and empty. */
static void init_uart(void)
{
	static const struct {
		uint8_t offset, value;
	} values[] = {{3, 0x80}, {0, 1}, {1, 0}, {3, 3}, {2, 7}, {4, 3}};

	for (unsigned i = 0; i < ARRAY_SIZE(values); i++)
		io_out8((uint16_t)(COM1 + values[i].offset), values[i].value);
}

static void wait_for_work(struct cpu *cpu)
{
	for (;;) {
		interrupts_disable();
		if (cpu->work) {
			interrupts_enable();
			cpu->work(cpu->work_argument);
			cpu->work = NULL;
		} else {
			/* An IPI or NMI that brings work may come at any time; HLT after STI misses none. */
			cpu_idle();
		}
	}
}

void cpu_enter(unsigned index)
{
	struct cpu *cpu = cpu_of(index);

	cpu->index = index;
	if (index == 0) {
		trap_init();
		note_uart();
		init_uart();
		words_init();
	}
	load_tss(cpu);
	trap_load_idt();
	cpu->apic_id = cpuid(1, 0).ebx >> 24;
	if (index == 0) {
		clock_init();
		guest_main();
		guest_exit(0);
	}
	if (cpu_of(0)->x2apic)
		apic_use_x2();
	apic_enable();
	cpu->online = 1;
	wait_for_work(cpu);
}

static void nothing(struct trap_frame *frame)
{
	(void)frame;
	apic_eoi();
}

void cpu_send_start(unsigned index)
{
	struct cpu *cpu = cpu_of(index);

	trap_set(VECTOR_WAKE, nothing);
	memcpy((void *)TRAMPOLINE, trampoline, (size_t)(trampoline_end - trampoline));
	ap_index = index;
	cpu->online = 0;
	cpu->work = NULL;
	cpu_of(0)->x2apic = apic_is_x2();
	apic_send(index, ICR_INIT | ICR_ASSERT);
	clock_spin_us(10000);
	apic_send(index, ICR_SIPI | ICR_ASSERT | TRAMPOLINE_PAGE);
}

bool cpu_start(unsigned index)
{
	struct cpu *cpu = cpu_of(index);
	uint64_t deadline;

	cpu_send_start(index);
	deadline = clock_after_ms(START_MS);
	while (!cpu->online && !clock_is_past(deadline))
		clock_relax();
	return cpu->online;
}

void cpu_run(unsigned index, void (*work)(void *), void *argument)
{
	struct cpu *cpu = cpu_of(index);

	while (cpu->work)
		clock_relax();
	cpu->work_argument = argument;
	cpu->work = work;
	apic_send(index, VECTOR_WAKE | ICR_ASSERT);
}

bool cpu_wait(unsigned index, unsigned ms)
{
	uint64_t deadline = clock_after_ms(ms);

	while (cpu_of(index)->work && !clock_is_past(deadline))
		clock_relax();
	return !cpu_of(index)->work;
}
