/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Multiboot 1 image below 64 KiB, as suites for real mode are: it goes back there with the IDTR that it was
 * entered with, puts a handler into the interrupt vector table, and calls it; then what is there already; and
 * ends as GRUB and Linux do that reboot by the BIOS.
 */
#define MAGIC 0x1badb002
#define FLAGS 0x10000
#define VECTOR 0x11
#define COM1  0x3f8

	.code32
	.text
	.globl _start
_start:
	.long MAGIC, FLAGS, -(MAGIC + FLAGS)
	.long _start, _start, file_end, bss_end, entry
entry:
	cld
	lgdt gdt_pointer
	ljmp $8, $1f
	.code16
1:	movw $16, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl %cr0, %eax
	andb $~1, %al
	movl %eax, %cr0
	ljmp $0, $2f
2:	xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movw $stack_end, %sp
	movw $handler, 4 * VECTOR
	movw %ax, 4 * VECTOR + 2
	int $VECTOR
	movw $0xec00, %ax
	int $0x15
	jnc 1f
	cmpb $0x86, %ah
	jne 1f
	movw $text_none, %si
	call puts
1:	int $0x12
	cmpw $639, %ax
	jne 1f
	movw $text_memory, %si
	call puts
1:	movw $text_back, %si
	call puts
	ljmp $0xf000, $0xfff0

handler:
	movw $text_handler, %si
	call puts
	iret

/* In: SI. Clobbers AL, DX, SI. */
puts:
	movw $COM1, %dx
1:	lodsb
	testb %al, %al
	jz 2f
	outb %al, %dx
	jmp 1b
2:	ret

	.balign 8
gdt:
	.quad 0, 0x00009b000000ffff, 0x000093000000ffff
gdt_pointer:
	.word . - gdt - 1
	.long gdt
text_handler: .asciz "int 11\n"
text_none:    .asciz "no BIOS\n"
text_memory:  .asciz "639 KiB\n"
text_back:    .asciz "back\n"
	.balign 4
file_end:
	.set stack_end, file_end + 1024
	.set bss_end, file_end + 1024
	.section .note.GNU-stack, "", @progbits
