/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hardware tasks, further: pieces of 32-bit code as in modes.S. Each starts in the main task, MODE_TSS; what
 * its other tasks do is below it.
 */
#include "tests/guests/modes/layout.h"

#define APIC_EOI 0xfee000b0
#define APIC_ICR 0xfee00300
#define SEND_60	 0x44060 /* fixed, to itself */
#define SEND_NMI 0x44400
#define CR0_TS	 0x8
#define CR0_PG	 0x80000000
#define CR4_PSE	 0x10
#define DR6_BT	 0x8000
#define DR6_FREE 0xffff0ff0
#define DR7_TRY	 0x755 /* L0 to L3, LE, GE: no address is set */
#define DR7_LOCAL 0x55 /* of LE the manuals say nothing */
#define SPINS	 100000
#define NO_DESCRIPTOR 0xfff8
#define EIP	 32 /* offsets in a TSS */
#define EFLAGS	 36
#define ESP	 56
#define SS	 80
#define RF_SHIFT 16

	.bss
	.balign 16
	.skip 4096
	.globl task_stack, task_cr3, task_no_rf, task_no_bt
task_stack:
task_count:  .skip 4
task_error:  .skip 4
task_inside: .skip 4
task_cr3:    .skip 4
task_no_rf:  .skip 4
task_no_bt:  .skip 4

	.text
	.code32
.macro BEGIN
	movl $MODE_TSS, %eax
	ltr %ax
	xorl %eax, %eax
	movl %eax, task_count
	movl %eax, task_error
	movl %eax, task_inside
.endm
.macro STEP number
	movl $\number, mode_step
.endm
.macro IS wanted, where
	cmpl \wanted, \where
	jne failed
.endm
/* Until that many tasks have come. Each round exits: an NMI may need one, and Bochs's ryzen does. */
.macro AWAIT count
	movl $SPINS, %ecx
	movl $PORT_NOTHING, %edx
1:	cmpl $\count, task_count
	je 2f
	inb %dx, %al
	loop 1b
	jmp failed
2:
.endm

/* #GP has a task: its error code is on the task's stack, RF is in the flags of who faulted. */
	.globl tasks_fault, task_of_fault
tasks_fault:
	BEGIN
	movl $DR7_TRY, %eax
	movl %eax, %dr7
	.rept 2
	STEP 80
	movl $NO_DESCRIPTOR, %eax
	movl %eax, %ds /* two bytes */
	IS $NO_DESCRIPTOR, task_error
	STEP 81
	movl task_no_rf, %eax
	orl %eax, task_inside
	IS $1, task_inside
	movl $0, task_error
	STEP 82
	movl %cr0, %eax
	testl $CR0_TS, %eax
	jz failed
	clts
	STEP 83
	IS $task_stack, mode_task_a + ESP
	STEP 84
	movl %dr7, %eax
	testl $DR7_LOCAL, %eax
	jnz failed
	.endr
	STEP 85
	IS $2, task_count
	movl $0x400, %eax
	movl %eax, %dr7
	jmp passed

task_of_fault:
	popl task_error
	addl $2, mode_tss + EIP
	movl mode_tss + EFLAGS, %eax
	shrl $RF_SHIFT, %eax
	andl $1, %eax
	movl %eax, task_inside
	incl task_count
	iretl
	jmp task_of_fault

/* An interrupt has a task, and comes once each time. */
	.globl tasks_interrupt, task_of_interrupt
tasks_interrupt:
	BEGIN
	STEP 90
	movl $SEND_60, APIC_ICR
	sti
	AWAIT 1
	STEP 91
	movl $SEND_60, APIC_ICR
	AWAIT 2
	cli
	.rept 4
	cpuid /* where an exit could deliver it once more */
	.endr
	STEP 92
	sti
	nop
	cli
	IS $2, task_count
	jmp passed

task_of_interrupt:
	incl task_count
	movl $0, APIC_EOI
	iretl
	jmp task_of_interrupt

/* The interrupt's task begins with a #TS, whose task mends it: the interrupt has come once all the same. */
	.globl tasks_interrupt_fault, task_of_mending
tasks_interrupt_fault:
	BEGIN
	STEP 93
	movl $SEND_60, APIC_ICR
	sti
	AWAIT 1
	cli
	STEP 94
	IS $1, task_inside
	.rept 4
	cpuid
	.endr
	STEP 95
	sti
	nop
	cli
	IS $1, task_count
	jmp passed

task_of_mending:
	popl task_error
	movl %ss, %eax
	movl %eax, mode_task_a + SS
	incl task_inside
	iretl
	jmp task_of_mending

/* NMIs are held back until the task of the first has ended. */
	.globl tasks_nmi, task_of_nmi
tasks_nmi:
	BEGIN
	STEP 100
	movl $SEND_NMI, APIC_ICR
	AWAIT 2
	STEP 101
	IS $1, task_inside
	jmp passed

task_of_nmi:
	incl task_count
	cmpl $1, task_count
	jne 2f
	movl $SEND_NMI, APIC_ICR
	movl $1000, %ecx
1:	loop 1b
	xorl %eax, %eax
	cpuid
	movl task_count, %eax
	movl %eax, task_inside
2:	iretl
	jmp task_of_nmi

/* The T bit: #DB before the first instruction, in the new task. */
	.globl tasks_trap, task_trapped
tasks_trap:
	BEGIN
	STEP 110
	movl $DR6_FREE, %eax
	movl %eax, %dr6
	movl $-1, mode_vector
	movl $1f, mode_recover
	ljmp $MODE_TASK_A, $0
	STEP 113
	IS $0, task_count
	jmp passed
1:	IS $1, mode_vector
	STEP 111
	movl %dr6, %eax
	orl task_no_bt, %eax
	testl $DR6_BT, %eax
	jz failed
	movl $DR6_FREE, %eax
	movl %eax, %dr6
	STEP 112
	str %ax
	cmpw $MODE_TASK_A, %ax
	jne failed
	ljmp $MODE_TSS, $0

task_trapped:
	incl task_count
	ljmp $MODE_TSS, $0

/* A task whose SS is no segment: #TS is its own, and has a task again. */
	.globl tasks_new_fault, task_of_ts
tasks_new_fault:
	BEGIN
	STEP 120
	ljmp $MODE_TASK_A, $0
	IS $NO_DESCRIPTOR, task_error
	STEP 121
	cmpw $MODE_TASK_A, mode_task_b /* its link */
	jne failed
	STEP 122
	IS $0, task_count
	jmp passed

task_of_ts:
	popl task_error
	ljmp $MODE_TSS, $0

/* Each task has its own page tables. */
	.globl tasks_paging, task_of_paging
tasks_paging:
	BEGIN
	movl %cr4, %eax
	orl $CR4_PSE, %eax
	movl %eax, %cr4
	movl $mode_directory, %eax
	movl %eax, %cr3
	movl %cr0, %eax
	orl $CR0_PG, %eax
	movl %eax, %cr0
	STEP 130
	lcall $MODE_TASK_A, $0
	IS $1, task_count
	STEP 131
	IS $task_directory, task_cr3
	STEP 132
	movl LOW + LOW_LEAF, %eax
	IS %eax, task_inside
	STEP 133
	movl %cr3, %eax
	cmpl $mode_directory, %eax
	jne failed
	jmp passed

task_of_paging:
	incl task_count
	movl %cr3, %eax
	movl %eax, task_cr3
	movl NO_PAGE + LOW + LOW_LEAF, %eax
	movl %eax, task_inside
	iretl
	jmp task_of_paging
