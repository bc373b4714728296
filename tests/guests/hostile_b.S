/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaves long mode and comes back, with exits on the way in states that an OS only passes through. */
#include "tests/guests/lib/layout.h"

#define CR0_PG	0x80000000
#define CR4_PAE 0x20

	.text
/*
 * void leave_long_mode(void): exits (CPUID, IN) with EFER.LME = 1 while paging is off, with CR4.PAE and
 * without. Interrupts are off.
 */
	.globl leave_long_mode
leave_long_mode:
	pushq %rbx
	pushq %rbp
	pushq $SELECTOR_CODE32
	pushq $1f
	lretq
	.code32
1:	movl %cr0, %eax
	andl $~CR0_PG, %eax
	movl %eax, %cr0
	xorl %eax, %eax
	cpuid
	movl %cr4, %ebp
	movl %ebp, %eax
	andl $~CR4_PAE, %eax
	movl %eax, %cr4
	xorl %eax, %eax
	cpuid
	inb $0x80, %al
	movl %ebp, %cr4
	movl %cr0, %eax
	orl $CR0_PG, %eax
	movl %eax, %cr0
	ljmp $SELECTOR_CODE, $2f
	.code64
2:	popq %rbp
	popq %rbx
	ret

	.section .note.GNU-stack, "", @progbits
