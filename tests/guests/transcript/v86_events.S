/* SPDX-License-Identifier: BSD-2-Clause */
/* See v86.c: what comes in virtual-8086 mode, what its handlers are told of it, and pages. */
#include "tests/guests/transcript/insn.h"

	.code16
	/* Each segment has a selector of its own. */
	cases v86_frame
	insn IN16, "ud2"
	insn IN16, "hlt"
	insn IN16, "int3"
	insn IN16, "mov $0xffff, %bp; mov (%bp), %ax"
	insn IN16, "cpuid; ud2"
	insn IN16, "rdmsr"
	insn IN16 | NO_SZAP | NO_OF | NO_CF, "xor %cl, %cl; div %cl"
	cases_end

	/* One waits; IF is 1. */
	cases v86_interrupt
	insn IN16, "nop; nop"
	insn IN16, "cpuid"
	cases_end

	/* One waits; IF is 0. */
	cases v86_waiting
	insn IN16, "nop; sti; nop; nop; cli"
	insn IN16, "sti; cli; nop"
	insn IN16, "sti; cpuid; cli"
	insn IN16, "sti; in %dx, %al; nop; cli"
	insn IN16, "sti; hlt"
	insn IN16, "mov %ss, %ax; sti; mov %ax, %ss; nop; nop; cli"
	insn IN16, "pushw $0x202; popfw; nop; cli"
	insn IN16, "pushw $0x202; pushw %cs; pushw $0x800; iretw"
	insn IN16, "cpuid; nop"
	cases_end

	/* GS:4300h: the ICR; EAX: an NMI to itself. */
	cases v86_nmi
	insn IN16, "mov %eax, %gs:0x4300; nop; nop"
	insn IN16, "mov %eax, %gs:0x4300; cpuid; nop"
	insn IN16, "mov %ss, %cx; mov %cx, %ss; mov %eax, %gs:0x4300; nop; nop"
	insn IN16, "mov %eax, %gs:0x4300; ud2"
	insn IN16, "mov %eax, %gs:0x4300; mov %eax, %gs:0x4300; nop"
	cases_end

	cases v86_step
	insn IN16 | STEPPED, "nop; nop"
	insn IN16 | STEPPED, "cpuid; nop"
	insn IN16 | STEPPED, "in %dx, %al; nop"
	insn IN16 | STEPPED, "mov $2, %cx; rep insb; nop"
	insn IN16 | STEPPED, "mov $2, %cx; rep movsb; nop"
	insn IN16 | STEPPED, "mov %ss, %ax; mov %ax, %ss; nop; nop"
	insn IN16 | STEPPED, "mov %ss, %ax; mov %ax, %ss; cpuid"
	insn IN16 | STEPPED, "sti; nop; cli"
	insn IN16 | STEPPED, "pushfw; popw %ax; nop"
	insn IN16 | STEPPED, "pushw $0x3002; popfw; nop; nop"
	insn IN16 | STEPPED, "pushw $0x3002; pushw %cs; pushw $0x800; iretw"
	insn IN16 | STEPPED, "int $0x63; nop"
	insn IN16 | STEPPED, "int $0x64"
	insn IN16 | STEPPED, "int3"
	insn IN16 | STEPPED, "hlt"
	insn IN16 | STEPPED, "ud2"
	cases_end

	cases v86_watched
	insn IN16, "mov %ax, (%di); nop"
	insn IN16, "mov (%di), %ax; nop"
	insn IN16, "mov %ss, %cx; mov %cx, %ss; mov %ax, (%di); nop"
	insn IN16, "mov $2, %cx; rep stosw; nop"
	cases_end

	cases v86_breakpoint
	insn IN16, "nop; nop; nop"
	insn IN16, "cpuid"
	insn IN16, "mov %ax, %bx; in %dx, %al; nop"
	cases_end

	/* GS: a page each: memory, absent, read-only, supervisor; devices from 4000h on. */
	cases v86_page
	insn IN16, "mov %gs:0, %ax; mov %ax, %gs:2"
	insn IN16, "mov %gs:0x1000, %ax"
	insn IN16, "mov %ax, %gs:0x1000"
	insn IN16, "mov %gs:0x0fff, %ax"
	insn IN16, "mov %gs:0x2000, %ax"
	insn IN16, "mov %ax, %gs:0x2000"
	insn IN16, "incw %gs:0x2000"
	insn IN16, "mov %gs:0x3000, %ax"
	insn IN16, "mov %ax, %gs:0x3000"
	insn IN16, "ljmpw $0x4100, $0x10"
	insn IN16, "ljmpw $0x4300, $0x10"
	insn IN16, "mov $0x3920, %bx; mov %bx, %ss; pushw %ax"
	insn IN16, "mov $0x4100, %bx; mov %bx, %ds; lodsb"
	insn IN16, "mov $0x4300, %bx; mov %bx, %es; mov $2, %cx; rep stosb"
	insn IN16, "mov $0x4100, %bx; mov %bx, %es; insb"
	insn IN16, "mov $0x4300, %bx; mov %bx, %es; insb"
	insn IN16, "mov $0x4200, %bx; mov %bx, %es; mov $2, %cx; rep insb"
	insn IN16, "mov $0x4100, %bx; mov %bx, %ds; outsb"
	insn IN16, "mov $0x40ff, %bx; mov %bx, %es; mov $0x0e, %di; mov $4, %cx; rep insb"
	cases_end

	/* EDX: a port of nobody's. 4380h: a register that holds 80000001h; 5000h, 6000h: nobody. */
	cases v86_device
	insn IN16, "mov %gs:0x4380, %ebx"
	insn IN16, "mov %eax, %gs:0x4380"
	insn IN16, "mov $0x4300, %bx; mov $0x80, %si; add %eax, %gs:(%bx,%si)"
	insn IN16, "mov $0x4000, %bp; xchg %eax, %gs:0x380(%bp)"
	insn IN16, "mov $0x4300, %bp; mov $0x7f, %di; movl $0x12345678, %gs:1(%bp,%di)"
	insn IN16, "mov %gs:0x5000, %bx"
	insn IN16, "mov %gs:0x5000, %bl"
	insn IN16, "mov %gs:0x5fff, %bx"
	insn IN16, "mov %bx, %gs:0x5000"
	insn IN16, "movzbw %gs:0x5000, %bx"
	insn IN16, "incw %gs:0x5000"
	insn IN16, "cmpb $0x7f, %gs:0x5000"
	insn IN16, "pushw %gs:0x5000"
	insn IN16, "pushw %ax; popw %gs:0x5000"
	insn IN16 | NOT_TCG, "jmpw *%gs:0x5000"
	insn IN16, "mov %gs:0x5000, %ds"
	insn IN16, "mov %ds, %gs:0x5000"
	insn IN16, "mov $0x4500, %bx; mov %bx, %ds; xor %si, %si; mov $2, %cx; rep movsw"
	insn IN16, "mov $0x4500, %bx; mov %bx, %es; mov $2, %cx; rep stosw"
	insn IN16, "mov $0x4500, %bx; mov %bx, %es; mov $2, %cx; rep insw"
	insn IN16, "mov $0x4500, %bx; mov %bx, %ds; xor %si, %si; mov $2, %cx; rep outsw"
	insn IN16, "mov $0x3501, %bx; mov %bx, %gs; mov %gs:0xfffe, %ax"
	insn IN16, "mov $0x3501, %bx; mov %bx, %gs; mov %gs:0xffff, %ax"
	insn IN16, "mov $0x3501, %bx; mov %bx, %gs; mov %ax, %gs:0xffff"
	insn IN16, "mov $0x3501, %bx; mov %bx, %ss; mov %ss:0xffff, %ax"
	insn IN16, "mov $0x10000, %ebx; mov %gs:-0xb000(%ebx), %ax"
	insn IN16, "mov $0x3500, %bx; mov %bx, %gs; mov $0x10000, %ebx; mov %gs:(%ebx), %ax"
	insn IN16, "mov %gs:0x7000, %ax"
	insn IN16, "mov %ax, %gs:0x7000"
	insn IN16, "mov %gs:0x8000, %ax"
	insn IN16, "mov %ax, %gs:0x8000"
	insn IN16, "incw %gs:0x8000"
	insn IN16, "mov %gs:0x6fff, %ax"
	cases_end
	.code64

	.section .note.GNU-stack, "", @progbits
