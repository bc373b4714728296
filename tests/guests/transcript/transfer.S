/* SPDX-License-Identifier: BSD-2-Clause */
/* See transfer.c. R8: an address that is not canonical; R9: somewhere in the stack. */
#include "tests/guests/transcript/insn.h"

	/* What CPUID says does not show. */
	.macro exit_and_clear
	cpuid
	xor %eax, %eax
	xor %ebx, %ebx
	xor %ecx, %ecx
	xor %edx, %edx
	.endm

	cases transfer_syscall
	insn BOTH, "syscall"
	insn AT3,  "stc; std; syscall"
	insn AT3 | STEPPED, "nop; syscall"
	insn AT0, "mov $0x300, %r11d; mov $0x40001b00, %ecx; sysretq"
	.code32
	insn AT3 | IN32, "syscall"
	.code64
	cases_end

	cases transfer_sysret
	insn AT0,  "mov $0x40001b00, %ecx; mov $0x8d7, %r11d; sysretq"
	insn AT0,  "mov $0x40001b00, %ecx; mov $2, %r11d; sysretl"
	insn AT0,  "mov %r8, %rcx; mov $2, %r11d; sysretq"
	insn AT0,  "mov $0x40001b00, %ecx; mov $0x32a02, %r11d; sysretq"
	cases_end

	cases transfer_sysenter
	insn BOTH, "sysenter"
	.code32
	insn AT3 | IN32, "sysenter"
	.code64
	insn AT0,  "mov %r9, %rcx; mov $0x40001b00, %edx; sysexitq"
	insn AT0,  "mov %r9, %rcx; mov $0x40001b00, %edx; sysexitl"
	insn AT0,  "mov %r9, %rcx; mov %r8, %rdx; sysexitq"
	cases_end

	cases transfer_iret
	insn AT0,  "mov %ss, %ecx; push %rcx; push %r9; pushfq; push $8; push %r8; iretq"
	insn AT0,  "mov %ss, %ecx; push %rcx; push %r8; pushfq; push $8; push $0x40001800; iretq"
	insn AT0,  "mov %ss, %ecx; push %rcx; push %r9; push $0x20002; push $8; push $0x40001800; iretq"
	insn AT0,  "mov %ss, %ecx; push %rcx; push %r9; push $-1; push $8; push $0x40001800; iretq"
	insn AT3,  "mov %ss, %ecx; push %rcx; push %r9; push $0x3fffd7; push $0x2b; push $0x40001800; iretq"
	insn BOTH, "push $0x4002; popfq; iretq"
	insn BOTH, "pushfq; orl $0x4000, (%rsp); popfq; pushfq; pop %rax; push $2; popfq"
	insn AT3,  "mov %ss, %ecx; push %rcx; push %r9; pushfq; push $8; push $0x40001800; iretq"
	insn AT0,  "push $0; push %r9; pushfq; push $8; push $0x40001800; iretq"
	insn AT0,  "push $3; push %r9; pushfq; push $0x2b; push $0x40001800; iretq"
	insn AT0,  "push $0x23; push %r9; push $0x3202; push $0x33; push $0x40001800; iretq"
	insn BOTH, "push $-1; popfq; pushfq; pop %rax; push $2; popfq"
	insn BOTH, "push $0x240ad7; popfq; pushfq; pop %rax; push $2; popfq"
	insn BOTH, "pushw $0x0ad7; popfw; pushfw; pop %ax; push $2; popfq"
	cases_end

	cases transfer_far
	insn BOTH, "jmp *%r8"
	insn BOTH, "call *%r8"
	insn BOTH, "push %r8; ret"
	insn BOTH, "push %r8; ret $16"
	insn BOTH, "mov %r8, (%rdi); jmp *(%rdi)"
	insn BOTH, "lea -1(%r8), %rax; jmp *%rax"
	insn BOTH, "mov %r8, %rsp; push %rax"
	insn BOTH, "lea 8(%r8), %rsp; push %rax"
	insn BOTH, "mov %r8, %rsp; pop %rax"
	insn BOTH, "mov %r8, %rsp; call .+5"
	insn BOTH, "mov %r8, %rsp; ret"
	insn_named BOTH, "mov %r8, %rsp; exit_and_clear; push %rax", "mov %r8, %rsp; cpuid; push %rax"
	insn BOTH, "mov (%r8), %eax"
	insn BOTH, "mov %eax, -1(%r8)"
	insn BOTH, "mov %r8, %rbp; mov (%rbp), %eax"
	insn BOTH, "mov %r8, %rbp; incl 8(%rbp)"
	insn BOTH, "mov %r8, %rsi; lodsb"
	insn BOTH, "mov %r8, %rdi; stosq"
	insn BOTH, "mov %r8, %rdi; mov $3, %ecx; rep stosb"
	insn BOTH, "mov %r8, %rbp; enter $8, $1"
	insn BOTH, "mov %r8, %rbp; leave"
	insn BOTH, "cmpxchg16b 1(%rdi)"
	insn BOTH, "lea (%r8), %rax; prefetcht0 (%r8)"
	insn AT0,  "invlpg (%r8)"
	insn BOTH, "clflush (%rdi)"
	insn BOTH, "clflush (%r8)"
	cases_end

	.code32
	cases transfer_code32
	insn BOTH | IN32, "push %es; pop %ds; pusha; popa"
	insn BOTH | IN32, "mov $0x12, %eax; daa; aam"
	insn BOTH | IN32, "les (%edi), %eax"
	insn_named BOTH | IN32, "exit_and_clear", "cpuid"
	insn BOTH | IN32, "mov %cr0, %eax"
	insn BOTH | IN32, "mov $0x80010033, %eax; mov %eax, %cr0"
	insn AT0 | IN32 | NOT_TCG, "mov $0, %eax; mov %eax, %cr4"
	insn BOTH | IN32, "mov $0x800, %eax; inb $0x80, %al; in %dx, %ax; xor %eax, %eax"
	insn BOTH | IN32, "mov $0xc0000080, %ecx; rdmsr"
	insn BOTH | IN32, "mov 0x40022000, %eax; mov %ax, 0x40022000; addl $1, 0x40022008"
	insn BOTH | IN32, "arpl %ax, %cx"
	insn BOTH | IN32, "lcall $0x33, $0x4000100a; nop; nop; nop"
	insn BOTH | IN32, "lcall $0x2b, $0x4000100a; nop; nop; nop"
	insn BOTH | IN32, "mov %fs:(%edi), %eax"
	insn BOTH | IN32, "xor %eax, %eax; mov %eax, %ds; mov %ds:(%edi), %eax"
	insn BOTH | IN32, "push $0x20002; popf; pushf; pop %eax"
	insn BOTH | IN32, "inc %eax; .byte 0x82, 0xc0, 0x01"
	cases_end
	.code64

	.section .note.GNU-stack, "", @progbits
