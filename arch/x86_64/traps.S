/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways into the kernel by interrupt and exception, and the ways out to ring 3. */
#include "arch/x86_64/smap.h"
#include "gen/asm_offsets.h"

	.text
/*
 * One stub a vector, TRAP_STUB_SIZE apart. In: the processor's frame, with an error code for the
 * vectors of SDM 3A table 6-1 "Protected-Mode Exceptions and Interrupts" that have one. IF=0.
 */
	.globl trap_stubs
	.balign TRAP_STUB_SIZE
trap_stubs:
	vector = 0
	.rept TRAP_VECTORS
	.balign TRAP_STUB_SIZE
	has_error = vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21
	has_error = has_error || vector == 29 || vector == 30
	.if has_error == 0
	pushq $0
	.endif
	pushq $vector
	jmp trap_common
	vector = vector + 1
	.endr

/*
 * In: vector and error code on the stack, everything else as it was interrupted. Builds struct
 * trap_frame; RSP is 16-byte aligned at the call, because the processor aligned it before it
 * pushed.
 */
	.type trap_common, @function
	.balign 16
trap_common:
	cld
	SMAP_SITE trap_clac
	pushq %r15
	pushq %r14
	pushq %r13
	pushq %r12
	pushq %r11
	pushq %r10
	pushq %r9
	pushq %r8
	pushq %rdi
	pushq %rsi
	pushq %rbp
	pushq %rbx
	pushq %rdx
	pushq %rcx
	pushq %rax
	movq %rsp, %rdi
	xorl %ebp, %ebp /* what was interrupted may be ring 3: a backtrace ends here */
	call trap_dispatch
	popq %rax
	popq %rcx
	popq %rdx
	popq %rbx
	popq %rbp
	popq %rsi
	popq %rdi
	popq %r8
	popq %r9
	popq %r10
	popq %r11
	popq %r12
	popq %r13
	popq %r14
	popq %r15
	addq $16, %rsp
	SITE trap_iret
	iretq
	.size trap_common, . - trap_common

/* noreturn void ring3_return(const struct ring3_state *state, uint64_t rflags) */
	.globl ring3_return
	.type ring3_return, @function
	.balign 16
ring3_return:
	pushq $SELECTOR_USER_DATA
	pushq RING3_RSP(%rdi)
	pushq %rsi
	pushq $SELECTOR_USER_CODE
	pushq RING3_RIP(%rdi)
	movq RING3_RAX(%rdi), %rax
	movq RING3_RCX(%rdi), %rcx
	movq RING3_RDX(%rdi), %rdx
	movq RING3_RBX(%rdi), %rbx
	movq RING3_RBP(%rdi), %rbp
	movq RING3_RSI(%rdi), %rsi
	movq RING3_R8(%rdi), %r8
	movq RING3_R9(%rdi), %r9
	movq RING3_R10(%rdi), %r10
	movq RING3_R11(%rdi), %r11
	movq RING3_R12(%rdi), %r12
	movq RING3_R13(%rdi), %r13
	movq RING3_R14(%rdi), %r14
	movq RING3_R15(%rdi), %r15
	movq RING3_RDI(%rdi), %rdi
	SITE ring3_return_iret
	iretq
	.size ring3_return, . - ring3_return

/*
 * uint64_t ring3_call_begin(const struct ring3_state *state, uint64_t rflags, void *rsp0): *rsp0 becomes the
 * caller's stack pointer, so that traps come in below it.
 */
	.globl ring3_call_begin
	.type ring3_call_begin, @function
	.balign 16
ring3_call_begin:
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, (%rdx)
	jmp ring3_return
	.size ring3_call_begin, . - ring3_call_begin

/* noreturn void ring3_call_leave(uint64_t answer, uint64_t rsp0): returns from ring3_call_begin. */
	.globl ring3_call_leave
	.type ring3_call_leave, @function
	.balign 16
ring3_call_leave:
	movq %rsi, %rsp
	movq %rdi, %rax
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	ret
	.size ring3_call_leave, . - ring3_call_leave

/* noreturn void ring3_enter(uint64_t rip, uint64_t rsp, uint64_t rdi, uint64_t rsi) */
	.globl ring3_enter
	.type ring3_enter, @function
	.balign 16
ring3_enter:
	pushq $SELECTOR_USER_DATA
	pushq %rsi
	pushq $RFLAGS_ENTER
	pushq $SELECTOR_USER_CODE
	pushq %rdi
	movq %rdx, %rdi
	movq %rcx, %rsi
	xorl %eax, %eax
	xorl %ecx, %ecx
	xorl %edx, %edx
	xorl %ebx, %ebx
	xorl %ebp, %ebp
	xorl %r8d, %r8d
	xorl %r9d, %r9d
	xorl %r10d, %r10d
	xorl %r11d, %r11d
	xorl %r12d, %r12d
	xorl %r13d, %r13d
	xorl %r14d, %r14d
	xorl %r15d, %r15d
	SITE ring3_enter_iret
	iretq
	.size ring3_enter, . - ring3_enter

/*
 * noreturn void cpu_switch_stack(uint64_t top, void (*next)(unsigned), unsigned number): goes on in
 * next(number) on another stack.
 */
	.globl cpu_switch_stack
	.type cpu_switch_stack, @function
	.balign 16
cpu_switch_stack:
	movq %rdi, %rsp
	movl %edx, %edi
	xorl %ebp, %ebp
	call *%rsi
	ud2
	.size cpu_switch_stack, . - cpu_switch_stack

	.section .rodata
	.globl trap_idt
	.balign 4096
trap_idt:
	.skip TRAP_VECTORS * GATE_SIZE

	.section .note.GNU-stack, "", @progbits
