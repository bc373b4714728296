/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Real mode: into it, and what its exceptions, interrupts and INTs lead to. It is copied to
 * MODE_LOW. FS is ours: base 0, 4 GiB, so that struct mode_run and the local APIC are in reach
 * whatever a shot has done.
 */
#include "tests/guests/transcript/mode_layout.h"

#define RUN(offset)  (MODE_RUN + RUN_##offset)
#define OFFSET(name) ((name) - mode_low)

#define CR0_PE	  0x1
#define EFLAGS_RF 0x10000
#define DR6_RESET 0xffff0ff0
#define APIC_EOI  0xfee000b0
#define APIC_ISR  0xfee00100
#define ISR_OF_VECTOR (APIC_ISR + (MODE_VECTOR / 32) * 16)

#define VECTOR_DB 1

	.text
	.code16
	.globl mode_low, mode_low_stubs, mode_low_end
/* In: protected mode, CS of MODE_CODE16, DS flat. */
mode_low:
	movw $MODE_DATA16, %ax
	cmpl $0, RUN(BIG)
	je 1f
	movw $MODE_DATA_BIG, %ax
1:	movw %ax, %es
	movw %ax, %ss
	movw %ax, %gs
	movw %ax, %ds
	movw $MODE_DATA_BIG, %ax
	movw %ax, %fs
	movl %cr0, %eax
	andb $~CR0_PE, %al
	movl %eax, %cr0
	ljmp $MODE_LOW_SEGMENT, $OFFSET(1f)
1:	xorw %ax, %ax
	movw %ax, %fs
	lidtl %cs:OFFSET(idt_pointer)

/* A far return through the shot's own stack: nothing is above its ESP. */
real_go:
	movw %fs:RUN(SS), %ss
	movl %fs:RUN(ESP), %esp
	pushl %fs:RUN(EFLAGS)
	pushl %fs:RUN(CS)
	pushl %fs:RUN(EIP)
	movw %fs:RUN(DS), %ds
	movw %fs:RUN(ES), %es
	movw %fs:RUN(GS), %gs
	movl %fs:RUN(EAX), %eax
	movl %fs:RUN(ECX), %ecx
	movl %fs:RUN(EDX), %edx
	movl %fs:RUN(EBX), %ebx
	movl %fs:RUN(EBP), %ebp
	movl %fs:RUN(ESI), %esi
	movl %fs:RUN(EDI), %edi
	movw %fs:RUN(FS), %fs
	iretl

real_caught:
	pushw %fs
	pushw $0
	popw %fs
	movl %eax, %fs:RUN(EAX)
	movl %ecx, %fs:RUN(ECX)
	movl %edx, %fs:RUN(EDX)
	movl %ebx, %fs:RUN(EBX)
	movl %ebp, %fs:RUN(EBP)
	movl %esi, %fs:RUN(ESI)
	movl %edi, %fs:RUN(EDI)
	popw %fs:RUN(FS)
	popw %fs:RUN(VECTOR)
	popw %fs:RUN(EIP)
	popw %fs:RUN(CS)
	pushfl /* its upper half */
	popl %fs:RUN(EFLAGS)
	popw %fs:RUN(EFLAGS)
	movl %esp, %fs:RUN(ESP)
	movw %ss, %fs:RUN(SS)
	movw %ds, %fs:RUN(DS)
	movw %es, %fs:RUN(ES)
	movw %gs, %fs:RUN(GS)
	xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl $MODE_LOW_STACK, %esp
	cld
	movw RUN(VECTOR), %bx
	cmpw $VECTOR_DB, %bx
	jne 1f
	movl %dr6, %eax
	movl %eax, RUN(DR6)
	movl $DR6_RESET, %eax
	movl %eax, %dr6
1:	cmpb $MODE_ENDS, RUN(ACTIONS)(%bx)
	je real_leave
	movw RUN(EVENTS), %ax
	cmpw $MODE_EVENTS, %ax
	jae real_leave
	incw RUN(EVENTS)
	imulw $MODE_EVENT_SIZE, %ax, %di
	addw $RUN(EVENT), %di
	movw $RUN(VECTOR), %si
	movw $MODE_EVENT_SIZE / 4, %cx
	rep movsl
	cmpw $VECTOR_DB, %bx
	jne 2f
	orl $EFLAGS_RF, RUN(EFLAGS) /* over a breakpoint on it */
	jmp real_go
2:	movl $ISR_OF_VECTOR, %ebx
	testl $(1 << (MODE_VECTOR % 32)), %fs:(%ebx)
	jz real_go
	movl $APIC_EOI, %ebx
	movl $0, %fs:(%ebx)
	jmp real_go

real_leave:
	movl %cr0, %eax
	movl %eax, RUN(CR0)
	sgdtl RUN(GDT)
	sidtl RUN(IDT)
	lgdtl %cs:OFFSET(gdt_pointer)
	orb $CR0_PE, %al
	movl %eax, %cr0
	ljmpl $MODE_CODE32, $mode_leave

	.balign 8
idt_pointer:
	.word 256 * 4 - 1
	.long 0
gdt_pointer:
	.word MODE_GDT_END - 1
	.long mode_gdt

	.balign MODE_LOW_STUB_SIZE
mode_low_stubs:
	.set vector, 0
	.rept 256
	pushw $vector
	jmp real_caught
	.balign MODE_LOW_STUB_SIZE
	.set vector, vector + 1
	.endr
mode_low_end:

	.code64
	.section .note.GNU-stack, "", @progbits
