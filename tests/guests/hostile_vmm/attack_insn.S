/* SPDX-License-Identifier: BSD-2-Clause */
/* Single instructions that ring 3 may not execute, and what C cannot say. n is in RDI. */

	.text
	.globl attack_syscall
attack_syscall:
	syscall
	ret

	.globl attack_sysenter
attack_sysenter:
	sysenter
	ret

/* One INT n for each vector, 8 bytes apart. */
	.globl attack_int
attack_int:
	leaq int_table(%rip), %rax
	leaq (%rax, %rdi, 8), %rax
	jmp *%rax
	.balign 8
int_table:
	vector = 0
	.rept 256
	.balign 8
	.byte 0xcd, vector
	ret
	vector = vector + 1
	.endr

/* DS, ES, FS, GS and SS from RDI. */
	.globl attack_selector
attack_selector:
	movw %di, %ds
	movw %di, %es
	movw %di, %fs
	movw %di, %gs
	movw %di, %ss
	ret

	.globl attack_far_return
attack_far_return:
	pushq %rdi
	leaq 1f(%rip), %rax
	pushq %rax
	lretq
1:	cli
	ret

	.globl attack_iret
attack_iret:
	movq %rsp, %rax
	xorl %ecx, %ecx
	movw %ss, %cx
	pushq %rcx
	pushq %rax
	pushfq
	pushq %rdi
	leaq 1f(%rip), %rax
	pushq %rax
	iretq
1:	cli
	ret

/* RFLAGS ^= RDI. */
	.globl attack_rflags
attack_rflags:
	pushfq
	xorq %rdi, (%rsp)
	popfq
	nop
	nop
	ret

/* Touches a stack where there is none. */
	.globl attack_stack
attack_stack:
	movq %rdi, %rsp
	pushq %rdi
	ud2

/* Makes calls with a stack pointer that is not the caller's: the kernel has its own. */
	.globl attack_stack_call
attack_stack_call:
	movq %rsp, %r8
	movq %rdi, %rsp
	movl $1000, %r9d
1:	movl $4, %eax /* CALL_LAPIC_READ */
	movl $0x20, %edi
	int $0x80
	decl %r9d
	jnz 1b
	movq %r8, %rsp
	ret

	.section .note.GNU-stack, "", @progbits
