/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One 32-bit program with every header: Multiboot 1 (with addresses: it is no ELF file), Multiboot2, or
 * none, by what is defined. It prints EAX, what EBX points to as the magic says, and ends the machine.
 */
#define LOAD	      0x200000
#define MB1_MAGIC     0x1badb002
#define MB1_FLAGS     0x10003
#define MB2_MAGIC     0xe85250d6
#define MB1_BOOTED    0x2badb002
#define MB2_BOOTED    0x36d76289

	.code32
	.text
	.globl _start
_start:
	jmp entry

#ifdef WITH_MULTIBOOT
	.balign 4
multiboot:
	.long MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)
	.long multiboot, _start, file_end, bss_end, entry
#endif

#ifdef WITH_MULTIBOOT2
	.balign 8
multiboot2:
	.long MB2_MAGIC, 0, multiboot2_end - multiboot2
	.long -(MB2_MAGIC + multiboot2_end - multiboot2)
	.word 1, 0 /* information request: command line, modules, map, RSDP */
	.long 24, 1, 3, 6, 15
	.word 2, 0 /* addresses */
	.long 24, multiboot2, _start, file_end, bss_end
	.word 3, 0 /* entry */
	.long 12, entry, 0
	.word 5, 1 /* a framebuffer, optional */
	.long 20, 1024, 768, 32, 0
	.word 10, 0 /* may be moved */
	.long 24, 0x100000, 0x800000, 0x1000, 0
	.word 0, 0
	.long 8
multiboot2_end:
#endif

	.balign 16
entry:
	cld
	movl %eax, %edx
	movl $stack_end, %esp
	movl $text_eax, %esi
	call puts
	movl %edx, %eax
	call hex
	call newline
	pushfl
	popl %eax
	andl $0x200, %eax /* interrupts are off */
	movl %cr0, %ecx
	andl $0x80000001, %ecx /* protected mode, no paging */
	orl %eax, %ecx
	movl $text_mode, %esi
	call puts
	movl %ecx, %eax
	call hex
	call newline
	cmpl $0, bss /* zero, as promised */
	jne end
	cmpl $MB1_BOOTED, %edx
	je multiboot_info
	cmpl $MB2_BOOTED, %edx
	je multiboot2_info
end:
	movl $text_end, %esi
	call puts
	movb $9, %al
	outb %al, $0xf4
	hlt

/* EBX: struct multiboot_info. */
multiboot_info:
	movl $text_line, %esi
	call puts
	movl 16(%ebx), %esi
	call puts
	call newline
	movl 20(%ebx), %ebp /* modules */
	movl 24(%ebx), %edi
1:	testl %ebp, %ebp
	jz 2f
	movl $text_module, %esi
	call puts
	movl 4(%edi), %eax
	subl (%edi), %eax
	call hex
	movb $' ', %al
	call putc
	movl 8(%edi), %esi
	call puts
	call newline
	addl $16, %edi
	decl %ebp
	jmp 1b
2:	movl $text_upper, %esi
	call puts
	movl 8(%ebx), %eax
	call hex
	call newline
	jmp end

/* EBX: tags from 8 on. */
multiboot2_info:
	leal 8(%ebx), %edi
1:	movl (%edi), %eax
	testl %eax, %eax
	jz end
	cmpl $1, %eax
	jne 2f
	movl $text_line, %esi
	call puts
	leal 8(%edi), %esi
	call puts
	call newline
2:	cmpl $3, (%edi)
	jne 3f
	movl $text_module, %esi
	call puts
	movl 12(%edi), %eax
	subl 8(%edi), %eax
	call hex
	movb $' ', %al
	call putc
	leal 16(%edi), %esi
	call puts
	call newline
3:	cmpl $4, (%edi)
	jne 4f
	movl $text_upper, %esi
	call puts
	movl 12(%edi), %eax
	call hex
	call newline
4:	cmpl $15, (%edi)
	jne 5f
	movl $text_rsdp, %esi
	call puts
	movl 8(%edi), %eax
	call hex
	call newline
5:	movl 4(%edi), %eax
	addl $7, %eax
	andl $~7, %eax
	addl %eax, %edi
	jmp 1b

/* In: EAX. Clobbers EAX, ECX. */
hex:
	movl $8, %ecx
1:	roll $4, %eax
	pushl %eax
	andl $15, %eax
	movb digits(%eax), %al
	call putc
	popl %eax
	loop 1b
	ret

newline:
	movb $'\n', %al
/* In: AL. */
putc:
	pushl %edx
	movl $0x3f8, %edx
	outb %al, %dx
	popl %edx
	ret

/* In: ESI. Clobbers AL, ESI. */
puts:
	lodsb
	testb %al, %al
	jz 1f
	call putc
	jmp puts
1:	ret

digits:	     .ascii "0123456789abcdef"
text_eax:    .asciz "eax "
text_mode:   .asciz "mode "
text_line:   .asciz "cmdline "
text_module: .asciz "module "
text_upper:  .asciz "upper "
text_rsdp:   .asciz "rsdp "
text_end:    .asciz "end\n"
	.balign 4
file_end:
	/* Behind the file: .bss by hand, since a flat file has none. */
	.set bss, file_end
	.set stack_end, file_end + 4096
	.set bss_end, file_end + 8192
	.section .note.GNU-stack, "", @progbits
