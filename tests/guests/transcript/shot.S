/* SPDX-License-Identifier: BSD-2-Clause */
/* Into a shot with all registers given, and back out of it from the trap handler. */
#include "tests/guests/lib/layout.h"

	.bss
	.balign 8
	.globl shot_rsp
shot_rsp: .skip 8

	.text
/*
 * void shot_enter(struct trap_frame *from): loads all that the frame has. It comes back when the trap
 * handler makes its frame return to shot_back, at CPL 0, with RSP = shot_rsp.
 */
	.globl shot_enter
shot_enter:
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, shot_rsp
	movq %rdi, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rdi
	popq %rsi
	popq %rbp
	popq %rbx
	popq %rdx
	popq %rcx
	popq %rax
	addq $16, %rsp
	iretq

	.globl shot_back
shot_back:
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	ret

	.section .note.GNU-stack, "", @progbits
