/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a CPU wakes up: a page below 1 MiB, of which smp.c makes a copy with the addresses patched
 * in; then the kernel's text, where it claims its place before it touches any stack.
 */
#include "gen/asm_offsets.h"

#define CPUID_X2APIC_LEAF 0x0b

	.section .rodata
	.balign 16
	.globl smp_trampoline_start, smp_trampoline_end
	.globl smp_trampoline_patch, smp_trampoline_gdt, smp_trampoline_long

/*
 * SDM 3A 9.4.4 "MP Initialization Example". In: real mode, CS the page's segment, IP 0, all else as
 * INIT left it. Goes to long mode at once (SDM 3A 9.8.5 wants PAE, CR3, LME, then PE and PG).
 */
	.code16
smp_trampoline_start:
	cli
	cld
	movw %cs, %ax
	movw %ax, %ds
	movl $CR4_AP, %eax
	movl %eax, %cr4
	movl smp_trampoline_patch - smp_trampoline_start + SMP_PATCH_ROOT, %eax
	movl %eax, %cr3
	movl $MSR_EFER, %ecx
	movl $EFER_AP, %eax
	xorl %edx, %edx
	wrmsr
	lgdtl smp_trampoline_patch - smp_trampoline_start + SMP_PATCH_GDT_LIMIT
	movl $CR0_AP, %eax
	movl %eax, %cr0
	ljmpl *(smp_trampoline_patch - smp_trampoline_start + SMP_PATCH_LONG_TARGET)

	.code64
smp_trampoline_long:
	movabsq $smp_claim, %rax
	jmp *%rax

	.balign 8
smp_trampoline_gdt:
	.quad 0
	.quad 0x00af9b000000ffff /* SELECTOR_KERNEL_CODE */
smp_trampoline_gdt_end:

	.balign 8
smp_trampoline_patch: /* struct smp_patch */
	.long 0
	.word smp_trampoline_gdt_end - smp_trampoline_gdt - 1
	.long 0
	.word 0
	.long 0
	.word SELECTOR_KERNEL_CODE
smp_trampoline_end:

	.text
/*
 * In: long mode under the trampoline's tables, no stack. Finds out who it is and takes the mailbox,
 * if that is open and meant for this CPU; else halts for good.
 */
	.type smp_claim, @function
smp_claim:
	leaq smp_mailbox(%rip), %rsi
	movq SMP_MAILBOX_APIC_PAGE(%rsi), %rdi
	testq %rdi, %rdi
	jz 3f
	movl $MSR_APIC_BASE, %ecx
	rdmsr
	andl $~0xfff, %eax
	shlq $32, %rdx
	orq %rdx, %rax
	cmpq SMP_MAILBOX_APIC_BASE(%rsi), %rax
	jne 3f
	movl APIC_ID(%rdi), %edx
	shrl $24, %edx
	jmp 2f
3:	cmpl $0, SMP_MAILBOX_X2APIC_LEAF(%rsi)
	je 1f
	movl $CPUID_X2APIC_LEAF, %eax
	xorl %ecx, %ecx
	cpuid
	jmp 2f
1:	movl $1, %eax
	cpuid
	movl %ebx, %edx
	shrl $24, %edx
2:	leaq smp_mailbox(%rip), %rsi
	cmpl %edx, SMP_MAILBOX_APIC_ID(%rsi)
	jne .Lnot_wanted
	movl $SMP_MAILBOX_OPEN, %eax
	movl $SMP_MAILBOX_TAKEN, %ecx
	lock cmpxchgl %ecx, SMP_MAILBOX_STATE(%rsi)
	jne .Lnot_wanted

	movq SMP_MAILBOX_CR3(%rsi), %rax
	movq %rax, %cr3
	movl $SELECTOR_NULL, %eax
	movl %eax, %ss
	movq SMP_MAILBOX_STACK(%rsi), %rsp
	movl SMP_MAILBOX_NUMBER(%rsi), %edi
	xorl %ebp, %ebp
	call smp_entry
	ud2
.Lnot_wanted:
	cli
	hlt
	jmp .Lnot_wanted
	.size smp_claim, . - smp_claim

	.section .note.GNU-stack, "", @progbits
