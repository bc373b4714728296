/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor's other modes, and the moments between them. Everything here is 32-bit or 16-bit code that
 * modes_run enters from 64-bit mode and comes back from: each piece ends at mode_done with 0 in EAX, or with
 * the number of the step that went wrong.
 */
#include "tests/guests/lib/layout.h"
#include "tests/guests/modes/expect.inc"
#include "tests/guests/modes/layout.h"

#define CR0_PE	0x1
#define CR0_PG	0x80000000
#define CR4_VME 0x1
#define CR4_PSE 0x10
#define CR4_PAE 0x20
#define CR4_LA57 0x1000
#define EFER	0xc0000080
#define LME	0x100

#define APIC_BASE_MSR 0x1b
#define APIC_VERSION  0xfee00030
#define APIC_EOI      0xfee000b0

#define UNEXPECTED  1000 /* step = this + the vector */
#define V86_FLAGS   0x23002 /* VM, IOPL 3 */
#define V86_IOPL_0 0x20002
#define EFLAGS_VIF 0x80000
#define EFLAGS_VIP 0x100000
#define OFFSET(n)   ((n) - low_code) /* in the low pages */

/* Into IA-32e mode: CR3 and CR4 are set, and EFER gets what it had. Clobbers EAX, ECX, EDX. */
	.macro switch_paging_on
	movl $EFER, %ecx
	movl saved_efer, %eax
	xorl %edx, %edx
	wrmsr
	movl %cr0, %eax
	orl $CR0_PG, %eax
	movl %eax, %cr0
	.endm

	.bss
	.balign 8
saved_rsp:     .skip 8
saved_gdt:     .skip 16
saved_idt:     .skip 16
saved_efer:    .skip 4
saved_cr4:     .skip 4
mode_result:   .skip 4
mode_step:     .skip 4
mode_esp:      .skip 4
mode_recover:  .skip 4
	.balign 16
	.skip 4096
	.globl mode_step, mode_recover, mode_esp, mode_v86_stack_end, mode_task_stack
mode_v86_stack_end:
	.skip 4096
mode_task_stack:

	.data
	.globl mode_gdt
	.balign 8
mode_gdt:
	.quad 0
	.quad 0x00cf9b000000ffff /* MODE_CODE32 */
	.quad 0x00cf93000000ffff /* MODE_DATA32 */
	.quad 0x00009b009000ffff /* MODE_CODE16 */
	.quad 0x000093009000ffff /* MODE_DATA16 */
	.quad 0x00af9b000000ffff /* MODE_CODE64 */
	.quad 0, 0, 0, 0	 /* MODE_TSS, MODE_TASK, MODE_TASK_A, MODE_TASK_B: modes.c, tasks.c */
	.quad 0xff4093000000ffff /* MODE_DEVICE */
	.quad 0x004093009e180017 /* MODE_SMALL */
	.quad 0x0040970000000fff /* MODE_DOWN */
	.quad 0x00cf91000000ffff /* MODE_READ_ONLY */
	.quad 0x00cf99000000ffff /* MODE_CODE_ONLY */
	.quad 0x00cf9f000000ffff /* MODE_CONFORMING */
	.quad 0x00cf1b000000ffff /* MODE_ABSENT */
	.quad 0x00c09b0000000fff /* MODE_CODE_16M */
gdt_pointer:
	.word . - mode_gdt - 1
	.quad mode_gdt
idt_pointer:
	.word 256 * 8 - 1
	.long mode_idt

	.text
/* unsigned modes_run(void (*code)(void)): code is 32-bit, and runs with paging and long mode off. */
	.globl modes_run
modes_run:
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, saved_rsp
	sgdt saved_gdt
	sidt saved_idt
	lgdt gdt_pointer
	pushq $MODE_CODE32
	pushq $1f
	lretq
	.code32
1:	call data_selectors
	movl %cr0, %eax
	andl $~CR0_PG, %eax
	movl %eax, %cr0
	movl $EFER, %ecx
	rdmsr
	movl %eax, saved_efer
	andl $~LME, %eax
	wrmsr
	movl %cr4, %eax
	movl %eax, saved_cr4
	andl $~CR4_PAE, %eax
	movl %eax, %cr4
	lidt idt_pointer
	movl $unexpected, mode_recover
	movl %esp, mode_esp
	jmp *%edi

