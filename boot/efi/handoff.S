/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the firmware's long mode to the 32-bit protected mode that Multiboot2 describes. Copied into a
 * page below 4 GiB before it runs, because it runs on with paging off.
 */
#include "boot/multiboot2_format.h"

#define CR0_PG	      0x80000000
#define MSR_EFER      0xc0000080
#define EFER_LME      0x100
#define SELECTOR_CODE 0x08
#define SELECTOR_DATA 0x10

	.section .rodata
	.balign 16
	.globl handoff_start, handoff_end
/*
 * void handoff(uint64_t entry, uint64_t info): SDM 3A 9.8.5.4 "Switching Out of IA-32e Mode
 * Operation". In: RDI and RSI below 4 GiB; boot services are gone. Enters RDI as in Multiboot2 3.3
 * "I386 machine state" with EBX = RSI. Does not return.
 */
handoff_start:
	cli
	leaq gdt(%rip), %rax
	movq %rax, gdt_pointer + 2(%rip)
	lgdt gdt_pointer(%rip)
	leaq stack_end(%rip), %rsp
	movl %esi, %ebx
	leaq compatibility(%rip), %rax
	pushq $SELECTOR_CODE
	pushq %rax
	lretq

	.code32
compatibility:
	movl $SELECTOR_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs
	movl %eax, %ss
	movl %cr0, %eax
	andl $~CR0_PG, %eax
	movl %eax, %cr0
	movl $MSR_EFER, %ecx
	rdmsr
	andl $~EFER_LME, %eax
	wrmsr
	xorl %eax, %eax
	movl %eax, %cr4
	movl $MULTIBOOT2_LOADER_MAGIC, %eax
	jmp *%edi

	.balign 8
gdt:
	.quad 0
	.quad 0x00cf9b000000ffff /* code, 32 bits, flat */
	.quad 0x00cf93000000ffff /* data, flat */
gdt_pointer:
	.short gdt_pointer - gdt - 1
	.quad 0
	.balign 8
	.skip 64
stack_end:
handoff_end:

	.balign 4096
	.globl kernel_file, kernel_file_end
kernel_file:
	.incbin KERNEL_FILE
kernel_file_end:

	.section .note.GNU-stack, "", @progbits
