/* SPDX-License-Identifier: BSD-2-Clause */
/* The gate for calls from ring 3: CALL_VECTOR's entry. */
#include "gen/asm_offsets.h"
#include "arch/x86_64/smap.h"

	.section .text, "ax", @progbits

/*
 * In:  from ring 3 through an interrupt gate: EAX = call, RDI, RSI, RDX, RCX = arguments; the processor
 *	has pushed SS, RSP, RFLAGS, CS, RIP at the top of the main stack; IF=0.
 * Out: by IRETQ, RAX = answer, all else as it was; or not at all.
 *
 * CALL_RESUME, the hot one, saves nothing: it never returns. The others leave a struct trap_frame.
 */
	.globl	call_gate
	.type	call_gate, @function
call_gate:
	SMAP_SITE call_gate_clac
	cld
	cmp	$CALL_RESUME_VALUE, %eax
	jne	1f
	sub	$8, %rsp	/* the C ABI wants RSP + 8 on a 16-byte boundary at a function's entry */
	call	kernel_resume
	ud2
1:	push	$0		/* error */
	push	$CALL_VECTOR_VALUE	/* vector */
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%r11
	push	%r10
	push	%r9
	push	%r8
	push	%rdi
	push	%rsi
	push	%rbp
	push	%rbx
	push	%rdx
	push	%rcx
	push	%rax
	mov	%rsp, %rdi
	call	kernel_call
	pop	%rax
	pop	%rcx
	pop	%rdx
	pop	%rbx
	pop	%rbp
	pop	%rsi
	pop	%rdi
	pop	%r8
	pop	%r9
	pop	%r10
	pop	%r11
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	add	$16, %rsp
	.globl	call_gate_iret
call_gate_iret:
	iretq
	.size	call_gate, . - call_gate

	.section .note.GNU-stack, "", @progbits
