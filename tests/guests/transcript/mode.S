/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From 64-bit mode to 32-bit code without paging, from there into real mode (mode_real.S) or
 * virtual-8086 mode, and the same way back. What a shot begins with and ends with is in struct
 * mode_run, at MODE_RUN.
 */
#include "tests/guests/lib/layout.h"
#include "tests/guests/transcript/mode_layout.h"

#define RUN(offset) (MODE_RUN + RUN_##offset)

#define CR0_PE	  0x1
#define CR0_PG	  0x80000000
#define EFER	  0xc0000080
#define LME	  0x100
#define EFLAGS_RF 0x10000
#define EFLAGS_VM 0x20000
#define DR6_RESET 0xffff0ff0
#define DR7_RESET 0x400
#define APIC_EOI  0xfee000b0
#define APIC_ISR  0xfee00100
#define ISR_OF_VECTOR (APIC_ISR + (MODE_VECTOR / 32) * 16)

#define VECTOR_DB 1

	.bss
	.balign 8
saved_rsp:  .skip 8
saved_gdt:  .skip 16
saved_idt:  .skip 16
saved_cr0:  .skip 4
saved_cr3:  .skip 4
saved_cr4:  .skip 4
saved_efer: .skip 4
	.balign 16
	.skip 1024
mode_stack:
	.skip 1024
	.globl mode_stack0
mode_stack0:

	.data
	.balign 8
mode_gdt_pointer:
	.word MODE_GDT_END - 1
	.quad mode_gdt
mode_idt_pointer:
	.word 256 * 8 - 1
	.long mode_idt

	.text
/*
 * void mode_enter(void): all that it needs and finds is in struct mode_run. TR is another one
 * afterwards.
 */
	.globl mode_enter
mode_enter:
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, saved_rsp
	sgdt saved_gdt
	sidt saved_idt
	movq %cr0, %rax
	movl %eax, saved_cr0
	movq %cr3, %rax
	movl %eax, saved_cr3
	movq %cr4, %rax
	movl %eax, saved_cr4
	movl $EFER, %ecx
	rdmsr
	movl %eax, saved_efer
	lgdt mode_gdt_pointer
	pushq $MODE_CODE32
	pushq $1f
	lretq
	.code32
1:	call data_selectors
	movl $mode_stack, %esp
	movl %cr0, %eax
	andl $~CR0_PG, %eax
	movl %eax, %cr0
	movl $EFER, %ecx
	rdmsr
	andl $~LME, %eax
	wrmsr
	lidt mode_idt_pointer
	movl RUN(CR2), %eax
	movl %eax, %cr2
	movl RUN(CR3), %eax
	movl %eax, %cr3
	movl RUN(CR4), %eax
	movl %eax, %cr4
	movl $MODE_TSS, %eax
	ltr %ax
	movl RUN(DR0), %eax
	movl %eax, %dr0
	movl $DR6_RESET, %eax
	movl %eax, %dr6
	movl RUN(DR7), %eax
	movl %eax, %dr7
	cmpl $0, RUN(V86)
	jne 2f
	ljmp $MODE_CODE16, $0
2:	cmpl $0, RUN(CR3)
	je v86_go
	movl %cr0, %eax
	orl $CR0_PG, %eax
	movl %eax, %cr0
	jmp v86_go

data_selectors:
	movl $MODE_DATA32, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl %eax, %fs
	movl %eax, %gs
	ret

/* From either mode, with CR0 and the tables' registers noted already. */
	.globl mode_leave
mode_leave:
	call data_selectors
	movl $mode_stack, %esp
	movl %cr2, %eax
	movl %eax, RUN(CR2)
	movl %cr3, %eax
	movl %eax, RUN(CR3)
	movl %cr4, %eax
	movl %eax, RUN(CR4)
	movl %dr6, %eax
	movl %eax, RUN(DR6_LAST)
	movl %dr7, %eax
	movl %eax, RUN(DR7)
	movl $DR7_RESET, %eax
	movl %eax, %dr7
	movl %dr0, %eax
	movl %eax, RUN(DR0)
	movl $EFER, %ecx
	rdmsr
	movl %eax, RUN(EFER)
	movl saved_cr0, %eax
	andl $~CR0_PG, %eax
	movl %eax, %cr0
	movl saved_cr4, %eax
	movl %eax, %cr4
	movl saved_cr3, %eax
	movl %eax, %cr3
	movl saved_efer, %eax
	xorl %edx, %edx
	movl $EFER, %ecx
	wrmsr
	movl saved_cr0, %eax
	movl %eax, %cr0
	ljmp $MODE_CODE64, $1f
	.code64
