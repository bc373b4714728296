/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's vector registers. A register's number cannot be an operand, so each routine jumps into a
 * table of entries of 16 bytes, a power of two of them.
 */

/* In: EDI = register (only the bits of last count); RSI = memory. Clobbers: RAX, RDI. */
.macro table name, last
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
.endm

.macro entries store, prefix, mnemonic, numbers:vararg
	.irp	number, \numbers
	.balign 16
	.if \store
	\mnemonic %\prefix\number, (%rsi)
	.else
	\mnemonic (%rsi), %\prefix\number
	.endif
	ret
	.endr
.endm

.macro eight name, store, prefix, mnemonic
	table	\name, 7
	entries	\store, \prefix, \mnemonic, 0, 1, 2, 3, 4, 5, 6, 7
	.size \name, . - \name
.endm

.macro sixteen name, store, prefix, mnemonic
	table	\name, 15
	entries	\store, \prefix, \mnemonic, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.size \name, . - \name
.endm

.macro thirty_two name, store, prefix, mnemonic
	table	\name, 31
	entries	\store, \prefix, \mnemonic, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	entries	\store, \prefix, \mnemonic, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	.size \name, . - \name
.endm

	.text
	eight	fpu_store_mm, 1, mm, movq
	eight	fpu_load_mm, 0, mm, movq
	sixteen	fpu_store_xmm, 1, xmm, movups
	sixteen	fpu_load_xmm, 0, xmm, movups
	sixteen	fpu_store_ymm, 1, ymm, vmovups
	sixteen	fpu_load_ymm, 0, ymm, vmovups
	thirty_two fpu_store_zmm, 1, zmm, vmovups
	thirty_two fpu_load_zmm, 0, zmm, vmovups
	eight	fpu_store_mask16, 1, k, kmovw
	eight	fpu_store_mask64, 1, k, kmovq

/* Out: AX = the x87 status word. FNSTSW waits for no exception. Clobbers: nothing. */
	.globl fpu_x87_status
	.type fpu_x87_status, @function
fpu_x87_status:
	fnstsw	%ax
	ret
	.size fpu_x87_status, . - fpu_x87_status

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