/* The end of each piece: EAX is its result, CS is flat. */
mode_done:
	movl %eax, mode_result
	clts /* a task switch sets TS */
	movl %cr0, %eax
	andl $~CR0_PG, %eax
	orl $CR0_PE, %eax
	movl %eax, %cr0
	movl saved_cr4, %eax
	movl %eax, %cr4
	movl $guest_pml4, %eax
	movl %eax, %cr3
	switch_paging_on
	ljmp $MODE_CODE64, $2f
	.code64
2:	movq saved_rsp, %rsp
	lgdt saved_gdt
	lidt saved_idt
	movl $SELECTOR_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl %eax, %fs
	movl %eax, %gs
	pushq $SELECTOR_CODE
	pushq $3f
	lretq
3:	andb $~2, guest_gdt + SELECTOR_TSS + 5 /* not busy */
	movl $SELECTOR_TSS, %eax
	ltr %ax
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	movl mode_result, %eax
	ret

	.code32
data_selectors:
	movl $MODE_DATA32, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl %eax, %fs
	movl %eax, %gs
	ret

/* --- Faults in 32-bit code: to where the piece says, with the vector. --- */
	.balign MODE_STUB_SIZE
	.globl mode_stubs, mode_call_stub
mode_stubs:
	.set vector, 0
	.rept MODE_VECTORS
	pushl $vector
	jmp caught
	.balign MODE_STUB_SIZE
	.set vector, vector + 1
	.endr
mode_call_stub:
	pushl $MODE_VECTOR_CALL
caught:
	popl %ecx
	movl $MODE_DATA32, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs
	movl %ecx, mode_vector
	popl mode_error /* if it has one */
	movl mode_esp, %esp
	movl mode_recover, %eax
	movl $unexpected, mode_recover
	jmp *%eax
unexpected:
	movl mode_vector, %eax
	addl $UNEXPECTED, %eax
	jmp mode_done

	.globl failed, passed, unexpected
failed:
	movl mode_step, %eax
	jmp mode_done
passed:
	xorl %eax, %eax
	jmp mode_done

/* Exits of several kinds, each with an answer that is known. */
.macro PROBE32 step
	movl $\step, mode_step
	xorl %eax, %eax
	cpuid
	cmpl LOW + LOW_LEAF, %eax
	jne failed
	movl $PORT_NOTHING, %edx
	inb %dx, %al
	cmpb $0xff, %al
	jne failed
	movl $APIC_BASE_MSR, %ecx
	rdmsr
	cmpl LOW + LOW_BASE, %eax
	jne failed
	wbinvd
	movl APIC_VERSION, %eax
	cmpl LOW + LOW_VERSION, %eax
	jne failed
.endm

	.globl modes_protected
modes_protected:
	PROBE32 1
	EXPECT 2
	ud2
	WAS 2, VECTOR_UD
	EXPECT 3
	int $MODE_VECTOR_CALL
	WAS 3, MODE_VECTOR_CALL
	jmp passed

/* Real mode with the code segment of 32-bit protected mode. */
	.globl modes_half_real
modes_half_real:
	movl %cr0, %eax
	andl $~CR0_PE, %eax
	movl %eax, %cr0
	PROBE32 10
	movl %cr0, %eax
	orl $CR0_PE, %eax
	movl %eax, %cr0
	PROBE32 11
	jmp passed

	.globl modes_paging, mode_directory
modes_paging:
	movl %cr4, %eax
	orl $CR4_PSE, %eax
	movl %eax, %cr4
	movl $mode_directory, %eax
	movl %eax, %cr3
	movl %cr0, %eax
	orl $CR0_PG, %eax
	movl %eax, %cr0
	PROBE32 20
	EXPECT 21
	movl NO_PAGE, %eax
	WAS 21, VECTOR_PF
	movl %cr2, %eax
	cmpl $NO_PAGE, %eax
	jne failed
	jmp passed

pae_on:
	movl %cr4, %eax
	orl $CR4_PAE, %eax
	movl %eax, %cr4
	movl $mode_pdpt, %eax
	movl %eax, %cr3
	movl %cr0, %eax
	orl $CR0_PG, %eax
	movl %eax, %cr0
	ret

	.globl modes_pae, mode_pdpt, mode_bad_pdpt
