/* SPDX-License-Identifier: BSD-2-Clause */
/* A tiny guest's CPUs: what each has of its own, and how the others are started. */
#pragma once

#include "lib/types.h"
#include "tests/guests/lib/layout.h"

struct catch;

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_base;
} __attribute__((packed));

/* At the bottom of each CPU_AREA. */
struct cpu {
	unsigned index;
	uint32_t apic_id;
	struct catch *catch; /* the innermost that waits for a fault */
	struct tss tss;
	volatile uint32_t online;
	bool x2apic;		       /* of CPU 0: what the others are to use */
	void (*volatile work)(void *); /* what cpu_run gave it */
	void *volatile work_argument;
	volatile uint64_t interrupts; /* taken on this CPU */
};

/* Wakes a CPU that waits for work. */
enum { VECTOR_WAKE = 0xee };

/* How the guest was entered, noted before anything changed: offsets in layout.h. */
struct start_state {
	uint32_t gpr[8]; /* EAX ECX EDX EBX ESP EBP ESI EDI */
	uint32_t eflags, cr0, cr3, cr4;
	uint16_t selector[6]; /* ES CS SS DS FS GS */
	uint16_t ldtr, tr;
	uint16_t gdt_limit;
	uint32_t gdt_base __attribute__((packed));
	uint16_t reserved0;
	uint16_t idt_limit;
	uint32_t idt_base __attribute__((packed));
	uint16_t reserved1;
	uint64_t efer;
	uint64_t high[8]; /* R8 to R15, at the first 64-bit instruction */
};
static_assert(sizeof(struct start_state) == START_SIZE, "as start.S has it");

extern const struct start_state start_state;
/* COM1's registers before the guest's own set-up: IER, IIR, LCR, MCR, LSR, MSR, SCR, DLL, DLM. */
enum { START_UART = 9 };
extern uint8_t start_uart[START_UART];
extern uint8_t cpu_areas[GUEST_CPUS][CPU_AREA];
extern uint64_t guest_gdt[GDT_ENTRIES];

static inline struct cpu *cpu_of(unsigned index)
{
	return (struct cpu *)cpu_areas[index];
}

/* By the stack pointer: right on every stack of an area. */
static inline struct cpu *cpu_this(void)
{
	uint64_t rsp;

	asm("movq %%rsp, %0" : "=r"(rsp));
	return (struct cpu *)ALIGN_DOWN(rsp, CPU_AREA);
}

/* The guest itself: called on the first CPU, interrupts off. The guest ends when it returns. */
void guest_main(void);

/* Called by start.S on each CPU. */
void cpu_enter(unsigned index);

/*
 * Starts CPU index (1..7, whose APIC ID is its number) by INIT and SIPI. False if it does not come.
 * It then waits, interrupts on, for cpu_run.
 */
bool must_check cpu_start(unsigned index);

/* Only sends the INIT and the SIPI. */
void cpu_send_start(unsigned index);

/* Gives a started CPU something to do, once it is free. */
void cpu_run(unsigned index, void (*work)(void *), void *argument);

/* Waits until it is done. False after about ms. */
bool must_check cpu_wait(unsigned index, unsigned ms);
