/* SPDX-License-Identifier: BSD-2-Clause */
/* The world switch, and the loop of exits and entries. */
#include "gen/asm_offsets.h"

	.section .text, "ax", @progbits

/*
 * noreturn void svm_run(struct virt_vcpu *v, int64_t skip): virt_ops.run
 *
 * Asks svm_go_on, enters the guest, calls svm_exited after its exit, asks svm_go_on with the answer; and so
 * on until that says NULL; then kernel_leave.
 *
 * In:  RDI = the vCPU, which starts with the guest's GPRs in the order of enum gpr (RAX and RSP are in the
 *	VMCB), RSI = skip. IF=0, GIF=1, on the main stack.
 * Out: never. svm_exited finds the GPRs as the guest left them, IF=0, GIF=1, and 0 in all registers but
 *	its argument: what the guest had there C may not read by mistake; RBP = 0 ends the chain of frames.
 * Stack: from its top: PA of this CPU's VMSAVE page, v. What the callers had there is gone.
 *
 * IF is 1 at VMRUN, or no physical interrupt would exit (APM2 15.13.1 "INTR"); CLGI keeps it from being
 * taken before. Between VMLOAD of the guest and VMLOAD of the host TR is the guest's: no exception with an
 * IST may come, and with GIF=0 no NMI does.
 */
	.globl	svm_run
	.type	svm_run, @function
	.balign	16
svm_run:
	and	$-PERCPU_SIZE, %rsp
	add	$PERCPU_MAIN_TOP, %rsp
	mov	VIRT_CPU_STATE(%rdi), %rax
	push	(%rax)		/* svm_cpu.host_vmcb */
	push	%rdi
	xor	%ebp, %ebp
	jmp	2f
1:	mov	VIRT_HW_PA(%rdi), %rax
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
	mov	8(%rsp), %rax
	vmload	%rax
	cli
	mov	(%rsp), %rax
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
	mov	%rax, %rdi
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%ebx, %ebx
	xor	%ebp, %ebp
	xor	%esi, %esi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d
	call	svm_exited
	mov	(%rsp), %rdi
	mov	%rax, %rsi
2:	call	svm_go_on
	mov	%rax, %rdi
	test	%rax, %rax
	jnz	1b
	mov	(%rsp), %rdi
	call	kernel_leave
	ud2
	.size	svm_run, . - svm_run

	.section .note.GNU-stack, "", @progbits
