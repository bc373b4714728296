/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The per-CPU block: each CPU's stacks, descriptor tables and data in 64 KiB of address space of
 * its own, aligned so that the stack pointer, on any of the four stacks, tells whose it is. No GS
 * base is used: after an exit it is the guest's.
 *
 *	0x0000 guard    0x1000 main stack (RSP0)   16 KiB
 *	0x5000 guard    0x6000 NMI stack (IST 1)    8 KiB
 *	0x8000 guard    0x9000 #DF stack (IST 2)    8 KiB
 *	0xb000 guard    0xc000 #MC stack (IST 3)    8 KiB
 *	0xe000 struct arch_cpu                      4 KiB
 *	0xf000 the kernel's struct cpu              4 KiB
 *
 * The main stack starts afresh, at its top, at each entry from ring 3.
 */
#pragma once

#include "arch/x86_64/descriptors.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/window.h"

enum percpu_layout {
	PERCPU_SIZE = 0x10000,
	PERCPU_MAIN_STACK = 0x1000,
	PERCPU_MAIN_TOP = 0x5000,
	PERCPU_NMI_STACK = 0x6000,
	PERCPU_NMI_TOP = 0x8000,
	PERCPU_DF_STACK = 0x9000,
	PERCPU_DF_TOP = 0xb000,
	PERCPU_MC_STACK = 0xc000,
	PERCPU_MC_TOP = 0xe000,
	PERCPU_ARCH = 0xe000,
	PERCPU_KERNEL = 0xf000,
	PERCPU_KERNEL_SIZE = 0x1000,
};

/* Written by its own CPU, or before that starts. */
struct arch_cpu {
	unsigned number;  /* 0 is the boot CPU; index everywhere */
	uint32_t apic_id; /* the hardware's */
	bool online;	  /* it has come as far as cpu_enter */
	bool released;	  /* CPU 0 lets it go on into the kernel; atomic */
	bool gdt_widened; /* a VMX guest is loaded: its exits leave the GDT's limit at FFFFh */
	uint64_t gdt[GDT_ENTRIES];
	struct descriptor_pointer gdt_pointer; /* with the true limit: for LGDT after a VMX exit */
	struct tss tss;
	struct window window;
	uint64_t apic_errors; /* error interrupts taken; apic_esr: their ESR bits, collected */
	uint32_t apic_esr;
};

static_assert(sizeof(struct arch_cpu) <= 4096, "struct arch_cpu has one page");

static inline uint64_t percpu_address(unsigned number)
{
	return KERNEL_STACK_BASE + (uint64_t)number * PERCPU_SIZE;
}

/*
 * The block of the running CPU. Valid from cpu_enter() on. Not volatile: code never moves to
 * another CPU, so the compiler may reuse the answer.
 */
static inline uint64_t percpu_block(void)
{
	uint64_t rsp;

	asm("mov %%rsp, %0" : "=r"(rsp));
	return ALIGN_DOWN(rsp, PERCPU_SIZE);
}

/* For code that may also run on the boot stack: false there. */
static inline bool percpu_is_valid(void)
{
	return percpu_block() >= KERNEL_STACK_BASE && percpu_block() < KERNEL_WINDOW_BASE;
}

static inline struct arch_cpu *arch_cpu(void)
{
	return (struct arch_cpu *)(percpu_block() + PERCPU_ARCH);
}

/*
 * Before ring 3, which could load selectors from beyond the GDT's end: SDM 3C 28.5.2 "Loading Host
 * Segment and Descriptor-Table Registers". The IDT's limit needs nothing: no vector reaches it.
 */
static inline void percpu_restore_gdt(void)
{
	struct arch_cpu *cpu = arch_cpu();

	if (cpu->gdt_widened)
		gdt_load(&cpu->gdt_pointer);
}

/*
 * The page that belongs to the kernel: struct cpu of kernel/cpu.h. Zeroed when the block is made.
 */
static inline void *arch_cpu_kernel(void)
{
	return (void *)(percpu_block() + PERCPU_KERNEL);
}

/* Those of another CPU; its block must exist. */
static inline struct arch_cpu *arch_cpu_of(unsigned number)
{
	return (struct arch_cpu *)(percpu_address(number) + PERCPU_ARCH);
}

static inline void *arch_cpu_kernel_of(unsigned number)
{
	return (void *)(percpu_address(number) + PERCPU_KERNEL);
}

/*
 * Makes and maps CPU number's block, from the kernel's heap; ERR_NOMEM. CPU 0 only, after
 * kernel_space_init. A block stays for good.
 */
int must_check percpu_create(unsigned number, uint32_t apic_id);
bool percpu_exists(unsigned number);

/* A CPU's stacks, with how much of each was ever used, in bytes. */
enum percpu_stack { STACK_MAIN, STACK_NMI, STACK_DF, STACK_MC, PERCPU_STACKS };

struct percpu_stack_use {
	const char *name;
	uint32_t size, used;
	bool guarded; /* the page below it is mapped by nobody */
};

/* Any CPU; the block must exist. */
struct percpu_stack_use percpu_stack_use(unsigned number, enum percpu_stack stack);

/* No block has this number or a higher one. */
unsigned percpu_limit(void);

/*
 * Makes the running CPU number's: control registers, PAT, GDT, TSS, IDT, FPU; then goes on in
 * next(number) on the block's main stack, from its top. The caller's stack is gone for good.
 */
noreturn void cpu_enter(unsigned number, void (*next)(unsigned number));
