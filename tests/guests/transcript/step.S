/* SPDX-License-Identifier: BSD-2-Clause */
/* See step.c. RSI: nobody's memory; R8: the local APIC's TPR. */
#include "tests/guests/transcript/insn.h"

	cases step
	insn BOTH | STEPPED, "nop; nop"
	insn BOTH | STEPPED, "cpuid; nop"
	insn BOTH | STEPPED, "cpuid; cpuid"
	insn AT0  | STEPPED, "inb $0x80, %al; nop"
	insn AT0  | STEPPED, "outb %al, $0x80; nop"
	insn AT0  | STEPPED, "mov $0xd00, %edx; mov $2, %ecx; rep insb; nop"
	insn AT0  | STEPPED, "mov $0xd00, %edx; mov $0x40003000, %esi; mov $2, %ecx; rep outsb; nop"
	insn AT0  | STEPPED, "mov $0x1b, %ecx; rdmsr; nop"
	insn AT0  | STEPPED, "mov $0xc0000102, %ecx; xor %eax, %eax; xor %edx, %edx; wrmsr; nop"
	insn AT0  | STEPPED, "mov $0xdeadbeef, %ecx; rdmsr; nop"
	insn AT0  | STEPPED, "mov %cr0, %rax; mov %rax, %cr0; nop"
	insn AT0  | STEPPED, "mov %cr4, %rax; mov %rax, %cr4; nop"
	insn AT0  | STEPPED, "mov %cr3, %rax; mov %rax, %cr3; nop"
	insn AT0  | STEPPED, "xor %eax, %eax; mov %rax, %cr8; nop"
	insn AT0  | STEPPED, "clts; nop"
	insn AT0  | STEPPED, "lmsw %ax; nop"
	insn AT0  | STEPPED, "wbinvd; nop"
	insn AT0  | STEPPED, "invlpg (%rdi); nop"
	insn BOTH | STEPPED, "rdtsc; nop"
	insn BOTH | STEPPED, "mov (%rsi), %eax; nop"
	insn BOTH | STEPPED, "mov %eax, (%rsi); nop"
	insn BOTH | STEPPED, "incl (%rsi); nop"
	insn BOTH | STEPPED, "mov $2, %ecx; rep movsb; nop"
	insn BOTH | STEPPED, "mov $2, %ecx; mov %rsi, %rdi; rep stosl; nop"
	insn BOTH | STEPPED, "mov $2, %ecx; rep stosb; nop"
	insn BOTH | STEPPED, "push (%rsi); pop (%rsi); nop"
	insn BOTH | STEPPED, "mov %ss, %ecx; mov %ecx, %ss; nop; nop"
	insn BOTH | STEPPED, "mov %ss, %ecx; mov %ecx, %ss; cpuid; nop"
	insn BOTH | STEPPED, "mov %ss, %ecx; mov %ecx, %ss; mov (%rsi), %eax; nop"
	insn AT0  | STEPPED, "sti; nop; cli; nop"
	insn AT0  | STEPPED, "sti; cpuid; cli"
	insn BOTH | STEPPED, "pushfq; pop %rax; nop"
	insn BOTH | STEPPED, "push $2; popfq; nop; nop"
	insn BOTH | STEPPED, "ud2"
	insn AT0  | STEPPED, "int $0x63; nop"
	insn BOTH | STEPPED, "int3"
	insn BOTH, "push $0x102; popfq; cpuid; nop"
	cases_end

	/* A trap ends the halt; on the bare emulators it does not. */
	cases step_freehold
	insn AT0  | STEPPED, "hlt; nop"
	insn AT0  | STEPPED, "sti; hlt; cli"
	cases_end

	.code32
	cases step_code32
	insn BOTH | STEPPED | IN32, "cpuid; nop"
	insn BOTH | STEPPED | IN32, "mov (%esi), %eax; nop"
	insn BOTH | STEPPED | IN32, "push %ss; pop %ss; cpuid; nop"
	cases_end
	.code64

	cases shadow
	insn AT0, "sti; nop; nop; cli"
	insn AT0, "sti; cli; nop"
	insn AT0, "sti; cpuid; nop; cli"
	insn AT0, "sti; mov (%rsi), %eax; nop; cli"
	insn AT0, "sti; inb $0x80, %al; nop; cli"
	insn AT0, "mov $0x1b, %ecx; sti; rdmsr; nop; cli"
	insn AT0, "sti; wbinvd; nop; cli"
	insn AT0, "sti; sti; nop; nop; cli"
	insn AT0, "sti; hlt; nop; cli"
	insn AT0, "mov %ss, %ecx; sti; mov %ecx, %ss; nop; nop; cli"
	insn AT0, "pushfq; orl $0x200, (%rsp); popfq; nop; cli"
	insn AT0, "pushfq; orl $0x200, (%rsp); popfq; cpuid; cli"
	insn AT0, "mov $2, %ecx; sti; rep movsb; cli"
	insn AT0, "mov $8, %eax; mov %rax, %cr8; sti; nop; nop; xor %eax, %eax; mov %rax, %cr8; nop; cli"
	insn AT0, "movl $0x80, (%r8); sti; nop; nop; movl $0, (%r8); nop; cli"
	insn AT0, "sti; ud2"
	insn AT0, "cpuid; nop; sti; nop; cli"
	cases_end

	cases shadow_two
	insn AT0, "sti; nop; nop; cli"
	insn AT0, "sti; cpuid; nop; cli"
	insn AT0, "mov $8, %eax; mov %rax, %cr8; sti; nop; nop; xor %eax, %eax; mov %rax, %cr8; nop; cli"
	cases_end

	cases shadow_on
	insn AT0, "mov %eax, (%rdi); nop; cli"
	insn AT0, "mov %eax, (%rdi); cpuid; cli"
	insn AT0, "mov %ss, %ecx; mov %ecx, %ss; mov %eax, (%rdi); nop; cli"
	insn AT0, "mov %eax, (%rdi); mov %ss, %ecx; mov %ecx, %ss; nop; cli"
	insn AT0, "cli; mov %eax, (%rdi); nop; sti; cpuid; cli"
	insn AT0, "cli; mov %eax, (%rdi); sti; hlt; cli"
	cases_end

	.section .note.GNU-stack, "", @progbits
