/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's vector registers and other extended state. A register's number cannot be an operand, so each
 * routine jumps into a table of sixteen entries of 16 bytes.
 */

/* In: EDI = register, 0 to \last (higher bits do not count); RSI = memory. Clobbers: RAX, RDI. */
.macro register_table name, store, prefix, mnemonic, last=15
	.globl \name
	.type \name, @function
\name:
	and	$\last, %edi
	shl	$4, %edi
	lea	1f(%rip), %rax
	add	%rdi, %rax
	jmp	*%rax
	.balign 16
1:
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.if \number <= \last
	.balign 16
	.if \store
	\mnemonic %\prefix\number, (%rsi)
	.else
	\mnemonic (%rsi), %\prefix\number
	.endif
	ret
	.endif
	.endr
	.size \name, . - \name
.endm

	.text
	register_table fpu_store_xmm, 1, xmm, movups
	register_table fpu_load_xmm, 0, xmm, movups
	register_table fpu_store_ymm, 1, ymm, vmovups
	register_table fpu_load_ymm, 0, ymm, vmovups
	register_table fpu_store_mmx, 1, mm, movq, 7
	register_table fpu_load_mmx, 0, mm, movq, 7

/* Out: RAX = XCR0. Clobbers: RCX, RDX. */
	.globl fpu_xcr0
	.type fpu_xcr0, @function
fpu_xcr0:
	xor	%ecx, %ecx
	xgetbv
	shl	$32, %rdx
	mov	%eax, %eax
	or	%rdx, %rax
	ret
	.size fpu_xcr0, . - fpu_xcr0

/* Out: EAX = the FPU's status word; no pending exception is raised. */
	.globl fpu_status
	.type fpu_status, @function
fpu_status:
	xor	%eax, %eax
	fnstsw	%ax
	ret
	.size fpu_status, . - fpu_status

/* In: RDI = area, a multiple of 64; ESI = the components wanted. Clobbers: RAX, RDX. */
	.globl fpu_xsave
	.type fpu_xsave, @function
fpu_xsave:
	mov	%esi, %eax
	xor	%edx, %edx
	xsave	(%rdi)
	ret
	.size fpu_xsave, . - fpu_xsave

	.section .note.GNU-stack, "", @progbits
