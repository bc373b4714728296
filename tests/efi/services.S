/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runtime services for spoil.c, to be copied to the start of two pages. As GetTime all that come back say
 * 2031-02-03 04:05:06, an hour west of UTC.
 */
	.section .rodata
	.globl services_start
	.balign 64
services_start:

/* RCX: where to. Uses SSE, as compilers do. */
	.globl service_good
service_good:
	movdqu	time(%rip), %xmm0
	movdqu	%xmm0, (%rcx)
	xorl	%eax, %eax
	ret
service_good_end:
	.balign 16
time:	.word	2031
	.byte	2, 3, 4, 5, 6, 0
	.long	0
	.word	60
	.byte	0, 0

/* Writes a function to the second page and calls it there, twice: a page is writable, then executable. */
	.globl service_flip
service_flip:
	pushq	%rbx
	pushq	%r12
	movl	$2, %r12d
1:	movq	%rcx, %rbx
	leaq	services_start + 4096(%rip), %rdi
	leaq	services_start(%rip), %rsi
	movl	$(service_flip - services_start), %ecx
	rep movsb
	movq	%rbx, %rcx
	leaq	services_start + 4096 + (service_good - services_start)(%rip), %rax
	call	*%rax
	decl	%r12d
	jnz	1b
	popq	%r12
	popq	%rbx
	ret

/* Ports and the interrupt flag, as drivers use them. */
	.globl service_ports
service_ports:
	pushfq
	cli
	movb	$0xa5, %al
	outb	%al, $0x80
	movl	$0xfffe, %edx
	inw	%dx, %ax
	sti
	popfq
	jmp	service_good

/* Says K on COM1 and resets by the keyboard controller. */
	.globl service_keyboard
service_keyboard:
	movw	$0x3f8, %dx
	movb	$'K', %al
	outb	%al, %dx
	movb	$0xfe, %al
	outb	%al, $0x64
1:	jmp	1b

	.globl service_spin
service_spin:
	cli
1:	pause
	jmp	1b

/* Code that writes to its own page. */
	.globl service_mixed
service_mixed:
	movb	$1, time(%rip)
	jmp	service_good

/* An address that is nobody's. */
	.globl service_fault
service_fault:
	movabsq	$0x123456789000, %rax
	movb	$1, (%rax)
	ret

	.globl service_privileged
service_privileged:
	movq	%cr3, %rax
	ret

/* The kernel's own gate, with the call that it is quickest to believe: CALL_RESUME. */
	.globl service_gate
service_gate:
	xorl	%eax, %eax
	int	$0x80
	ret

	.globl services_end
services_end:
	.section .note.GNU-stack, "", @progbits
