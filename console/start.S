/* SPDX-License-Identifier: BSD-2-Clause */
/* The console's entry and its two stubs: all of its assembly. No IRET and no far return is in it. */

/* CALL_VECTOR of abi/calls.h, which is C; main.c asserts that they are the same. */
#define VECTOR 0x80

	.text

/* In: RSP at the 16-aligned top of the stack, .bss zero. Does not return. */
	.globl _start
	.type _start, @function
_start:
	xorl %ebp, %ebp
	cld
	call console_main
	ud2
	.size _start, . - _start

/*
 * int64_t call_invoke(enum call number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
 * In: the C ABI's registers. Out: RAX. Clobbers RDI, RSI, RDX, RCX, as the C ABI lets it.
 */
	.globl call_invoke
	.type call_invoke, @function
call_invoke:
	movl %edi, %eax
	movq %rsi, %rdi
	movq %rdx, %rsi
	movq %rcx, %rdx
	movq %r8, %rcx
	int $VECTOR
	ret
	.size call_invoke, . - call_invoke

/* uint64_t call_clock(void). Out: RAX, the TSC. Clobbers RDX. */
	.globl call_clock
	.type call_clock, @function
call_clock:
	rdtsc
	shlq $32, %rdx
	orq %rdx, %rax
	ret
	.size call_clock, . - call_clock

/* void call_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t to[4]). Clobbers RAX, RCX, RDX, R8, R9. */
	.globl call_cpuid
	.type call_cpuid, @function
call_cpuid:
	movq %rdx, %r8
	movq %rbx, %r9
	movl %edi, %eax
	movl %esi, %ecx
	cpuid
	movl %eax, (%r8)
	movl %ebx, 4(%r8)
	movl %ecx, 8(%r8)
	movl %edx, 12(%r8)
	movq %r9, %rbx
	ret
	.size call_cpuid, . - call_cpuid

	.section .note.GNU-stack, "", @progbits
