/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A boot sector: says on COM1 what it was entered with and what an INT answers, takes two ticks of the 8254
 * as a PC's INT 8, and ends the machine by the test device. 512 bytes, 55h AAh at their end.
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
	sti
	clc
	int $0x13
	pushfw
	cli
	popw %dx
	pushw %ax
	movw $1, %cx /* CF */
	movb $'c', %al
	call flag
	movb $10, %cl /* IF */
	movb $'i', %al
	call flag
	popw %ax
	movb %ah, %al
	movb $0, %ah
	call hex
	movw $tick, 8 * 4
	movw $0, 8 * 4 + 2
	movb $0x34, %al /* counter 0, mode 2, 10 ms */
	outb %al, $0x43
	movb $0x9c, %al
	outb %al, $0x40
	movb $0x2e, %al
	outb %al, $0x40
	movb $0xfe, %al
	outb %al, $0x21
	sti
1:	hlt
	cmpb $2, ticks
	jb 1b
	cli
	movw $text_end, %si
	call puts
	movb $7, %al
	outb %al, $0xf4
	hlt

tick:	incb ticks
	pushw %ax
	movb $0x20, %al
	outb %al, $0x20
	popw %ax
	iretw

/* In: DX the flags, CL which from 1 on, AL what to say if it is set. Clobbers AL. */
flag:	pushw %dx
	shrw %cl, %dx
	popw %dx
	jc putc
	movb $'-', %al
	jmp putc

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
text_end:   .asciz "\r\nticks\r\n"
ticks:	    .byte 0

	.org 510
	.word 0xaa55
	.section .note.GNU-stack, "", @progbits
