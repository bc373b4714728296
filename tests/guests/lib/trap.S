/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entries of all 256 vectors, and the way back out of a fault: a call that remembers where it was
 * made (catch_call), and a return to there from the trap handler (catch_unwind).
 */
#include "tests/guests/lib/layout.h"

	.text
/* #DF #TS #NP #SS #GP #PF #AC #CP push an error code. */
	.balign TRAP_STUB_SIZE
	.globl trap_stubs
trap_stubs:
	vector = 0
	.rept 256
	.balign TRAP_STUB_SIZE
	.if !((vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21))
	pushq $0
	.endif
	pushq $vector
	jmp trap_common
	vector = vector + 1
	.endr

	.balign 16
trap_common:
	pushq %rax
	pushq %rcx
	pushq %rdx
	pushq %rbx
	pushq %rbp
	pushq %rsi
	pushq %rdi
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	cld
	movq %rsp, %rdi
	movq %rsp, %rbx
	andq $-16, %rsp
	call trap_handle
	movq %rbx, %rsp
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

/*
 * uint64_t catch_call(uint64_t *saved_rsp, void (*function)(void *), void *argument): calls it. 0: it
 * came back by itself; 1: by catch_unwind. Callee-saved registers and RFLAGS are as before.
 */
	.globl catch_call
catch_call:
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	pushfq
	movq %rsp, (%rdi)
	movq %rdx, %rdi
	call *%rsi
	xorl %eax, %eax
catch_return:
	popfq
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	ret

/* void catch_unwind(uint64_t saved_rsp): goes on where catch_call was called. */
	.globl catch_unwind
catch_unwind:
	movq %rdi, %rsp
	movl $1, %eax
	jmp catch_return

/* void user_enter(void (*function)(void *), void *argument, uint64_t stack, uint64_t rflags): at CPL 3. */
	.globl user_enter
user_enter:
	leaq user_done(%rip), %rax
	movq %rax, -8(%rdx)
	subq $8, %rdx
	pushq $SELECTOR_UDATA
	pushq %rdx
	pushq %rcx
	pushq $SELECTOR_UCODE
	pushq %rdi
	movq %rsi, %rdi
	iretq
user_done:
	int $VECTOR_USER_DONE
	ud2

/*
 * void code_enter(struct code_run *run): loads registers, calls run->entry, stores what they became.
 * struct code_run: entry, then RAX RCX RDX RBX RSI RDI R8 R9, RFLAGS.
 */
	.globl code_enter
code_enter:
	pushq %rbx
	pushq %rbp
	movq %rdi, %rbp
	movq 8(%rbp), %rax
	movq 16(%rbp), %rcx
	movq 24(%rbp), %rdx
	movq 32(%rbp), %rbx
	movq 40(%rbp), %rsi
	movq 48(%rbp), %rdi
	movq 56(%rbp), %r8
	movq 64(%rbp), %r9
	call *(%rbp)
	movq %rax, 8(%rbp)
	movq %rcx, 16(%rbp)
	movq %rdx, 24(%rbp)
	movq %rbx, 32(%rbp)
	movq %rsi, 40(%rbp)
	movq %rdi, 48(%rbp)
	movq %r8, 56(%rbp)
	movq %r9, 64(%rbp)
	pushfq
	popq 72(%rbp)
	popq %rbp
	popq %rbx
	ret

	.section .note.GNU-stack, "", @progbits
