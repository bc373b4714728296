/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of instructions that are run as they stand, written in assembly: each is its own name, or has one.
 *
 *	cases plain
 *	insn BOTH, "mov %cr0, %rax"
 *	insn_named AT0 | HIDE, ".byte 0x0f, 0x01, 0xf9", "rdtscp"
 *	cases_end
 */
#pragma once

/* At which CPLs; in compatibility mode; and what is not told of the result. */
#define AT0	0x01
#define AT3	0x02
#define BOTH	0x03
#define IN32	0x04 /* write .code32 before it */
#define HIDE	0x08 /* registers and memory: they differ from machine to machine */
#define STEPPED 0x10 /* with TF */
#define NOT_TCG 0x20 /* QEMU's TCG would be lost in it, without Freehold below */
#define IN16	0x40 /* real mode or virtual-8086 mode: write .code16 before it, see mode.h */
/* Status flags that the manuals leave undefined. */
#define NO_AF	0x0100
#define NO_OF	0x0200
#define NO_SZAP 0x0400
#define NO_CF	0x0800
#define NO_ZF	0x1000

#ifdef __ASSEMBLER__
/* clang-format off */

	.macro cases name
	.section .rodata.cases, "a"
	.balign 8
	.globl cases_\name
cases_\name:
	.endm

	.macro insn_named modes, text, name
	.section .rodata.code, "a"
661:	\text
662:
	.section .rodata.names, "a"
663:	.asciz "\name"
	.section .rodata.cases, "a"
	.quad 663b, 661b
	.long 662b - 661b, \modes
	.endm

	.macro insn modes, text
	insn_named \modes, "\text", "\text"
	.endm

	.macro cases_end
	.section .rodata.cases, "a"
	.quad 0, 0, 0
	.endm

/* clang-format on */
#else

#include "tests/guests/transcript/shot.h"

struct insn_case {
	const char *name;
	const uint8_t *code;
	uint32_t size, modes;
};

/* Fires them all, each at its CPLs. prepare may change the state before each; NULL. */
void cases_fire(const struct insn_case *cases, void (*prepare)(struct shot *shot));

/* Of those of an insn_case: the flags that are undefined, as bits of EFLAGS. */
uint32_t insn_undefined_flags(uint32_t modes);

#endif
