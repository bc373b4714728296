/* SPDX-License-Identifier: BSD-2-Clause */
/* See segment.c. */
#include "tests/guests/transcript/insn.h"

	cases segment_load
	insn BOTH, "mov %eax, %ds; cpuid"
	insn BOTH, "mov %eax, %ss; cpuid; nop"
	cases_end

	/* BL, BH, R9B, R10B: ZF of each. Of the access rights bits 19:16 are undefined. */
	.macro look
	lar %eax, %ecx
	setz %bl
	lsl %eax, %edx
	setz %bh
	verr %ax
	setz %r9b
	verw %ax
	setz %r10b
	and $0xfff0ffff, %ecx
	.endm

	cases segment_look
	insn_named BOTH | NO_SZAP, "look", "lar, lsl, verr, verw"
	cases_end

	cases segment_system
	insn AT0, "lldt %ax"
	insn AT0, "ltr %ax; ltr %r8w"
	cases_end

	/* To what follows: two bytes on, or by name. */
	.macro return_far
	mov %ss, %ecx
	mov %rsp, %rdx
	push %rcx
	push %rdx
	pushfq
	push %rax
	push $0x40001010
	iretq
	nop
	.endm

	cases segment_far
	insn BOTH, "ljmp *(%rdi)"
	insn BOTH, "lcall *(%rdi)"
	insn_named BOTH, "push %rax; push $0x40001008; lretq; nop; nop", "lretq"
	insn_named BOTH, "return_far", "iretq"
	cases_end

	cases segment_table
	insn AT0, "lldt %ax; mov %ecx, %ds; mov %dr7, %rbx; verr %cx"
	insn AT0, "lldt %ax; mov %ecx, %gs; mov %gs:(%rdi), %rbx; mov $0x80, %edx; in %dx, %al"
	insn AT0, "lldt %ax; lsl %ecx, %ebx; lar %edx, %esi; and $0xfff0ffff, %esi"
	cases_end

	.section .note.GNU-stack, "", @progbits
