/* SPDX-License-Identifier: BSD-2-Clause */
/* The world switch. */
#include "gen/asm_offsets.h"

	.section .text, "ax", @progbits

/*
 * void svm_enter(uint64_t *gpr, hpa_t vmcb, hpa_t host_vmcb)
 *
 * In:  RDI = the guest's GPRs in the order of enum gpr (RAX and RSP are in the VMCB), RSI = PA of the
 *	VMCB, RDX = PA of this CPU's VMSAVE page. IF=0, GIF=1.
 * Out: the GPRs as the guest left them; IF=0, GIF=1. Clobbers what the C ABI lets it; those are 0.
 * Stack: 8 words of the caller's.
 *
 * IF is 1 at VMRUN, or no physical interrupt would exit (APM2 15.13.1 "INTR"); CLGI keeps it from being
 * taken before. Between VMLOAD of the guest and VMLOAD of the host TR is the guest's: no exception with an
 * IST may come, and with GIF=0 no NMI does.
 */
	.globl	svm_enter
	.type	svm_enter, @function
svm_enter:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	push	%rdx
	mov	%rsi, %rax
	clgi
	sti
	vmload	%rax
	mov	GPR_OFFSET_RCX(%rdi), %rcx
	mov	GPR_OFFSET_RDX(%rdi), %rdx
	mov	GPR_OFFSET_RBX(%rdi), %rbx
	mov	GPR_OFFSET_RBP(%rdi), %rbp
	mov	GPR_OFFSET_RSI(%rdi), %rsi
	mov	GPR_OFFSET_R8(%rdi), %r8
	mov	GPR_OFFSET_R9(%rdi), %r9
	mov	GPR_OFFSET_R10(%rdi), %r10
	mov	GPR_OFFSET_R11(%rdi), %r11
	mov	GPR_OFFSET_R12(%rdi), %r12
	mov	GPR_OFFSET_R13(%rdi), %r13
	mov	GPR_OFFSET_R14(%rdi), %r14
	mov	GPR_OFFSET_R15(%rdi), %r15
	mov	GPR_OFFSET_RDI(%rdi), %rdi
	vmrun	%rax
	vmsave	%rax
	mov	(%rsp), %rax
	vmload	%rax
	cli
	mov	8(%rsp), %rax
	mov	%rcx, GPR_OFFSET_RCX(%rax)
	mov	%rdx, GPR_OFFSET_RDX(%rax)
	mov	%rbx, GPR_OFFSET_RBX(%rax)
	mov	%rbp, GPR_OFFSET_RBP(%rax)
	mov	%rsi, GPR_OFFSET_RSI(%rax)
	mov	%rdi, GPR_OFFSET_RDI(%rax)
	mov	%r8, GPR_OFFSET_R8(%rax)
	mov	%r9, GPR_OFFSET_R9(%rax)
	mov	%r10, GPR_OFFSET_R10(%rax)
	mov	%r11, GPR_OFFSET_R11(%rax)
	mov	%r12, GPR_OFFSET_R12(%rax)
	mov	%r13, GPR_OFFSET_R13(%rax)
	mov	%r14, GPR_OFFSET_R14(%rax)
	mov	%r15, GPR_OFFSET_R15(%rax)
	stgi
	/* What the guest left in registers that C may read by mistake. */
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	add	$16, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret
	.size	svm_enter, . - svm_enter

	.section .note.GNU-stack, "", @progbits
