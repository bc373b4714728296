/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a tiny guest begins: the PVH entry on the first CPU, and the real-mode page on the others. Both
 * end in 64-bit mode with the first 4 GiB mapped one to one, by 2 MiB pages. CPL 3 may use
 * them while the PML4's entries say so. GRUB starts a guest on a bare machine by the Multiboot2 header,
 * in the same state but for EBX.
 */
#include "tests/guests/lib/layout.h"

#define CR0_PE	   1
#define CR0_ON	   0x80010033 /* PG WP NE ET MP PE */
#define CR4_ON	   0x620      /* OSXMMEXCPT OSFXSR PAE */
#define EFER	   0xc0000080
#define EFER_ON	   0x900      /* NXE LME */
#define MULTIBOOT2_MAGIC 0xe85250d6
#define PAGE_LARGE 0x87	      /* PS U W P */
#define PAGE_TABLE 7
#define PAGE_TOP   3 /* W P: no access for CPL 3 */

	.section .note, "a", @note
	.balign 4
	.long 4, 8, 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.quad guest_start32

	.section .multiboot2, "a"
	.balign 8
multiboot2:
	.long MULTIBOOT2_MAGIC, 0, multiboot2_end - multiboot2
	.long -(MULTIBOOT2_MAGIC + multiboot2_end - multiboot2)
	.word 0, 0 /* the last tag */
	.long 8
multiboot2_end:

	.bss
	.balign 4096
	.globl guest_pml4, guest_pdpt, guest_directories
guest_pml4:	   .skip 4096
guest_pdpt:	   .skip 4096
guest_directories: .skip 4 * 4096

	.balign CPU_AREA
	.globl cpu_areas
cpu_areas: .skip GUEST_CPUS * CPU_AREA

	.globl start_state, start_info_address
	.balign 8
start_state:	    .skip START_SIZE
start_info_address: .skip 8

	.globl ap_index
ap_index: .skip 8 /* which CPU is being started: they come one at a time */

	.data
	.balign 8
	.globl guest_gdt
guest_gdt:
	.quad 0
	.quad 0x00af9b000000ffff /* SELECTOR_CODE */
	.quad 0x00cf93000000ffff /* SELECTOR_DATA */
	.quad 0x00cf9b000000ffff /* SELECTOR_CODE32 */
	.quad 0x00cff3000000ffff /* SELECTOR_UDATA */
	.quad 0x00affb000000ffff /* SELECTOR_UCODE */
	.quad 0x00cffb000000ffff /* SELECTOR_UCODE32 */
	.quad 0
	.fill 2 * GUEST_CPUS, 8, 0
gdt_pointer:
	.word GDT_ENTRIES * 8 - 1
	.quad guest_gdt

	.text
	.code32
/* In: EBX = hvm_start_info, flat 32-bit segments, paging off. All registers are noted first. */
	.globl guest_start32
guest_start32:
	movl %eax, start_state + START_GPR + 0
	movl %ecx, start_state + START_GPR + 4
	movl %edx, start_state + START_GPR + 8
	movl %ebx, start_state + START_GPR + 12
	movl %esp, start_state + START_GPR + 16
	movl %ebp, start_state + START_GPR + 20
	movl %esi, start_state + START_GPR + 24
	movl %edi, start_state + START_GPR + 28
	movl $cpu_areas + CPU_AREA, %esp
	pushfl
	popl start_state + START_EFLAGS
	movl %cr0, %eax
	movl %eax, start_state + START_CR0
	movl %cr3, %eax
	movl %eax, start_state + START_CR3
	movl %cr4, %eax
	movl %eax, start_state + START_CR4
	movw %es, start_state + START_SELECTORS + 0
	movw %cs, start_state + START_SELECTORS + 2
	movw %ss, start_state + START_SELECTORS + 4
	movw %ds, start_state + START_SELECTORS + 6
	movw %fs, start_state + START_SELECTORS + 8
	movw %gs, start_state + START_SELECTORS + 10
	sldt start_state + START_LDTR
	str start_state + START_TR
	sgdt start_state + START_GDTR
	sidt start_state + START_IDTR
	movl $EFER, %ecx
	rdmsr
	movl %eax, start_state + START_EFER
	movl %edx, start_state + START_EFER + 4
	cld
	movl %ebx, start_info_address

	movl $guest_pdpt + PAGE_TOP, guest_pml4
	movl $guest_directories + PAGE_TABLE + 0x0000, guest_pdpt
	movl $guest_directories + PAGE_TABLE + 0x1000, guest_pdpt + 8
	movl $guest_directories + PAGE_TABLE + 0x2000, guest_pdpt + 16
	movl $guest_directories + PAGE_TABLE + 0x3000, guest_pdpt + 24
	xorl %ecx, %ecx
1:	movl %ecx, %eax
	shll $21, %eax
	orl $PAGE_LARGE, %eax
	movl %eax, guest_directories(, %ecx, 8)
	incl %ecx
	cmpl $2048, %ecx
	jb 1b

	lgdt gdt_pointer
	call long_mode_on
	ljmp $SELECTOR_CODE, $start64

/* Turns paging and long mode on; 32-bit code goes on in compatibility mode. Clobbers EAX, ECX, EDX. */
long_mode_on:
	movl $CR4_ON, %eax
	movl %eax, %cr4
	movl $guest_pml4, %eax
	movl %eax, %cr3
	movl $EFER, %ecx
	movl $EFER_ON, %eax
	xorl %edx, %edx
	wrmsr
	movl $CR0_ON, %eax
	movl %eax, %cr0
	ret

	.code64
start64:
	movq %r8, start_state + START_HIGH + 0
	movq %r9, start_state + START_HIGH + 8
	movq %r10, start_state + START_HIGH + 16
	movq %r11, start_state + START_HIGH + 24
	movq %r12, start_state + START_HIGH + 32
	movq %r13, start_state + START_HIGH + 40
	movq %r14, start_state + START_HIGH + 48
	movq %r15, start_state + START_HIGH + 56
	movq $cpu_areas + CPU_AREA, %rsp
	xorl %edi, %edi
	jmp enter_c

/* In: RDI = number of this CPU. */
enter_c:
	movl $SELECTOR_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl %eax, %fs
	movl %eax, %gs
	xorl %ebp, %ebp
	call cpu_enter
1:	cli
	hlt
	jmp 1b

/* --- The other CPUs. Copied to TRAMPOLINE; position-independent up to the far jump. --- */
	.code16
	.globl trampoline, trampoline_end
trampoline:
	cli
	cld
	movw %cs, %ax
	movw %ax, %ds
	lgdtl trampoline_gdt - trampoline
	movl %cr0, %eax
	orl $CR0_PE, %eax
	movl %eax, %cr0
	ljmpl $SELECTOR_CODE32, $ap32
	.balign 4
trampoline_gdt:
	.word GDT_ENTRIES * 8 - 1
	.long guest_gdt
trampoline_end:

	.code32
ap32:
	movl $SELECTOR_DATA, %eax
	movl %eax, %ds
	movl %eax, %ss
	movl ap_index, %esp
	incl %esp
	imull $CPU_AREA, %esp
	addl $cpu_areas, %esp
	call long_mode_on
	ljmp $SELECTOR_CODE, $ap64

	.code64
ap64:
	lgdt gdt_pointer
	movl %esp, %esp /* the upper half is undefined after the change of mode */
	movl ap_index, %edi
	jmp enter_c

	.section .note.GNU-stack, "", @progbits
