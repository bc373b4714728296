/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A boot sector: says on COM1 what it was entered with and what an INT answers, and ends the machine by the
 * test device. 512 bytes, 55h AAh at their end.
 */
	.code16
	.text
	.globl _start
_start:
	cli
	movw %sp, %bp
	movw $text_start, %si
	call puts
	movw %cs, %ax
	call hex
	movb $' ', %al
	call putc
	movb %dl, %al
	movb $0, %ah
	call hex
	movb $' ', %al
	call putc
	movw %bp, %ax
	call hex
	movw $text_int, %si
	call puts
	movw $0x0201, %ax /* INT 13h: read a sector; there is no disk */
	clc
	int $0x13
	jnc no_error
	movb $'c', %al
	jmp told
no_error:
	movb $'-', %al
told:
	pushw %ax
	call putc
	popw %ax
	movb %ah, %al
	movb $0, %ah
	call hex
	movw $text_end, %si
	call puts
	movb $7, %al
	outb %al, $0xf4
	hlt

/* In: AX. Clobbers AX, BX, CX. */
hex:
	movw $4, %cx
1:	rolw $4, %ax
	movw %ax, %bx
	andw $15, %bx
	pushw %ax
	movb digits(%bx), %al
	call putc
	popw %ax
	loop 1b
	ret

/* In: AL. */
putc:
	pushw %dx
	movw $0x3f8, %dx
	outb %al, %dx
	popw %dx
	ret

/* In: SI. Clobbers AL. */
puts:
	lodsb
	testb %al, %al
	jz 1f
	call putc
	jmp puts
1:	ret

digits:	    .ascii "0123456789abcdef"
text_start: .asciz "sector cs dl sp "
text_int:   .asciz "\r\nint 13 "
text_end:   .asciz "\r\n"

	.org 510
	.word 0xaa55
	.section .note.GNU-stack, "", @progbits
