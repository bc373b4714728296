/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS D08: accesses that the VMM carries out, and whose segment forbids them, in pieces of 32-bit code as
 * in modes.S. Each has one operand in the test device's memory or at a port, so that it exits, and then one
 * that must be refused: whatever the processor can check alone it has checked before.
 */
#include "tests/guests/modes/expect.inc"
#include "tests/guests/modes/layout.h"

#define DEVICE	   0xff000000 /* gives back what was written */
#define PATTERN	   0x12345678
#define SMALL	   (LOW + LOW_BUFFER)
#define SMALL_SIZE 24
#define SMALL_ACROSS 22 /* four bytes from there are too many */
#define DOWN_LIMIT 0xfff
#define DOWN_ACROSS 0xffd
#define BEYOND_16M 0x1000000
#define NO_DESCRIPTOR 0xfff8

	.text
	.code32
.macro STEP number
	movl $\number, mode_step
.endm
.macro ERROR_IS wanted
	cmpl $\wanted, mode_error
	jne failed
.endm
.macro LOAD segment, selector
	movl $\selector, %eax
	movl %eax, %\segment
.endm
/* A string instruction between the device and that offset in a segment, that must fault and move nothing. */
.macro STRING_FAULT step, selector, offset, insn:vararg
	movl $DEVICE, %esi
	movl $\offset, %edi
	EXPECT \step
	LOAD es, \selector
	\insn
	WAS \step, VECTOR_GP
	ERROR_IS 0
	cmpl $\offset, %edi
	jne failed
	cmpl $DEVICE, %esi
	jne failed
.endm
/* OUTS from there, through a segment override. */
.macro OUTS_FAULT step, segment, selector, offset, vector, insn:vararg
	movl $\offset, %esi
	movl $PORT_NOTHING, %edx
	EXPECT \step
	LOAD \segment, \selector
	\insn
	WAS \step, \vector
	ERROR_IS 0
	cmpl $\offset, %esi
	jne failed
.endm
.macro FAR_POINTER offset, selector
	movl $\offset, DEVICE
	movl $\selector, DEVICE + 4
.endm
.macro FAR_FAULT step, selector, vector, error
	FAR_POINTER passed, \selector
	EXPECT \step
	ljmp *DEVICE
	WAS \step, \vector
	ERROR_IS \error
.endm

/* Bases and wraps that are right. */
	.globl segments_reach
segments_reach:
	STEP 200
	movl $PATTERN, DEVICE
	cmpl $PATTERN, DEVICE
	jne failed
	STEP 201
	LOAD fs, MODE_DEVICE
	cmpl $PATTERN, %fs:0
	jne failed
	STEP 202
	movl $0xfff0, %ebx
	movl $0x10, %esi
	cmpl $PATTERN, %fs:(%bx, %si)
	jne failed
	STEP 203
	LOAD es, MODE_SMALL
	movl $DEVICE, %esi
	movl $SMALL_SIZE - 4, %edi
	movsl
	cmpl $PATTERN, SMALL + SMALL_SIZE - 4
	jne failed
	STEP 204
	LOAD es, MODE_DOWN
	movl $DEVICE, %esi
	movl $SMALL, %edi
	movsl
	cmpl $PATTERN, SMALL
	jne failed
	jmp passed

/* The other operand of a string instruction. */
	.globl segments_string
segments_string:
	STRING_FAULT 210, MODE_SMALL, SMALL_ACROSS, movsl
	STRING_FAULT 211, MODE_SMALL, SMALL_SIZE, movsb
	STRING_FAULT 212, 0, SMALL, movsl
	STRING_FAULT 213, MODE_READ_ONLY, SMALL, movsl
	STRING_FAULT 214, MODE_DOWN, DOWN_LIMIT, movsb
	STRING_FAULT 215, MODE_DOWN, DOWN_ACROSS, movsl
	STRING_FAULT 216, MODE_SMALL, SMALL_ACROSS, cmpsl
	STRING_FAULT 217, 0, SMALL, cmpsb
	jmp passed

/* INS and OUTS, which a hypervisor may be told of before anything of their memory was looked at. */
	.globl segments_port
segments_port:
	movl $PORT_NOTHING, %edx
	STRING_FAULT 220, MODE_READ_ONLY, SMALL, insb
	STRING_FAULT 221, 0, SMALL, insb
	STRING_FAULT 222, MODE_SMALL, SMALL_ACROSS, insl
	STRING_FAULT 223, MODE_DOWN, DOWN_LIMIT, insb
	OUTS_FAULT 224, ds, 0, SMALL, VECTOR_GP, outsb
	OUTS_FAULT 225, fs, MODE_SMALL, SMALL_SIZE, VECTOR_GP, fs outsb
	OUTS_FAULT 226, fs, MODE_SMALL, SMALL_ACROSS, VECTOR_GP, fs outsl
	OUTS_FAULT 227, gs, MODE_DOWN, DOWN_LIMIT, VECTOR_GP, gs outsb
	/* The handler's frame and its vector are 20 bytes. */
	movl $SMALL_SIZE, %esi
	EXPECT 228
	LOAD ss, MODE_SMALL
	movl $SMALL_SIZE, %esp
	ss outsb
	WAS 228, VECTOR_SS
	LOAD ss, MODE_DATA32
	movl mode_esp, %esp
	ERROR_IS 0
	movl $SMALL, %esi
	EXPECT 229
	ljmp $MODE_CODE_ONLY, $1f
1:	cs outsb
	WAS 229, VECTOR_GP
	ERROR_IS 0
	jmp passed

/* Where a jump through the device's memory leads. */
	.globl segments_jump
segments_jump:
	STEP 230
	FAR_POINTER 1f, MODE_CONFORMING
	ljmp *DEVICE
	jmp failed
1:	movl %cs, %eax
	ljmp $MODE_CODE32, $2f
2:	cmpl $MODE_CONFORMING, %eax
	jne failed
	FAR_FAULT 231, MODE_DATA32, VECTOR_GP, MODE_DATA32
	FAR_FAULT 232, MODE_ABSENT, VECTOR_NP, MODE_ABSENT
	FAR_FAULT 233, 0, VECTOR_GP, 0
	FAR_FAULT 234, NO_DESCRIPTOR, VECTOR_GP, NO_DESCRIPTOR
	movl $BEYOND_16M, DEVICE
	EXPECT 235
	ljmp $MODE_CODE_16M, $3f
3:	jmp *DEVICE
	WAS 235, VECTOR_GP
	ERROR_IS 0
	EXPECT 236
	ljmp $MODE_CODE_16M, $4f
4:	call *DEVICE
	WAS 236, VECTOR_GP
	ERROR_IS 0
	jmp passed
