/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instructions that may fault in ring 0, and the table that says where to go on if they do. All
 * are functions of the C ABI; bool answers in EAX.
 */
#include "arch/x86_64/smap.h"

	.macro FUNCTION name
	.globl \name
	.type \name, @function
	.balign 16
\name:
	.endm

	.macro END name
	.size \name, . - \name
	.endm

	.text
/* bool msr_read_safe(uint32_t index, uint64_t *value) */
FUNCTION msr_read_safe
	movl %edi, %ecx
.Lfault_rdmsr:
	rdmsr
	shlq $32, %rdx
	orq %rdx, %rax
	movq %rax, (%rsi)
	movl $1, %eax
	ret
END msr_read_safe

/* bool msr_write_safe(uint32_t index, uint64_t value) */
FUNCTION msr_write_safe
	movl %edi, %ecx
	movq %rsi, %rdx
	shrq $32, %rdx
	movl %esi, %eax
.Lfault_wrmsr:
	wrmsr
	movl $1, %eax
	ret
END msr_write_safe

/*
 * void safe_xsave(void *area): 64-byte aligned. The 64-bit form keeps the whole of FIP and FDP; but AMD
 * without XSAVEERPTR leaves them out while FSW.ES is 0: see fpu_restore.
 */
FUNCTION safe_xsave
	movl $-1, %eax
	movl $-1, %edx
	xsave64 (%rdi)
	ret
END safe_xsave

/* void safe_fxsave(void *area): 16-byte aligned */
FUNCTION safe_fxsave
	fxsave64 (%rdi)
	ret
END safe_fxsave

/* bool safe_xrstor(const void *area) */
FUNCTION safe_xrstor
	movl $-1, %eax
	movl $-1, %edx
.Lfault_xrstor:
	xrstor64 (%rdi)
	movl $1, %eax
	ret
END safe_xrstor

/* bool safe_fxrstor(const void *area) */
FUNCTION safe_fxrstor
.Lfault_fxrstor:
	fxrstor64 (%rdi)
	movl $1, %eax
	ret
END safe_fxrstor

/* bool safe_copy(void *to, const void *from, size_t size) */
FUNCTION safe_copy
	movq %rdx, %rcx
	shrq $3, %rcx
	SMAP_SITE safe_copy_stac
.Lfault_copy_words:
	rep movsq
	movl %edx, %ecx
	andl $7, %ecx
.Lfault_copy:
	rep movsb
	SMAP_SITE safe_copy_clac
	movl $1, %eax
	ret
.Lrefused_copy:
	SMAP_SITE safe_copy_fault_clac
.Lrefused:
	xorl %eax, %eax
	ret
END safe_copy

	.section .rodata
	.balign 8
	.globl safe_fixups, safe_fixups_end
safe_fixups:
	.quad .Lfault_rdmsr, .Lrefused
	.quad .Lfault_wrmsr, .Lrefused
	.quad .Lfault_xrstor, .Lrefused
	.quad .Lfault_fxrstor, .Lrefused
	.quad .Lfault_copy_words, .Lrefused_copy
	.quad .Lfault_copy, .Lrefused_copy
safe_fixups_end:

	.section .note.GNU-stack, "", @progbits
