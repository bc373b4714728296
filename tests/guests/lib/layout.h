/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers that the tiny guests' assembly, C and linker script share. */
#pragma once

#define GUEST_CPUS	8
#define TRAMPOLINE	0x8000 /* real-mode page where other CPUs start */
#define TRAMPOLINE_PAGE 8

/* A CPU's own memory, aligned to its size: its struct cpu is found from any of its stacks. */
#define CPU_AREA	0x8000
#define CPU_STRUCT_SIZE 0x1000
#define STACK_FAULT	0x2000 /* tops of the stacks in it: #DF and others that get an IST */
#define STACK_NMI	0x3000
#define STACK_USER	0x4000 /* what runs at CPL 3 */
#define STACK_KERNEL	0x5000 /* traps from CPL 3 */

/* The SYSRET order: user data, then user code. */
#define SELECTOR_CODE	 0x08
#define SELECTOR_DATA	 0x10
#define SELECTOR_CODE32	 0x18
#define SELECTOR_UDATA	 0x23
#define SELECTOR_UCODE	 0x2b
#define SELECTOR_UCODE32 0x33
#define SELECTOR_TSS	 0x40 /* two entries for each CPU */
#define GDT_ENTRIES	 (8 + 2 * GUEST_CPUS)

#define VECTOR_USER_DONE 0xef /* what ran at CPL 3 comes back by it */
#define TRAP_STUB_SIZE	 16

/* Offsets in struct start_state. */
#define START_GPR	0
#define START_EFLAGS	32
#define START_CR0	36
#define START_CR3	40
#define START_CR4	44
#define START_SELECTORS 48
#define START_LDTR	60
#define START_TR	62
#define START_GDTR	64
#define START_IDTR	72
#define START_EFER	80
#define START_HIGH	88
#define START_SIZE	152
