/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the processor comes into the kernel, and how it leaves to ring 3. All 256 vectors have a
 * stub; each clears AC and DF, saves the registers and ends in one of the kernel_ functions below,
 * which kernel/ defines. VECTOR_CALL alone goes elsewhere: to call_gate, its own assembly.
 */
#pragma once

#include "lib/types.h"

/* In the order of the instruction set's numbers, RSP left out. */
struct trap_gprs {
	uint64_t rax, rcx, rdx, rbx, rbp, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

/*
 * What a stub leaves on the stack. A handler may change it; the stub's IRETQ takes it as it then
 * is.
 */
struct trap_frame {
	struct trap_gprs gprs;
	uint64_t vector;
	uint64_t error; /* 0 where the processor pushes none */
	uint64_t rip, cs, rflags, rsp, ss;
};

/* All of ring 3 that the kernel keeps: selectors are fixed, the FPU is not ring 3's to use. */
struct ring3_state {
	struct trap_gprs gprs;
	uint64_t rip, rsp, rflags;
};

/*
 * Fills in the IDT, read-only once kernel_space_init has run, and loads it. Before anything may
 * fault.
 */
void trap_init(void);

/* Loads the IDT on another CPU. */
void trap_load(void);

static inline bool trap_from_ring3(const struct trap_frame *frame)
{
	return (frame->cs & 3) == 3;
}

void ring3_state_save(struct ring3_state *to, const struct trap_frame *from);

/*
 * Both leave for ring 3 and do not return: the main stack is as good as empty, and the next entry
 * starts at its top. IF is set in ring 3. The caller has loaded the right CR3. trap_return_ring3
 * forces the flags that are the host's: only the arithmetic flags, DF, AC, ID and RF of
 * state->rflags count (no TF: nobody debugs ring 3). rip and rsp must be below USER_END, else the
 * IRETQ would fault in ring 0.
 */
noreturn void trap_return_ring3(const struct ring3_state *state);
/* The lean form, for upcalls: RDI and RSI as given, all other GPRs zero, flags IF only. */
noreturn void ring3_enter(uint64_t rip, uint64_t rsp, uint64_t rdi, uint64_t rsi);

/*
 * The assembly of kernel calls (call_gate.S): an interrupt gate's entry from ring 3, RSP0 loaded.
 */
void call_gate(void);

/*
 * Defined by kernel/. IF=0 in all of them. If frame came from ring 3 the stack is the top of the
 * main stack, and they need not return.
 */
/*
 * Vectors from 32 on. Sends the EOI itself (not for VECTOR_SPURIOUS). In ring 0 it comes from idle
 * or a window, and must return.
 */
void kernel_interrupt(struct trap_frame *frame, unsigned vector);
/* An exception in ring 3. */
void kernel_ring3_fault(struct trap_frame *frame);
/*
 * On stacks of their own, at any instruction of the kernel's: no locks, no faults, must return or
 * panic.
 */
void kernel_nmi(struct trap_frame *frame);
void kernel_machine_check(struct trap_frame *frame);
/* An exception in ring 0 that nobody foresaw. */
noreturn void panic_trap(const struct trap_frame *frame);
