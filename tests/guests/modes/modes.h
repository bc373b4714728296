/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the guest `modes` share in C. */
#pragma once

#include "lib/types.h"

/* SDM 3A figure 7-2 "32-Bit Task-State Segment (TSS)" */
struct tss32 {
	uint32_t link, esp0, ss0, unused[4], cr3, eip, eflags;
	uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
	uint32_t es, cs, ss, ds, fs, gs, ldt;
	uint16_t trap, io_base;
};

extern uint64_t mode_idt[256];
extern uint64_t mode_gdt[];
extern int mode_vector;
extern uint32_t mode_error;
extern uint32_t mode_directory[1024];

uint64_t modes_tss_descriptor(const struct tss32 *task, uint64_t limit);
/* A gate of the 32-bit IDT: GATE_FAULT and its kind, or a task gate to that selector. */
void modes_set_gate(unsigned vector, const void *handler, uint64_t type);
void modes_set_task_gate(unsigned vector, unsigned selector);

/* A task of 32-bit flat code that starts there, and a case's way into that world and back. */
struct tss32 modes_flat_task(const void *code, const void *stack_end);
void modes_run_piece(void (*code)(void), void (*prepare)(void));

/* THREATS A20, further: tasks.c. */
void task_test_fault(void), task_test_interrupt(void), task_test_nmi(void), task_test_trap(void);
void task_test_new_fault(void), task_test_paging(void);