1:	movq saved_rsp, %rsp
	lgdt saved_gdt
	lidt saved_idt
	movl $SELECTOR_DATA, %eax
	movl %eax, %ss
	movl $SELECTOR_UDATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs
	pushq $SELECTOR_CODE
	pushq $2f
	lretq
2:	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	ret

/* --- Virtual-8086 mode: into it, and what its exceptions, interrupts and INTs lead to. --- */
	.code32
v86_go:
	movl $mode_stack0, %esp
	pushl RUN(GS)
	pushl RUN(FS)
	pushl RUN(DS)
	pushl RUN(ES)
	pushl RUN(SS)
	pushl RUN(ESP)
	pushl RUN(EFLAGS)
	pushl RUN(CS)
	pushl RUN(EIP)
	movl RUN(EAX), %eax
	movl RUN(ECX), %ecx
	movl RUN(EDX), %edx
	movl RUN(EBX), %ebx
	movl RUN(EBP), %ebp
	movl RUN(ESI), %esi
	movl RUN(EDI), %edi
	iretl

	.balign MODE_STUB_SIZE
	.globl mode_stubs
mode_stubs:
	.set vector, 0
	.rept 256
	.if !((vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21))
	pushl $0
	.endif
	pushl $vector
	jmp v86_caught
	.balign MODE_STUB_SIZE
	.set vector, vector + 1
	.endr

/* DS, ES, FS and GS are to be null, the frame is to have theirs: SDM 3B 21.3.1.1. */
v86_caught:
	pushl %eax
	pushl %gs
	pushl %fs
	pushl %es
	pushl %ds
	movl $MODE_DATA32, %eax
	movl %eax, %ds
	movl %eax, %es
	popl %eax
	orl %eax, RUN(AT_ENTRY)
	popl %eax
	orl %eax, RUN(AT_ENTRY) + 4
	popl %eax
	orl %eax, RUN(AT_ENTRY) + 8
	popl %eax
	orl %eax, RUN(AT_ENTRY) + 12
	popl RUN(EAX)
	movl %ecx, RUN(ECX)
	movl %edx, RUN(EDX)
	movl %ebx, RUN(EBX)
	movl %ebp, RUN(EBP)
	movl %esi, RUN(ESI)
	movl %edi, RUN(EDI)
	popl RUN(VECTOR)
	popl RUN(ERROR)
	popl RUN(EIP)
	popl RUN(CS)
	popl RUN(EFLAGS)
	cld
	testl $EFLAGS_VM, RUN(EFLAGS)
	jz lost
	popl RUN(ESP)
	popl RUN(SS)
	popl RUN(ES)
	popl RUN(DS)
	popl RUN(FS)
	popl RUN(GS)
	movl RUN(VECTOR), %ebx
	cmpl $VECTOR_DB, %ebx
	jne 1f
	movl %dr6, %eax
	movl %eax, RUN(DR6)
	movl $DR6_RESET, %eax
	movl %eax, %dr6
1:	cmpb $MODE_ENDS, RUN(ACTIONS)(%ebx)
	je v86_leave
	movl RUN(EVENTS), %eax
	cmpl $MODE_EVENTS, %eax
	jae v86_leave
	incl RUN(EVENTS)
	imull $MODE_EVENT_SIZE, %eax, %edi
	addl $RUN(EVENT), %edi
	movl $RUN(VECTOR), %esi
	movl $MODE_EVENT_SIZE / 4, %ecx
	rep movsl
	cmpl $VECTOR_DB, %ebx
	jne 2f
	orl $EFLAGS_RF, RUN(EFLAGS) /* over a breakpoint on it */
	jmp v86_go
2:	testl $(1 << (MODE_VECTOR % 32)), ISR_OF_VECTOR
	jz v86_go
	movl $0, APIC_EOI
	jmp v86_go

lost:
	incl RUN(LOST)
v86_leave:
	movl %cr0, %eax
	movl %eax, RUN(CR0)
	sgdt RUN(GDT)
	sidt RUN(IDT)
	jmp mode_leave

	.section .note.GNU-stack, "", @progbits
