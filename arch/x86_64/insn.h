/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inline assembly, one instruction a function. Whatever needs more than that is in a .S file; what
 * may fault (the _safe functions) is in safe.S, whose fix-ups the trap handler knows.
 */
#pragma once

#include "lib/types.h"

struct cpuid_regs {
	uint32_t eax, ebx, ecx, edx;
};

/* The operand of LGDT, LIDT, SGDT and SIDT. */
struct descriptor_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

static inline struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs r;

	asm volatile("cpuid"
		     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
		     : "a"(leaf), "c"(subleaf));
	return r;
}

static inline uint64_t msr_read(uint32_t index)
{
	uint32_t low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index) : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t index, uint64_t value)
{
	asm volatile("wrmsr"
		     :
		     : "c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
		     : "memory");
}

/* As above, but false where the processor raises #GP; *value is then untouched. */
bool must_check msr_read_safe(uint32_t index, uint64_t *value);
bool must_check msr_write_safe(uint32_t index, uint64_t value);

static inline uint8_t io_in8(uint16_t port)
{
	uint8_t value;

	asm volatile("inb %w1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint16_t io_in16(uint16_t port)
{
	uint16_t value;

	asm volatile("inw %w1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint32_t io_in32(uint16_t port)
{
	uint32_t value;

	asm volatile("inl %w1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void io_out8(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %w1" : : "a"(value), "Nd"(port));
}

static inline void io_out16(uint16_t port, uint16_t value)
{
	asm volatile("outw %0, %w1" : : "a"(value), "Nd"(port));
}

static inline void io_out32(uint16_t port, uint32_t value)
{
	asm volatile("outl %0, %w1" : : "a"(value), "Nd"(port));
}

static inline uint64_t cr0_read(void)
{
	uint64_t value;

	asm volatile("mov %%cr0, %0" : "=r"(value) : : "memory");
	return value;
}

static inline void cr0_write(uint64_t value)
{
	asm volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}

static inline uint64_t cr2_read(void)
{
	uint64_t value;

	asm volatile("mov %%cr2, %0" : "=r"(value) : : "memory");
	return value;
}

static inline void cr2_write(uint64_t value)
{
	asm volatile("mov %0, %%cr2" : : "r"(value) : "memory");
}

static inline uint64_t cr3_read(void)
{
	uint64_t value;

	asm volatile("mov %%cr3, %0" : "=r"(value) : : "memory");
	return value;
}

static inline void cr3_write(uint64_t value)
{
	asm volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static inline uint64_t cr4_read(void)
{
	uint64_t value;

	asm volatile("mov %%cr4, %0" : "=r"(value) : : "memory");
	return value;
}

static inline void cr4_write(uint64_t value)
{
	asm volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

static inline uint64_t cr8_read(void)
{
	uint64_t value;

	asm volatile("mov %%cr8, %0" : "=r"(value) : : "memory");
	return value;
}

static inline void cr8_write(uint64_t value)
{
	asm volatile("mov %0, %%cr8" : : "r"(value) : "memory");
}

static inline uint64_t dr0_read(void)
{
	uint64_t value;

	asm volatile("mov %%dr0, %0" : "=r"(value));
	return value;
}

static inline void dr0_write(uint64_t value)
{
	asm volatile("mov %0, %%dr0" : : "r"(value));
}

static inline uint64_t dr1_read(void)
{
	uint64_t value;

	asm volatile("mov %%dr1, %0" : "=r"(value));
	return value;
}

static inline void dr1_write(uint64_t value)
{
	asm volatile("mov %0, %%dr1" : : "r"(value));
}

static inline uint64_t dr2_read(void)
{
	uint64_t value;

	asm volatile("mov %%dr2, %0" : "=r"(value));
	return value;
}

static inline void dr2_write(uint64_t value)
{
	asm volatile("mov %0, %%dr2" : : "r"(value));
}

static inline uint64_t dr3_read(void)
{
	uint64_t value;

	asm volatile("mov %%dr3, %0" : "=r"(value));
	return value;
}

static inline void dr3_write(uint64_t value)
{
	asm volatile("mov %0, %%dr3" : : "r"(value));
}

static inline uint64_t dr6_read(void)
{
	uint64_t value;

	asm volatile("mov %%dr6, %0" : "=r"(value));
	return value;
}

static inline void dr6_write(uint64_t value)
{
	asm volatile("mov %0, %%dr6" : : "r"(value));
}

static inline uint64_t dr7_read(void)
{
	uint64_t value;

	asm volatile("mov %%dr7, %0" : "=r"(value));
	return value;
}

static inline void dr7_write(uint64_t value)
{
	asm volatile("mov %0, %%dr7" : : "r"(value));
}

static inline uint64_t xcr0_read(void)
{
	uint32_t low, high;

	asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

/* #GP in ring 0 if value breaks the rules: ask xcr0_valid() of fpu.h first. */
static inline void xcr0_write(uint64_t value)
{
	asm volatile("xsetbv" : : "c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static inline uint64_t rflags_read(void)
{
	uint64_t value;

	asm volatile("pushfq\n\tpopq %0" : "=r"(value) : : "memory");
	return value;
}

/* x87 and SSE as FNINIT and RESET leave their control registers. */
static inline void fpu_controls_reset(void)
{
	static const uint32_t mxcsr = 0x1f80;

	asm volatile("fninit; ldmxcsr %0" : : "m"(mxcsr));
}

/* Drops one page of the current address space from this CPU's TLB, global or not. */
static inline void tlb_invalidate(uint64_t va)
{
	asm volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static inline uint64_t tsc_read(void)
{
	uint64_t low, high; /* the instruction clears the upper halves */

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return high << 32 | low;
}

/*
 * Not before earlier loads are done, not after later ones begin: SDM 2B "RDTSC", APM3 "RDTSC"
 * (LFENCE is dispatch serialising there, or becomes so; on the rest it still orders loads).
 */
static inline uint64_t tsc_read_ordered(void)
{
	uint32_t low, high;

	asm volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void interrupts_disable(void)
{
	asm volatile("cli" : : : "memory");
}

static inline void interrupts_enable(void)
{
	asm volatile("sti" : : : "memory");
}

/* Takes what is pending and comes back with IF=0: STI holds interrupts back for one instruction. */
static inline void interrupts_window(void)
{
	asm volatile("sti\n\tnop\n\tcli" : : : "memory");
}

/* Sleeps until an interrupt and takes it, with no gap between the check before and the sleep. */
static inline void cpu_idle(void)
{
	asm volatile("sti\n\thlt\n\tcli" : : : "memory");
}

static inline void cpu_halt(void)
{
	asm volatile("hlt" : : : "memory");
}

static inline void cpu_pause(void)
{
	asm volatile("pause" : : : "memory");
}

/* What was read before is not read again after: another may have changed it. */
static inline void compiler_barrier(void)
{
	asm volatile("" : : : "memory");
}

static inline void memory_fence(void)
{
	asm volatile("mfence" : : : "memory");
}

static inline void cache_write_back_invalidate(void)
{
	asm volatile("wbinvd" : : : "memory");
}

static inline void gdt_load(const struct descriptor_pointer *pointer)
{
	asm volatile("lgdt %0" : : "m"(*pointer) : "memory");
}

static inline void idt_load(const struct descriptor_pointer *pointer)
{
	asm volatile("lidt %0" : : "m"(*pointer) : "memory");
}

static inline void tr_load(uint16_t selector)
{
	asm volatile("ltr %0" : : "r"(selector) : "memory");
}

static inline void ldt_load(uint16_t selector)
{
	asm volatile("lldt %0" : : "r"(selector) : "memory");
}

/* CS, by a far return to the next instruction. */
static inline void code_selector_load(uint64_t selector)
{
	uint64_t scratch;

	asm volatile("pushq %1\n\tleaq 1f(%%rip), %0\n\tpushq %0\n\tlretq\n1:"
		     : "=&r"(scratch)
		     : "r"(selector)
		     : "memory");
}

static inline void stack_selector_load(uint16_t selector)
{
	asm volatile("movw %0, %%ss" : : "r"(selector) : "memory");
}

/* DS, ES, FS and GS: a null selector is right for 64-bit code. FS and GS bases become 0 or stay. */
static inline void data_selectors_load(uint16_t selector)
{
	asm volatile("movw %0, %%ds\n\tmovw %0, %%es\n\tmovw %0, %%fs\n\tmovw %0, %%gs"
		     :
		     : "r"(selector)
		     : "memory");
}

/* The frame pointer of the function that this is inlined into. */
static inline uint64_t frame_pointer_read(void)
{
	uint64_t value;

	asm volatile("mov %%rbp, %0" : "=r"(value));
	return value;
}

/* bytes is a multiple of 8. Microcoded stores are the fastest way on everything of this decade. */
static inline void memory_zero(void *to, size_t bytes)
{
	size_t words = bytes / 8;

	asm volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(0ULL) : "memory");
}
