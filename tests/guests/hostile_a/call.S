/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uint64_t call_64_vmcall(uint64_t rax) and its like: the hypercall with that RAX, in 64-bit code or in
 * 32-bit code of compatibility mode; returns RAX. The code and the stack lie in the first 4 GiB.
 */
#include "tests/guests/lib/layout.h"

	.macro calls insn
	.globl call_64_\insn
call_64_\insn:
	movq %rdi, %rax
	\insn
	ret

	.globl call_32_\insn
call_32_\insn:
	movq %rdi, %rax
	pushq $SELECTOR_CODE32
	pushq $1f
	lretq
	.code32
1:	\insn
	ljmp $SELECTOR_CODE, $2f
	.code64
2:	ret
	.endm

	.text
	calls vmcall
	calls vmmcall

	.section .note.GNU-stack, "", @progbits
