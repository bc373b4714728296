/* SPDX-License-Identifier: BSD-2-Clause */
/* See control.c. */
#include "tests/guests/transcript/insn.h"

	cases control
	insn AT0, "mov %cr0, %rbx; or $8, %ebx; mov %rbx, %cr0; smsw %eax; clts; smsw %ecx"
	insn AT0, "mov $8, %eax; lmsw %ax; clts"
	insn AT0, "mov %r8, %dr0; mov %dr0, %rax"
	insn AT0, "movabs $0x800000000000, %rax; mov %rax, %dr1; mov %dr1, %rbx"
	insn AT0, "mov $0xffff0ff1, %eax; mov %rax, %dr4; mov %dr6, %rbx"
	insn AT0, "mov $0x401, %eax; mov %rax, %dr5; mov %dr7, %rbx"
	insn AT0, "mov $0x2400, %eax; mov %rax, %dr7; mov %dr0, %rbx"
	insn AT0, "mov $0x2400, %eax; mov %rax, %dr7; mov %rax, %dr7"
	insn AT0, "mov $0x2400, %eax; mov %rax, %dr7; wbinvd; mov %rax, %dr6"
	insn AT0, "mov %cr3, %rax; mov %rax, %cr3; invlpg (%rdi); xor %eax, %eax"
	cases_end

	cases control_de
	insn BOTH, "mov %dr4, %rax"
	insn BOTH, "mov %dr5, %rax"
	insn BOTH, "mov %rax, %dr4"
	insn BOTH, "mov %rax, %dr5"
	cases_end

	.section .note.GNU-stack, "", @progbits
