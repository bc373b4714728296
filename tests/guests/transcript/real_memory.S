/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See real.c and real.S: limits, in real mode and where they are 4 GiB; devices, which the VMM
 * carries out; breakpoints.
 */
#include "tests/guests/transcript/insn.h"

	.code16
	/* In both. */
	cases real_limit
	insn IN16, "mov 0xffff, %al"
	insn IN16, "mov 0xffff, %ax"
	insn IN16, "mov 0xfffe, %ax"
	insn IN16, "mov 0xfffd, %eax"
	insn IN16, "mov %ax, 0xffff"
	insn IN16, "mov %es:0xffff, %ax"
	insn IN16, "mov %ss:0xffff, %ax"
	insn IN16, "mov %gs:0xffff, %ax"
	insn IN16, "mov $0xffff, %bp; mov (%bp), %ax"
	insn IN16, "mov $0xffff, %bx; mov 1(%bx), %ax"
	insn IN16, "mov $0xffff, %bx; mov $0xffff, %si; mov 2(%bx,%si), %ax"
	insn IN16, "mov $0x8000, %bp; mov %bp, %si; mov (%bp,%si), %ax"
	insn IN16, "mov $0x10000, %ebx; mov (%ebx), %al"
	insn IN16, "int $0x63; mov $0x10000, %ebx; mov (%ebx), %al"
	insn IN16, "wbinvd; mov $0x10000, %ebx; mov (%ebx), %al"
	insn IN16, "mov $0xffff, %ebx; mov (%ebx), %ax"
	insn IN16, "mov $-1, %ebx; mov 1(%ebx), %ax"
	insn IN16, "mov $0x10000, %ebp; mov (%ebp), %al"
	insn IN16, "mov (%esp), %al"
	insn IN16, "add %ax, 0xffff"
	insn IN16, "xchg %ax, 0xffff"
	insn IN16, "cmpxchg8b 0xfff9"
	insn IN16, "mov $0xffff, %si; lodsw"
	insn IN16, "mov $0xffff, %di; stosw"
	insn IN16, "mov $0xffff, %si; movsw"
	insn IN16, "mov $0xffff, %di; movsw"
	insn IN16, "mov $0xffff, %si; lodsb"
	insn IN16, "mov $2, %cx; mov $0xffff, %di; rep stosb"
	insn IN16, "mov $2, %cx; mov $0xfffe, %di; rep stosw"
	insn IN16, "mov $2, %cx; mov $0xfffd, %di; rep stosw"
	insn IN16, "mov $2, %ecx; mov $0xffff, %edi; addr32 rep stosb"
	insn IN16, "mov $0x10000, %edi; addr32 stosb"
	insn IN16, "fnstcw 0xffff"
	insn IN16, "mov $2, %sp; pushl %eax; mov %sp, %bx"
	insn IN16, "mov $0xffff, %sp; popw %bx; mov %sp, %cx; mov $0x7f00, %sp"
	cases_end

	/*
	 * Only where the limits are 4 GiB. ES: base 0; there EDI is DATA:0, ESI other memory; ECX
	 * is 2.
	 */
	cases real_big
	insn IN16, "mov $0x30000, %ebx; mov %ax, %es:-2(%ebx); mov %es:-3(%ebx), %ecx"
	insn IN16, "mov $0x100000, %ebx; mov %es:(%ebx), %eax"
	insn IN16, "mov $0x2000, %ax; mov %ax, %es; mov $0xe0000, %ebx; mov %es:(%ebx), %eax"
	insn IN16, "xor %ax, %ax; mov %ax, %ds; wbinvd; mov %al, (%edi); mov (%edi), %eax"
	insn IN16, "mov $1, %sp; pushw %ax; mov %sp, %bx; mov $0x7f00, %sp"
	insn IN16, "addr32 rep stosw"
	insn IN16, "addr32 rep movsw %es:(%esi), %es:(%edi)"
	insn IN16, "addr32 repe cmpsb %es:(%edi), %es:(%esi)"
	insn IN16, "addr32 rep insw"
	insn IN16, "addr32 rep outsl %es:(%esi), %dx"
	insn IN16, "lgdtl %es:(%edi)"
	cases_end

	/* ES: base 0. EDI: a register that holds 80000001h; ESI: nobody. */
	cases real_device
	insn IN16, "mov %es:(%edi), %ax"
	insn IN16, "mov %es:(%edi), %ebx"
	insn IN16, "mov %eax, %es:(%edi)"
	insn IN16, "movl $0x12345678, %es:(%edi)"
	insn IN16, "add %eax, %es:(%edi)"
	insn IN16, "xchg %eax, %es:(%edi)"
	insn IN16, "cmpl $0x80000001, %es:(%edi)"
	insn IN16, "lock xadd %ecx, %es:(%edi)"
	insn IN16, "addr32 stosl"
	insn IN16, "addr32 lodsl %es:(%esi)"
	insn IN16, "addr32 lodsw %es:(%esi)"
	insn IN16, "addr32 movsl %es:(%esi), %es:(%edi)"
	insn IN16, "mov $4, %ecx; mov $0x20000, %edi; addr32 rep movsb %es:(%esi), %es:(%edi)"
	insn IN16, "mov $4, %ecx; mov $0x20800, %esi; addr32 movsl %es:(%esi), %es:(%edi)"
	insn IN16, "mov %esi, %edi; mov $3, %ecx; addr32 rep insw"
	insn IN16, "mov $3, %ecx; addr32 rep outsw %es:(%esi), %dx"
	insn IN16, "mov %es:(%esi), %bx"
	insn IN16, "mov %es:(%esi), %bl"
	insn IN16, "movzbw %es:(%esi), %bx"
	insn IN16, "movsbl %es:(%esi), %ebx"
	insn IN16, "incw %es:(%esi)"
	insn IN16, "pushw %es:(%esi)"
	insn IN16, "pushl %es:(%esi)"
	insn IN16, "pushw %ax; popw %es:(%esi)"
	insn IN16 | NOT_TCG, "jmpw *%es:(%esi)"
	insn IN16 | NOT_TCG, "callw *%es:(%esi)"
	insn IN16, "mov %ds, %es:(%esi)"
	insn IN16, "mov %es:(%esi), %ds"
	insn IN16, "lmsw %es:(%esi); mov %cr0, %eax; and $0xf0, %al; mov %eax, %cr0"
	insn IN16, "xor %sp, %sp; pushw %es:(%esi); mov %sp, %bx; mov $0x7f00, %sp"
	insn IN16, "mov $0xffff, %sp; pushw %es:(%esi); mov %sp, %bx; mov $0x7f00, %sp"
	insn IN16, "mov $0xffff, %ebp; movw %es:(%esi), %ax; mov %ax, (%bp)"
	insn IN16 | NO_AF | NO_OF, "shll $4, %es:(%edi)"
	insn IN16 | NO_AF, "testl $1, %es:(%edi)"
	cases_end

	/* Writes at DATA:0 trap. */
	cases real_watched
	insn IN16, "mov %ax, (%di); nop"
	insn IN16, "mov (%di), %ax; nop"
	insn IN16, "mov %al, 3(%di); nop"
	insn IN16, "mov %al, 4(%di); nop"
	insn IN16, "mov $2, %cx; rep stosw; nop"
	insn IN16, "mov %ss, %cx; mov %cx, %ss; mov %ax, (%di); nop"
	insn IN16, "mov %ax, (%di); cpuid"
	insn IN16, "insb; nop"
	cases_end

	/* The instruction two bytes on does not begin; RF lets it. */
	cases real_breakpoint
	insn IN16, "nop; nop; nop"
	insn IN16, "cpuid"
	insn IN16, "nop; nop; cpuid"
	insn IN16, "mov %ax, %bx; in %dx, %al; nop"
	insn IN16, "jmp .+2; int $0x63; nop"
	cases_end
	.code64

	.section .note.GNU-stack, "", @progbits
