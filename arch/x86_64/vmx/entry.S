/* SPDX-License-Identifier: BSD-2-Clause */
/* The world switch. */
#include "gen/asm_offsets.h"

	.section .text, "ax", @progbits

/*
 * bool vmx_enter(struct virt_vcpu *v, uint64_t *host_rsp, bool launched, uint64_t host_rsp_field)
 *
 * In:  RDI = the vCPU, which starts with the guest's GPRs in the order of enum gpr (RSP is in the VMCS),
 *	RSI = what the VMCS holds as the host's RSP, DL = VMRESUME or VMLAUNCH, RCX = the field's encoding.
 *	The VMCS is current, IF=0.
 * Out: the GPRs and CR2 as the guest left them; IF=0; AL = 0. If the instruction failed AL = 1, and
 *	nothing of the guest has changed. Clobbers what the C ABI lets it; those are 0.
 * Stack: 7 words of the caller's.
 *
 * The hardware does not switch CR2: it is loaded last, and saved before anything can fault.
 */
	.globl	vmx_enter
	.type	vmx_enter, @function
vmx_enter:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	cmp	%rsp, (%rsi)
	je	1f
	mov	%rsp, (%rsi)
	vmwrite	%rsp, %rcx
	jbe	4f
1:	mov	VIRT_CR2(%rdi), %rax
	mov	%cr2, %rcx
	cmp	%rax, %rcx
	je	2f
	mov	%rax, %cr2
2:	test	%dl, %dl	/* no flag changes until the jump */
	mov	(%rdi), %rax
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
	jz	3f
	vmresume
	jmp	4f
3:	vmlaunch
4:	mov	$1, %eax
	add	$8, %rsp
	jmp	5f

	.globl	vmx_exit_point
vmx_exit_point:
	xchg	%rdi, (%rsp)
	mov	%rax, (%rdi)
	mov	%cr2, %rax
	mov	%rax, VIRT_CR2(%rdi)
	mov	%rcx, GPR_OFFSET_RCX(%rdi)
	mov	%rdx, GPR_OFFSET_RDX(%rdi)
	mov	%rbx, GPR_OFFSET_RBX(%rdi)
	mov	%rbp, GPR_OFFSET_RBP(%rdi)
	mov	%rsi, GPR_OFFSET_RSI(%rdi)
	mov	%r8, GPR_OFFSET_R8(%rdi)
	mov	%r9, GPR_OFFSET_R9(%rdi)
	mov	%r10, GPR_OFFSET_R10(%rdi)
	mov	%r11, GPR_OFFSET_R11(%rdi)
	mov	%r12, GPR_OFFSET_R12(%rdi)
	mov	%r13, GPR_OFFSET_R13(%rdi)
	mov	%r14, GPR_OFFSET_R14(%rdi)
	mov	%r15, GPR_OFFSET_R15(%rdi)
	pop	%rax
	mov	%rax, GPR_OFFSET_RDI(%rdi)
	xor	%eax, %eax
	/* What the guest left in registers that C may read by mistake. */
5:	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret
	.size	vmx_enter, . - vmx_enter

	.section .note.GNU-stack, "", @progbits
