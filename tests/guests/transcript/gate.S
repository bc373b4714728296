/* SPDX-License-Identifier: BSD-2-Clause */
/* See gate.c. */
#include "tests/guests/transcript/insn.h"

	cases gate_int
	insn BOTH, "int $0x63"
	cases_end

	/* RDI: the local APIC's ICR; RAX: the vector, to itself. */
	cases gate_ipi
	insn_named AT0, "mov %eax, (%rdi); sti; nop; nop; cli", "interrupt"
	cases_end

	cases gate_own
	insn BOTH, "int3"
	insn BOTH, "int $3"
	insn BOTH, "int $2"
	insn BOTH, "int $1"
	insn BOTH, "int $0x20"
	insn BOTH, "int $0x80"
	.code32
	insn BOTH | IN32, "int3"
	insn BOTH | IN32, "into"
	insn BOTH | IN32, "mov $0x7fffffff, %ebx; inc %ebx; into"
	insn BOTH | IN32, "movl $0, (%edi); movl $1, 4(%edi); mov $2, %eax; bound %eax, (%edi)"
	insn BOTH | IN32, "movl $0, (%edi); movl $1, 4(%edi); mov $1, %eax; bound %eax, (%edi)"
	.code64
	cases_end

	cases gate_limit
	insn AT0,  "int $0xee"
	insn BOTH, "int $0xf0"
	insn BOTH, "int $0xff"
	cases_end

	.section .note.GNU-stack, "", @progbits
