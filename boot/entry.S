/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Multiboot2 header, and the way from the loader's 32-bit protected mode to C in the upper
 * half. Nothing here assumes a display, a firmware or a load address: the image may have been moved
 * by any multiple of 2 MiB below 4 GiB, and %ebp holds by how much.
 */
#include "boot/multiboot2_format.h"

#define IMAGE_BASE  0xffffffff80000000 /* KERNEL_IMAGE_BASE of arch/x86_64/layout.h */
#define IMAGE_MIN   0x200000 /* LOAD_ADDRESS of linker.ld */
#define IMAGE_ALIGN 0x200000 /* one large page: the upper half is mapped by them */
#define STACK_SIZE  0x4000
#define LOW_STACK   64

#define PTE_PRESENT  0x01
#define PTE_WRITE    0x02
#define PTE_LARGE    0x80
#define LARGE_PAGE   0x200000
#define TABLE_SIZE   4096
#define IDENTITY_GIB 4

/*
 * SDM 3A 2.5 "Control Registers": PE MP ET NE WP PG. The loader's other bits are unknown: not kept.
 */
#define CR0_BOOT 0x80010033
#define CR4_PAE	 0x20
/* SDM 3A 2.2.1 "Extended Feature Enable Register" */
#define MSR_EFER     0xc0000080
#define EFER_LME_NXE 0x900

#define CPUID_EXT_MAX	    0x80000000
#define CPUID_EXT_FEATURES  0x80000001
#define CPUID_EDX_NX	    20
#define CPUID_EDX_LONG_MODE 29

#define SELECTOR_CODE 0x08
#define SELECTOR_DATA 0x10

	.section .multiboot2, "a"
	.balign 8
header:
	.long MULTIBOOT2_HEADER_MAGIC, MULTIBOOT2_ARCH_I386, header_end - header
	.long -(MULTIBOOT2_HEADER_MAGIC + MULTIBOOT2_ARCH_I386 + (header_end - header))

	/* Without these we cannot go on, so a loader that does not know them has to say so. */
	.balign 8
1:	.short MULTIBOOT2_HEADER_REQUEST, 0
	.long 2f - 1b
	.long MULTIBOOT2_TAG_MMAP, MULTIBOOT2_TAG_MODULE, MULTIBOOT2_TAG_CMDLINE
2:
	.balign 8
1:	.short MULTIBOOT2_HEADER_REQUEST, MULTIBOOT2_HEADER_OPTIONAL
	.long 2f - 1b
	.long MULTIBOOT2_TAG_LOADER, MULTIBOOT2_TAG_ACPI_OLD, MULTIBOOT2_TAG_ACPI_NEW
	.long MULTIBOOT2_TAG_EFI64, MULTIBOOT2_TAG_FRAMEBUFFER
2:
	.balign 8
1:	.short MULTIBOOT2_HEADER_MODULE_ALIGN, 0
	.long 2f - 1b
2:
	/*
	 * Optional: a loader without it loads us where we are linked. Lowest, because the frames
	 * below 4 GiB that we leave to the guests should be in one piece.
	 */
	.balign 8
1:	.short MULTIBOOT2_HEADER_RELOCATABLE, MULTIBOOT2_HEADER_OPTIONAL
	.long 2f - 1b
	.long IMAGE_MIN, 0xffffffff, IMAGE_ALIGN, MULTIBOOT2_PREFER_LOWEST
2:
	.balign 8
1:	.short MULTIBOOT2_HEADER_ENTRY, 0
	.long 2f - 1b
	.long boot_entry
2:
	.balign 8
1:	.short MULTIBOOT2_HEADER_END, 0
	.long 2f - 1b
2:
header_end:

	.section .boot.text, "ax"
	.code32
/*
 * Multiboot2 3.3 "I386 machine state". In: EAX the loader's magic, EBX the physical address of the
 * boot information; flat segments, paging and interrupts off, no stack, GDTR and IDTR invalid.
 * Does not return.
 */
	.globl boot_entry
	.type boot_entry, @function
boot_entry:
	cli
	cld
	cmpl $MULTIBOOT2_LOADER_MAGIC, %eax
	jne not_multiboot2

	/*
	 * Finding out where we are takes a call, a call takes four bytes of stack, and the only
	 * memory we know of is the boot information: its second word is reserved and to be ignored.
	 */
	leal 8(%ebx), %esp
	call 1f
1:	popl %ebp
	subl $1b, %ebp
	leal low_stack_end(%ebp), %esp
	movl %eax, %edi
	movl %ebx, %esi

	call check_cpu
	call build_tables
	jmp enter_long_mode
	.size boot_entry, . - boot_entry

/*
 * In: EBP how far the image was moved. Clobbers EAX, EBX, ECX, EDX. Does not return if the CPU is
 * too old.
 */
	.type check_cpu, @function
check_cpu:
	movl $CPUID_EXT_MAX, %eax
	cpuid
	cmpl $CPUID_EXT_FEATURES, %eax
	jb no_long_mode
	movl $CPUID_EXT_FEATURES, %eax
	cpuid
	btl $CPUID_EDX_LONG_MODE, %edx
	jnc no_long_mode
	btl $CPUID_EDX_NX, %edx
	jnc no_nx
	ret
	.size check_cpu, . - check_cpu

/*
 * The first 4 GiB at their own addresses, because the loader may have put what it tells us anywhere
 * there; and the image in the upper half. Both until the kernel has tables of its own.
 * In: EBP. Clobbers EAX, EBX, ECX. The tables are zero before: the loader cleared them.
 */
	.type build_tables, @function