modes_pae:
	call pae_on
	PROBE32 30
	EXPECT 31
	movl NO_PAGE, %eax
	WAS 31, VECTOR_PF
	movl %cr2, %eax
	cmpl $NO_PAGE, %eax
	jne failed
	jmp passed

/* A PDPTE with reserved bits is refused when CR3 is loaded; mode_vector tells how. */
	.globl modes_pae_load
modes_pae_load:
	call pae_on
	movl $40, mode_step
	movl $NO_VECTOR, mode_vector
	movl $1f, mode_recover
	movl $mode_bad_pdpt, %eax
	movl %eax, %cr3
	movl NO_TABLE, %eax
	jmp failed
1:	cmpl $VECTOR_GP, mode_vector
	jne passed
	movl $41, mode_step
	movl %cr3, %eax
	cmpl $mode_pdpt, %eax
	jne failed
	PROBE32 42
	jmp passed

/* And when paging is switched on. */
	.globl modes_pae_switch
modes_pae_switch:
	movl %cr4, %eax
	orl $CR4_PAE, %eax
	movl %eax, %cr4
	movl $mode_bad_pdpt, %eax
	movl %eax, %cr3
	movl $50, mode_step
	movl $NO_VECTOR, mode_vector
	movl $1f, mode_recover
	movl %cr0, %eax
	orl $CR0_PG, %eax
	movl %eax, %cr0
	movl NO_TABLE, %eax
	jmp failed
1:	cmpl $VECTOR_GP, mode_vector
	jne passed
	movl $51, mode_step
	movl %cr0, %eax
	testl $CR0_PG, %eax
	jnz failed
	PROBE32 52
	jmp passed

/* --- 64-bit mode with five levels of page tables: SDM 3A 4.5 "4-Level Paging and 5-Level Paging" --- */
	.globl modes_la57, mode_pml5
modes_la57:
	movl %cr4, %eax
	orl $CR4_PAE | CR4_LA57, %eax
	movl %eax, %cr4
	movl $mode_pml5, %eax
	movl %eax, %cr3
	switch_paging_on
	ljmp $MODE_CODE64, $1f
	.code64
1:	movq saved_rsp, %rsp
	subq $8, %rsp /* as the C ABI aligns it */
	lgdt saved_gdt
	lidt saved_idt
	movl $SELECTOR_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	pushq $SELECTOR_CODE
	pushq $2f
	lretq
2:	call mode_in_la57
	lgdt gdt_pointer
	pushq $MODE_CODE32
	pushq $3f
	lretq
	.code32
3:	call data_selectors
	movl mode_esp, %esp
	movl %cr0, %eax
	andl $~CR0_PG, %eax
	movl %eax, %cr0
	jmp passed

/* --- Virtual-8086 mode --- */
/* In: EAX = offset in the low page; EDX = EFLAGS. */
enter_v86:
	movl $V86_FLAGS, %edx
enter_v86_with:
	pushl $LOW_SEGMENT /* GS FS DS ES */
	pushl $LOW_SEGMENT
	pushl $LOW_SEGMENT
	pushl $LOW_SEGMENT
	pushl $LOW_SEGMENT
	pushl $LOW_STACK
	pushl %edx
	pushl $LOW_SEGMENT
	pushl %eax
	iretl

	.globl modes_v86
modes_v86:
	movl $MODE_TSS, %eax
	ltr %ax
	EXPECT 60
	movl $OFFSET(v86_probe), %eax
	jmp enter_v86
	WAS 60, MODE_VECTOR_CALL
	movl $61, mode_step
	cmpl $0, LOW + LOW_STEP
	jne failed
	EXPECT 62
	movl $OFFSET(v86_halt), %eax
	jmp enter_v86
	WAS 62, VECTOR_GP
	EXPECT 63
	movl $OFFSET(v86_port), %eax
	jmp enter_v86
	WAS 63, VECTOR_GP
	PROBE32 64
	jmp passed

/* What follows IOPL: SDM 3B 21.2.7 "Sensitive Instructions". Each of these ends in UD2, if it gets there. */
.macro V86_TRY step, code, flags, wanted
	EXPECT \step
	movl $OFFSET(\code), %eax
	movl $\flags, %edx
	jmp enter_v86_with
	WAS \step, \wanted
.endm
.macro V86_FAULTS step, code, flags
	V86_TRY \step, \code, \flags, VECTOR_GP
	cmpl $0, mode_error
	jne failed
.endm

	.globl modes_v86_iopl, modes_v86_vme
modes_v86_iopl:
	movl $MODE_TSS, %eax
	ltr %ax
	V86_FAULTS 140, v86_cli, V86_IOPL_0
	V86_FAULTS 141, v86_sti, V86_IOPL_0
	V86_FAULTS 142, v86_pushf, V86_IOPL_0
	V86_FAULTS 143, v86_popf, V86_IOPL_0
	V86_FAULTS 144, v86_int, V86_IOPL_0
	V86_FAULTS 145, v86_iret, V86_IOPL_0
	V86_TRY 146, v86_cli, V86_FLAGS, VECTOR_UD
	V86_TRY 147, v86_pushf, V86_FLAGS, VECTOR_UD
	V86_TRY 148, v86_iret, V86_FLAGS, VECTOR_UD
	V86_TRY 149, v86_int, V86_FLAGS, MODE_VECTOR_CALL
	jmp passed

/* CR4.VME: SDM 3B 21.3 "Interrupt and Exception Handling in Virtual-8086 Mode"; the bitmap is all zeros. */
modes_v86_vme:
	movl $MODE_TSS, %eax
	ltr %ax
	movl %cr4, %eax
	orl $CR4_VME, %eax
	movl %eax, %cr4
	V86_TRY 150, v86_cli, V86_IOPL_0, VECTOR_UD
	V86_TRY 151, v86_sti, V86_IOPL_0, VECTOR_UD
	V86_FAULTS 152, v86_sti, V86_IOPL_0 | EFLAGS_VIP
	V86_TRY 153, v86_popf, V86_IOPL_0, VECTOR_UD
	V86_TRY 154, v86_iret, V86_IOPL_0, VECTOR_UD
	V86_TRY 155, v86_pushf, V86_IOPL_0 | EFLAGS_VIF, VECTOR_UD
	cmpw $0x3202, LOW + LOW_BUFFER /* IOPL 3, and VIF in IF's place */
	jne failed
	V86_TRY 156, v86_pushf, V86_IOPL_0, VECTOR_UD
	cmpw $0x3002, LOW + LOW_BUFFER
	jne failed
	V86_TRY 157, v86_int, V86_IOPL_0, VECTOR_UD
	cmpb $1, LOW + LOW_COUNT_50
	jne failed
	V86_TRY 158, v86_int, V86_FLAGS, VECTOR_UD
	cmpb $2, LOW + LOW_COUNT_50
	jne failed
	jmp passed

/* --- Hardware tasks: SDM 3A 8.3 "Task Switching" --- */
	.globl modes_task, mode_other_task
modes_task:
	movl $MODE_TSS, %eax
	ltr %ax
	movl $70, mode_step
	ljmp $MODE_TASK, $0
	cmpl $TASK_FINAL, mode_task + 40 /* its EAX */
	jne failed
	PROBE32 71
	int $MODE_VECTOR_TASK
	PROBE32 72
	jmp passed

mode_other_task:
	movl $TASK_FINAL, %eax
	ljmp $MODE_TSS, $0
	/* The second time it was called through the gate. */
	iretl
	jmp mode_other_task

/* --- 16-bit code --- */
	.globl modes_16
modes_16:
	ljmp $MODE_CODE16, $OFFSET(protected_16)

/* From 16-bit code; LOW_STEP says how it went. */
from_16:
	movl $MODE_DATA32, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl %eax, %fs
	movl %eax, %gs
	movl mode_esp, %esp
	lidt idt_pointer
	movl LOW + LOW_STEP, %eax
	jmp mode_done

	.globl modes_real_triple
modes_real_triple:
	ljmp $MODE_CODE16, $OFFSET(triple_16)

	.code16
	.globl low_code, low_code_end
