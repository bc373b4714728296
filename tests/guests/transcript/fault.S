/* SPDX-License-Identifier: BSD-2-Clause */
/* See fault.c. R8: a page with the rights that are tried; R9: the same of a device. */
#include "tests/guests/transcript/insn.h"

	cases fault_page
	insn BOTH, "mov %al, (%r8)"
	insn BOTH, "mov (%r8), %al"
	insn BOTH, "call *%r8"
	cases_end

	cases fault_wp
	insn BOTH, "mov %al, (%r8)"
	cases_end

	/* The code itself is a user page. */
	cases fault_smep
	insn AT0,  "nop"
	insn AT3,  "call *%r8"
	cases_end

	cases fault_smap
	insn AT0,  "mov %al, (%r8)"
	insn BOTH, "mov (%r8), %al"
	insn AT0,  "stac; mov (%r8), %al; clac"
	insn AT0,  "push %rax"
	cases_end

	cases fault_nxe
	insn BOTH, "mov (%r8), %al"
	insn AT3,  "call *%r8"
	cases_end

	cases fault_device
	insn BOTH, "mov %al, (%r9)"
	insn BOTH, "mov (%r9), %al"
	insn BOTH, "incl (%r9)"
	cases_end

	/* The second byte is on a page that is not there. */
	cases fault_edge
	insn BOTH, "cpuid"
	insn BOTH, "wbinvd"
	insn AT0,  "mov %eax, (%rdi)"
	cases_end

	cases fault_rf
	insn BOTH, "ud2"
	insn AT3,  "hlt; nop"
	insn AT0,  "mov $0xdeadbeef, %ecx; rdmsr"
	insn AT0 | NOT_TCG, "xor %eax, %eax; mov %rax, %cr4"
	insn BOTH, "mov 0x40000000, %eax"
	insn AT0,  "mov $0x40000000, %edi; mov $0xd00, %edx; insb"
	insn BOTH, "mov $0x40005000, %edi; mov %r9, %rsi; movsb"
	insn BOTH, "xor %edx, %edx; xor %eax, %eax; div %eax"
	insn BOTH, "int3"
	insn BOTH | STEPPED, "cpuid; ud2"
	insn BOTH | STEPPED, "mov (%r9), %eax; ud2"
	cases_end

	.section .note.GNU-stack, "", @progbits
