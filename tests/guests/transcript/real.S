/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See real.c. DI: 0, eight bytes of memory. What is beyond each target are INT3s, so that #BP tells
 * where it led; the segment of the code is 1000h. 800h in the data: more memory, of known bytes.
 */
#include "tests/guests/transcript/insn.h"

	.code16
	/* Protected mode, with real mode's segments. */
	.macro pe_on
	mov %cr0, %eax
	inc %ax
	mov %eax, %cr0
	.endm
	.macro pe_off
	mov %cr0, %eax
	dec %ax
	mov %eax, %cr0
	.endm

	cases real_system
	insn IN16, "cli"
	insn IN16, "sti; cli"
	insn IN16, "sti; nop"
	insn IN16, "clts"
	insn IN16, "mov %cr0, %ebx; or $8, %bl; mov %ebx, %cr0; smsw %ax; clts; smsw %cx"
	insn IN16, "smsw %ax"
	insn IN16, "smsw %eax"
	insn IN16, "smsw (%di)"
	insn IN16, "mov $0x0e, %ax; lmsw %ax; clts"
	insn IN16, "movw $0, (%di); lmsw (%di)"
	insn IN16, "lmsw %cx; mov %ds, %bx; smsw %ax"
	insn_named IN16, "pe_on; smsw %bx; mov (%di), %cx; pe_off", "PE=1: smsw %bx; mov (%di), %cx"
	insn_named IN16 | HIDE, "smsw %ax; inc %ax; lmsw %ax; cpuid; pe_off", "lmsw PE=1: cpuid"
	insn IN16, "mov %cr0, %eax"
	insn IN16, "mov $0x60000010, %eax; mov %eax, %cr0"
	insn IN16, "mov $0x20000010, %eax; mov %eax, %cr0"
	insn IN16 | NOT_TCG, "mov $0x80000010, %eax; mov %eax, %cr0"
	insn IN16, "mov $0x00040010, %eax; mov %eax, %cr0"
	insn IN16, "xor %eax, %eax; mov %eax, %cr0; smsw %bx"
	insn IN16, "mov %eax, %cr2; mov %cr2, %ebx"
	insn IN16, "mov $0x6000, %eax; mov %eax, %cr3; mov %cr3, %ebx"
	insn IN16, "mov %cr4, %eax; or $0x3c, %al; mov %eax, %cr4; mov %cr4, %ebx"
	insn IN16 | NOT_TCG, "mov $0x80000000, %eax; mov %eax, %cr4"
	insn IN16 | NOT_TCG, "mov $0x00020620, %eax; mov %eax, %cr4"
	insn IN16, "mov %cr1, %eax"
	insn IN16, "mov %eax, %cr7"
	insn_named IN16, ".byte 0xf0, 0x0f, 0x20, 0xc0", "lock mov %cr0, %eax (CR8 of AMD)"
	insn IN16, "mov %eax, %dr0; mov %dr0, %ebx"
	insn IN16, "mov %dr6, %eax; mov %dr7, %ebx"
	insn IN16, "mov %dr4, %eax; mov %dr5, %ebx"
	insn IN16, "mov %cr4, %eax; or $8, %al; mov %eax, %cr4; mov %dr4, %ebx"
	insn IN16, "mov $0x2400, %eax; mov %eax, %dr7; mov %dr0, %ebx"
	insn IN16, "invd"
	insn IN16, "wbinvd"
	insn IN16, "invlpg (%di)"
	insn IN16, "invpcid (%di), %eax"
	insn IN16 | HIDE, "cpuid"
	insn IN16 | HIDE, "rdtsc"
	insn IN16 | HIDE, "rdtscp"
	insn IN16, "rdpmc"
	insn IN16, "mov $0xc0000080, %ecx; rdmsr"
	insn IN16, "mov $0xc0000102, %ecx; xor %edx, %edx; wrmsr; xor %eax, %eax; rdmsr"
	insn IN16, "mov $0x1b, %ecx; rdmsr"
	insn IN16, "mov $0xdeadbeef, %ecx; rdmsr"
	insn IN16, "mov $0xdeadbeef, %ecx; wrmsr"
	insn IN16, "mov $0xc0000080, %ecx; mov $0x100, %eax; xor %edx, %edx; wrmsr; rdmsr"
	insn IN16, "mov $0xc0000080, %ecx; mov $0x100, %ax; wrmsr"
	insn IN16, "xgetbv"
	insn IN16, "xsetbv"
	insn IN16, "rsm"
	insn IN16, "pause"
	insn IN16, "syscall"
	insn IN16, "sysret"
	insn IN16, "sysenter"
	insn IN16, "sysexit"
	insn IN16, "vmcall"
	insn IN16, "vmmcall"
	insn IN16, "vmrun"
	insn IN16, "vmxon (%di)"
	insn IN16, "ud2"
	insn_named IN16, ".byte 0x0f, 0x01, 0xf8", "swapgs"
	insn_named IN16, ".byte 0xf3, 0x0f, 0xae, 0xc0", "rdfsbase"
	insn_named IN16, ".byte 0xf3, 0x0f, 0xae, 0xd0", "wrfsbase"
	insn IN16, "rdpkru"
	insn IN16, "wrpkru"
	insn IN16, "stac; pushfl; clac; pushfl"
	cases_end

	cases real_mwait
	insn IN16, "monitor"
	insn IN16, "mwait"
	cases_end

	cases real_tsd
	insn IN16 | HIDE, "rdtsc"
	insn IN16 | HIDE, "rdtscp"
	cases_end

	/* Protected mode's own. */
	cases real_protected
	insn IN16, "sldt %ax"
	insn IN16, "sldt (%di)"
	insn IN16, "str %ax"
	insn IN16, "str (%di)"
	insn IN16, "lldt %ax"
	insn IN16, "lldt (%di)"
	insn IN16, "ltr %ax"
	insn IN16, "ltr (%di)"
	insn IN16, "verr %ax"
	insn IN16, "verw %ax"
	insn IN16, "verr (%di)"
	insn IN16, "lar %ax, %bx"
	insn IN16, "lsl %ax, %bx"
	insn IN16, "lar (%di), %ebx"
	insn IN16, "arpl %ax, %bx"
	insn IN16, "arpl %ax, (%di)"
	cases_end

	cases real_tables
	insn IN16, "lgdtw (%di)"
	insn IN16, "lgdtl (%di)"
	insn IN16, "lgdtl (%di); movl $0, (%di); sgdtw (%di)"
	insn IN16, "lgdtl (%di); movl $0, (%di); sgdtl (%di)"
	insn IN16, "movw $0x3ff, (%di); movl $0xff000000, 2(%di); lidtw (%di)"
	insn IN16, "sidtl (%di)"
	insn IN16, "movw $0x3ff, (%di); movl $0x5000, 2(%di); lidtl (%di); int $0x63"
	insn IN16, "movw $0x18f, (%di); movl $0, 2(%di); lidtl (%di); int $0x63"
	insn IN16, "movw $0x18e, (%di); movl $0, 2(%di); lidtl (%di); int $0x63"
	insn IN16, "movw $0x18e, (%di); movl $0, 2(%di); lidtl (%di); int $0xff"
	insn_named IN16, ".byte 0x0f, 0x01, 0xd7", "lgdt %di"
	insn IN16, "lgdtl 0xfffc"
	insn IN16, "sgdtl 0xfffc"
	insn IN16, "sidtl %ss:0xfffc"
	cases_end

	cases real_port
	insn IN16, "in %dx, %al"
	insn IN16, "in %dx, %ax"
	insn IN16, "in %dx, %eax"
	insn IN16, "out %al, %dx"
	insn IN16, "out %ax, %dx"
	insn IN16, "out %eax, %dx"
	insn IN16, "outb %al, $0x80"
	insn IN16, "outw %ax, $0x80"
	insn IN16, "insb"
	insn IN16, "insw"
	insn IN16, "insl"
	insn IN16, "std; insw"
	insn IN16, "mov $3, %cx; rep insb"
	insn IN16, "mov $3, %cx; rep insw"
	insn IN16, "xor %cx, %cx; rep insb"
	insn IN16, "mov $3, %ecx; xor %edi, %edi; addr32 rep insb"
	insn IN16, "mov $1, %ecx; addr32 rep insb"
	insn IN16, "outsb"
	insn IN16, "outsw"
	insn IN16, "outsl"
	insn IN16, "std; outsb"
	insn IN16, "mov $3, %cx; rep outsw"
	insn IN16, "mov $3, %ecx; mov $0x800, %esi; addr32 rep outsl"
	insn IN16, "outsb %es:(%si), %dx"
	insn IN16, "mov $0xffff, %di; insb"
	insn IN16, "mov $0xffff, %di; insw"
	insn IN16, "mov $0xffff, %di; mov $2, %cx; rep insb"
	insn IN16, "mov $0xfffe, %di; mov $2, %cx; rep insw"
	insn IN16, "mov $0xfffd, %di; mov $2, %cx; rep insw"
	insn IN16, "mov $0xffff, %si; outsw"
	insn IN16, "mov $0xffff, %si; outsw %ss:(%si), %dx"
	insn IN16, "mov $0xfffd, %si; mov $3, %cx; rep outsw"
	insn IN16, "mov $0x10000, %edi; addr32 insb"
	insn IN16, "mov $0x10000, %esi; addr32 outsb"
	cases_end

	/* One waits, with IF=0. FS: as large as the address space, base 0. */
	cases real_interrupt
	insn IN16, "sti; nop; nop; cli"
	insn IN16, "sti; cli; nop"
	insn IN16, "sti; cpuid; cli"
	insn IN16, "sti; hlt; cli"
	insn IN16, "sti; in %dx, %al; nop; cli"
	insn IN16, "sti; mov $1, %cx; rep insb; cli"
	insn IN16, "sti; sti; nop; nop; cli"
	insn IN16, "mov %ss, %ax; sti; mov %ax, %ss; nop; nop; cli"
	insn IN16, "pushw $0x202; popfw; nop; cli"
	insn IN16, "pushl $0x202; popfl; nop; cli"
	insn IN16, "pushw $0x202; pushw %cs; pushw $0x800; iretw"
	insn IN16, "pushl $0x202; pushl %cs; pushl $0x800; iretl"
	insn IN16, "sti; int $0x64"
	insn IN16, "sti; ud2"
	insn IN16, "sti; mov %ss, %ax; mov %ax, %ss; int $0x64"
	insn IN16, "sti; mov %fs:(%esi), %eax; nop; cli"
	cases_end

	/* EDI: the ICR, EAX: an NMI to itself. */
	cases real_nmi
	insn IN16, "mov %eax, %fs:(%edi); nop; nop"
	insn IN16, "mov %eax, %fs:(%edi); cpuid; nop"
	insn IN16, "mov %ss, %cx; mov %cx, %ss; mov %eax, %fs:(%edi); nop; nop"
	insn IN16, "mov %eax, %fs:(%edi); ud2"
	insn IN16, "mov %eax, %fs:(%edi); mov %eax, %fs:(%edi); nop"
	cases_end

	/* None waits yet, with IF=1. EDI: the ICR, EAX: to itself. */
	cases real_open
	insn IN16, "mov %eax, %fs:(%edi); nop; cli"
	insn IN16, "cli; mov %eax, %fs:(%edi); nop; sti; hlt; cli"
	insn IN16, "mov %ss, %cx; mov %cx, %ss; mov %eax, %fs:(%edi); nop; cli"
	insn IN16, "mov %eax, %fs:(%edi); mov %ss, %cx; mov %cx, %ss; nop; cli"
	cases_end
	.code64

	.section .note.GNU-stack, "", @progbits