low_code:
.macro PROBE16 step
	movl $\step, LOW_STEP
	xorl %eax, %eax
	cpuid
	cmpl LOW_LEAF, %eax
	jne failed_16
	movw $PORT_NOTHING, %dx
	inb %dx, %al
	cmpb $0xff, %al
	jne failed_16
	movl $APIC_BASE_MSR, %ecx
	rdmsr
	cmpl LOW_BASE, %eax
	jne failed_16
	wbinvd
	/* FS is flat, in real mode too. */
	movl $APIC_VERSION, %ebx
	movl %fs:(%ebx), %eax
	cmpl LOW_VERSION, %eax
	jne failed_16
	/* String forms, with segments. */
	cld
	movl $0, LOW_BUFFER
	movw $LOW_BUFFER, %di
	movw $3, %cx
	movw $PORT_NOTHING, %dx
	rep insb
	cmpl $0xffffff, LOW_BUFFER
	jne failed_16
	movw $LOW_BUFFER, %si
	movw $4, %cx
	rep outsb
	cmpw $LOW_BUFFER + 4, %si
	jne failed_16
.endm

protected_16:
	movw $MODE_DATA16, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl $LOW_STACK, %esp
	PROBE16 100
	cmpb $0, LOW_REAL
	je passed_16
	movl %cr0, %eax
	andb $~CR0_PE, %al
	movl %eax, %cr0
	/* The selectors are still those of protected mode. */
	PROBE16 101
	ljmp $LOW_SEGMENT, $OFFSET(real)

real:
	movw $LOW_SEGMENT, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl $LOW_STACK, %esp
	lidtl real_idt - low_code
	PROBE16 102
	movl $103, LOW_STEP
	int $MODE_VECTOR_CALL
	cmpb $1, LOW_COUNT_50
	jne failed_16
	movl $104, LOW_STEP
	ud2
	cmpb $1, LOW_COUNT_UD
	jne failed_16
	/* One that was sent before, in 64-bit mode. */
	movl $105, LOW_STEP
	sti
	nop
	nop
	cli
	cmpb $1, LOW_COUNT_60
	jne failed_16
	/* The timer's wakes it. */
	movl $106, LOW_STEP
1:	cli
	cmpb $0, LOW_COUNT_71
	jne 2f
	sti
	hlt
	jmp 1b
2:	cmpb $1, LOW_COUNT_71
	jne failed_16
	PROBE16 107
passed_16:
	movl $0, LOW_STEP
failed_16:
	smsw %ax
	orb $CR0_PE, %al
	lmsw %ax
	ljmpl $MODE_CODE32, $from_16

	.globl real_50, real_60, real_71, real_ud
real_50:
	incb LOW_COUNT_50
	iret
real_60:
	incb LOW_COUNT_60
	jmp end_of_interrupt
real_71:
	incb LOW_COUNT_71
end_of_interrupt:
	pushl %ebx
	movl $APIC_EOI, %ebx
	movl $0, %fs:(%ebx)
	popl %ebx
	iret
real_ud:
	incb LOW_COUNT_UD
	popw %bx
	addw $2, %bx /* over UD2 */
	pushw %bx
	iret

	.balign 4
real_idt:
	.word 0x3ff
	.long 0

v86_probe:
	movl $110, LOW_STEP
	xorl %eax, %eax
	cpuid
	cmpl LOW_LEAF, %eax
	jne 1f
	movw $PORT_NOTHING, %dx /* the bitmap lets it through */
	inb %dx, %al
	cmpb $0xff, %al
	jne 1f
	movl $0, LOW_STEP
1:	int $MODE_VECTOR_CALL
v86_halt:
	hlt
	int $MODE_VECTOR_CALL
v86_port:
	inb $PORT_CLOSED, %al
	int $MODE_VECTOR_CALL

v86_cli:
	cli
	ud2
v86_sti:
	sti
	ud2
v86_pushf:
	pushfw
	popw LOW_BUFFER
	ud2
v86_popf:
	pushw $0
	popfw
	ud2
v86_int:
	int $MODE_VECTOR_CALL
	ud2
v86_iret:
	pushw $0
	pushw %cs
	pushw $OFFSET(1f)
	iretw
1:	ud2

/* An interrupt without a table: the processor shuts down. */
triple_16:
	movl %cr0, %eax
	andb $~CR0_PE, %al
	movl %eax, %cr0
	ljmp $LOW_SEGMENT, $OFFSET(1f)
1:	movw $LOW_SEGMENT, %ax
	movw %ax, %ds
	movw %ax, %ss
	movl $LOW_STACK, %esp
	lidtl no_idt - low_code
	int $3
	hlt
	.balign 4
no_idt:
	.word 0
	.long 0
low_code_end:


	.section .note.GNU-stack, "", @progbits