build_tables:
	leal pdpt_low + PTE_PRESENT + PTE_WRITE(%ebp), %eax
	movl %eax, pml4(%ebp)
	leal pdpt_high + PTE_PRESENT + PTE_WRITE(%ebp), %eax
	movl %eax, pml4 + 511 * 8(%ebp)
	leal pd_high + PTE_PRESENT + PTE_WRITE(%ebp), %eax
	movl %eax, pdpt_high + 510 * 8(%ebp)

	leal pdpt_low(%ebp), %ebx
	leal pd_low + PTE_PRESENT + PTE_WRITE(%ebp), %eax
	movl $IDENTITY_GIB, %ecx
	movl $TABLE_SIZE, %edx
	call fill_table

	leal pd_low(%ebp), %ebx
	movl $(PTE_PRESENT + PTE_WRITE + PTE_LARGE), %eax
	movl $(IDENTITY_GIB * 512), %ecx
	movl $LARGE_PAGE, %edx
	call fill_table

	/* Entry i maps offset i * 2 MiB; entry 0 would map what is below the image. */
	leal pd_high + 8(%ebp), %ebx
	leal LARGE_PAGE + PTE_PRESENT + PTE_WRITE + PTE_LARGE(%ebp), %eax
	movl image_end(%ebp), %ecx
	andl $0x3fffffff, %ecx
	addl $(LARGE_PAGE - 1), %ecx
	shrl $21, %ecx
	decl %ecx
	jmp fill_table
	.size build_tables, . - build_tables

/*
 * In: EBX the first entry, EAX its low half, ECX how many, EDX from one to the next. Clobbers EAX,
 * EBX, ECX.
 */
	.type fill_table, @function
fill_table:
	movl %eax, (%ebx)
	addl %edx, %eax
	addl $8, %ebx
	decl %ecx
	jnz fill_table
	ret
	.size fill_table, . - fill_table

/*
 * SDM 3A 9.8.5 "Initializing IA-32e Mode". In: EDI magic, ESI boot information, EBP. Does not
 * return.
 */
	.type enter_long_mode, @function
enter_long_mode:
	movl $CR4_PAE, %eax
	movl %eax, %cr4
	leal pml4(%ebp), %eax
	movl %eax, %cr3
	movl $MSR_EFER, %ecx
	movl $EFER_LME_NXE, %eax
	xorl %edx, %edx
	wrmsr
	movl $CR0_BOOT, %eax
	movl %eax, %cr0

	addl %ebp, gdt_pointer_low + 2(%ebp)
	lgdt gdt_pointer_low(%ebp)
	leal long_mode(%ebp), %eax
	pushl $SELECTOR_CODE
	pushl %eax
	lret
	.size enter_long_mode, . - enter_long_mode

/* The three ends for a machine that is not ours to run on. No stack is needed. */
not_multiboot2:
	/* Whoever this was, it is likely to have honoured the ELF's addresses. */
	xorl %ebp, %ebp
	leal text_not_multiboot2(%ebp), %esi
	jmp die
no_long_mode:
	leal text_no_long_mode(%ebp), %esi
	jmp die
no_nx:
	leal text_no_nx(%ebp), %esi
die:
#include "boot/say_and_halt.inc"

	.code64
	.type long_mode, @function
long_mode:
	movabsq $high_half, %rax
	jmp *%rax
	.size long_mode, . - long_mode

	.text
/*
 * In: EDI magic, ESI boot information, EBP, the upper halves of which the mode switch left
 * undefined.
 */
	.type high_half, @function
high_half:
	lgdt gdt_pointer_high(%rip)
	movl $SELECTOR_DATA, %eax
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs
	leaq boot_stack_end(%rip), %rsp
	movl %edi, %edi
	movl %esi, %esi
	movl %ebp, %edx
	xorl %ebp, %ebp /* the last frame of every backtrace */
	call boot_main
	ud2
	.size high_half, . - high_half

/*
 * void boot_die(const char *text): says text on COM1 and stops the CPU, before there is a log to
 * say it in. In: RDI. Does not return.
 */
	.globl boot_die
	.type boot_die, @function
boot_die:
	movq %rdi, %rsi
#include "boot/say_and_halt.inc"
	.size boot_die, . - boot_die

	.section .rodata
gdt_pointer_high:
	.short gdt_end - gdt - 1
	.quad gdt + IMAGE_BASE

	.section .boot.rodata, "a"
	.balign 8
/* The accessed bits are set already, so that the CPU never writes here. */
gdt:
	.quad 0
	.quad 0x00209b0000000000 /* code, ring 0, 64 bits */
	.quad 0x0000930000000000 /* data, ring 0 */
gdt_end:
/* The low half is the offset in the image: linker.ld asserts that this is less than 1 GiB. */
image_end:
	.quad kernel_end
text_not_multiboot2:
	.asciz "freehold: not started by a Multiboot2 loader\r\n"
text_no_long_mode:
	.asciz "freehold: this CPU has no 64-bit mode\r\n"
text_no_nx:
	.asciz "freehold: this CPU has no NX, or the firmware disables it (\"execute disable\")\r\n"

	.section .boot.data, "aw"
gdt_pointer_low:
	.short gdt_end - gdt - 1
	.long gdt

	.section .boot.bss, "aw", @nobits
	.balign TABLE_SIZE
pml4:
	.skip TABLE_SIZE
pdpt_low:
	.skip TABLE_SIZE
pdpt_high:
	.skip TABLE_SIZE
pd_high:
	.skip TABLE_SIZE
pd_low:
	.skip TABLE_SIZE * IDENTITY_GIB
	.skip LOW_STACK
low_stack_end:

	.bss
	.balign 16
	.globl boot_stack, boot_stack_end
boot_stack:
	.skip STACK_SIZE
boot_stack_end:
