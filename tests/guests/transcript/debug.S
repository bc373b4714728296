/* SPDX-License-Identifier: BSD-2-Clause */
/* See debug.c. RSI: nobody's memory. */
#include "tests/guests/transcript/insn.h"

	/* Writes at RDI trap. */
	cases debug_data
	insn BOTH, "mov %eax, (%rdi); nop"
	insn BOTH, "mov (%rdi), %eax; nop"
	insn BOTH, "mov %al, 3(%rdi); nop"
	insn BOTH, "mov %al, 4(%rdi); nop"
	insn BOTH, "mov %eax, (%rdi); cpuid; nop"
	insn BOTH, "cpuid; mov %eax, (%rdi); cpuid"
	insn BOTH, "stosl; nop"
	insn BOTH, "mov $3, %ecx; rep stosl; nop"
	insn BOTH, "movsl; nop"
	insn AT0,  "mov $0xd00, %edx; insb; nop"
	insn BOTH, "mov %ss, (%rdi); nop"
	insn BOTH, "mov %ss, %ecx; mov %ecx, %ss; mov %eax, (%rdi); nop"
	insn AT0 | STEPPED | NOT_TCG, "mov %eax, (%rdi); nop"
	insn AT0 | STEPPED | NOT_TCG, "cpuid; mov %eax, (%rdi); nop"
	cases_end

	/* So does any access to a device's register at R8. */
	cases debug_device
	insn BOTH, "mov %eax, (%r8); nop"
	insn BOTH, "mov (%r8), %eax; nop"
	cases_end

	/* The instruction 2 bytes on does not begin; RF lets it. */
	cases debug_code
	insn BOTH, "nop; nop; nop"
	insn BOTH, "cpuid; nop"
	insn BOTH, "nop; nop; cpuid; nop"
	insn BOTH, "xor %eax, %eax; mov (%rsi), %eax; nop"
	insn BOTH, "mov (%rsi), %eax; nop"
	insn AT0 | STEPPED, "cpuid; cpuid; nop"
	insn AT0 | STEPPED, "mov (%rsi), %eax; inb $0x80, %al; nop"
	cases_end

	cases debug_port
	insn AT0, "outb %al, $0x80; nop"
	insn AT0, "inb $0x80, %al; nop"
	insn AT0, "outb %al, $0x84; nop"
	cases_end

	/* RDI: the ICR; RAX: an NMI to itself. */
	cases debug_nmi
	insn BOTH, "mov %eax, (%rdi); nop; nop"
	insn AT0,  "mov %eax, (%rdi); cpuid; nop"
	insn AT0,  "mov %eax, (%rdi); mov %eax, (%rdi); nop; nop"
	insn AT0,  "mov %ss, %ecx; mov %ecx, %ss; mov %eax, (%rdi); nop; nop"
	insn AT0,  "sti; mov %eax, (%rdi); nop; nop; cli"
	insn AT0,  "mov %eax, (%rdi); ud2"
	cases_end

	cases debug_nmi_twice
	insn BOTH, "mov %eax, (%rdi); nop; nop"
	insn AT0,  "mov %eax, (%rdi); cpuid; nop"
	cases_end

	.section .note.GNU-stack, "", @progbits
