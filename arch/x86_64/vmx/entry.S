/* SPDX-License-Identifier: BSD-2-Clause */
/* The world switch, and the loop of exits and entries. */
#include "gen/asm_offsets.h"

	.section .text, "ax", @progbits

/*
 * noreturn void vmx_enter(struct virt_vcpu *v, int64_t skip)
 *
 * Asks vmx_go_on, enters the guest, calls vmx_exited after its exit, asks vmx_go_on with the answer; and so
 * on until that says NULL; then kernel_leave.
 *
 * In:  RDI = the vCPU, which starts with the guest's GPRs in the order of enum gpr (RSP is in the VMCS),
 *	RSI = skip. The VMCS is current, and its HOST_RSP is the top of the main stack less VIRT_STACK.
 *	IF=0, on the main stack.
 * Out: never. vmx_exited finds the GPRs and CR2 as the guest left them, IF=0, and 0 in all registers but its
 *	arguments, of which the second is 1 if the entry instruction failed: what the guest had there C may
 *	not read by mistake, and RBP = 0 ends the chain of frames.
 * Stack: from its top: a word for RDI, v. What the callers had there is gone.
 *
 * The hardware does not switch CR2: it is loaded last, and saved before anything can fault.
 */
	.globl	vmx_enter
	.type	vmx_enter, @function
	.balign	16
vmx_enter:
	and	$-PERCPU_SIZE, %rsp
	add	$PERCPU_MAIN_TOP - VIRT_STACK_VALUE, %rsp
	mov	%rdi, (%rsp)
	xor	%ebp, %ebp
	jmp	6f
1:	mov	VIRT_CR2(%rdi), %rax
	mov	%cr2, %rcx
	cmp	%rax, %rcx
	je	2f
	mov	%rax, %cr2
2:	testb	$1, VIRT_LAUNCHED(%rdi)	/* no flag changes until the jump */
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
4:	mov	(%rsp), %rdi
	mov	$1, %esi
	jmp	5f

	.globl	vmx_exit_point
vmx_exit_point:
	mov	%rdi, 8(%rsp)
	mov	(%rsp), %rdi
	mov	%rax, (%rdi)
	mov	%cr2, %rax
	mov	%rax, VIRT_CR2(%rdi)
	mov	8(%rsp), %rax
	mov	%rcx, GPR_OFFSET_RCX(%rdi)
	mov	%rdx, GPR_OFFSET_RDX(%rdi)
	mov	%rbx, GPR_OFFSET_RBX(%rdi)
	mov	%rbp, GPR_OFFSET_RBP(%rdi)
	mov	%rsi, GPR_OFFSET_RSI(%rdi)
	mov	%rax, GPR_OFFSET_RDI(%rdi)
	mov	%r8, GPR_OFFSET_R8(%rdi)
	mov	%r9, GPR_OFFSET_R9(%rdi)
	mov	%r10, GPR_OFFSET_R10(%rdi)
	mov	%r11, GPR_OFFSET_R11(%rdi)
	mov	%r12, GPR_OFFSET_R12(%rdi)
	mov	%r13, GPR_OFFSET_R13(%rdi)
	mov	%r14, GPR_OFFSET_R14(%rdi)
	mov	%r15, GPR_OFFSET_R15(%rdi)
	xor	%esi, %esi
5:	xor	%eax, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%ebx, %ebx
	xor	%ebp, %ebp
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d
	call	vmx_exited
	mov	(%rsp), %rdi
	mov	%rax, %rsi
6:	call	vmx_go_on
	mov	%rax, %rdi
	test	%rax, %rax
	jnz	1b
	mov	(%rsp), %rdi
	call	kernel_leave
	ud2
	.size	vmx_enter, . - vmx_enter

	.section .note.GNU-stack, "", @progbits
