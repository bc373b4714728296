/* SPDX-License-Identifier: BSD-2-Clause */
/* The assembly that reaches the vector registers: every register, both widths, and only that one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/fpu_regs.h"

/* The routines as they stand; this test is C only, so they come in by the assembler's own include. */
asm(".pushsection .text\n.include \"vmm/fpu_regs.S\"\n.popsection\n");

void call_on_vectors(uint64_t vectors[16][4], void (*routine)(void), unsigned reg, void *memory);

/* In: RDI = 16 vectors of 32 bytes, loaded before and stored after; RSI = routine; EDX, RCX = its two. */
asm(".pushsection .text\n"
    ".macro all_vectors store\n"
    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    ".if \\store\n vmovups %ymm\\n, 32*\\n(%rbx)\n.else\n vmovups 32*\\n(%rbx), %ymm\\n\n.endif\n"
    ".endr\n.endm\n"
    ".globl call_on_vectors\n"
    "call_on_vectors:\n"
    "push %rbx\n mov %rdi, %rbx\n mov %rsi, %r8\n mov %edx, %edi\n mov %rcx, %rsi\n"
    "all_vectors 0\n call *%r8\n all_vectors 1\n"
    "vzeroupper\n pop %rbx\n ret\n"
    ".popsection\n");

static uint64_t vectors[16][4], before[16][4];

static void fill(void)
{
	for (unsigned i = 0; i < 64; i++)
		vectors[i / 4][i % 4] = 0x0101010101010101 * (i + 1);
	memcpy(before, vectors, sizeof(vectors));
}

/* As a routine of call_on_vectors: the AVX component to memory. */
static void call_xsave(unsigned reg, void *memory)
{
	(void)reg;
	fpu_xsave(memory, 4);
}

static void skip_without_avx(void)
{
	if (!__builtin_cpu_supports("avx"))
		skip();
}

static void test_store(void **state)
{
	(void)state;
	skip_without_avx();
	for (unsigned reg = 0; reg < 16; reg++) {
		uint64_t memory[5] = {0};

		fill();
		call_on_vectors(vectors, (void (*)(void))fpu_store_xmm, reg, memory);
		assert_memory_equal(memory, before[reg], 16);
		assert_int_equal(memory[2], 0);
		assert_memory_equal(vectors, before, sizeof(vectors));
		call_on_vectors(vectors, (void (*)(void))fpu_store_ymm, reg, memory);
		assert_memory_equal(memory, before[reg], 32);
		assert_int_equal(memory[4], 0);
		assert_memory_equal(vectors, before, sizeof(vectors));
	}
}

static void test_load(void **state)
{
	uint64_t memory[4] = {11, 22, 33, 44};

	(void)state;
	skip_without_avx();
	for (unsigned reg = 0; reg < 16; reg++) {
		fill();
		call_on_vectors(vectors, (void (*)(void))fpu_load_xmm, reg, memory);
		memcpy(before[reg], memory, 16);
		assert_memory_equal(vectors, before, sizeof(vectors));
		call_on_vectors(vectors, (void (*)(void))fpu_load_ymm, reg, memory);
		memcpy(before[reg], memory, 32);
		assert_memory_equal(vectors, before, sizeof(vectors));
	}
}

static void test_xcr0(void **state)
{
	(void)state;
	skip_without_avx();
	assert_int_equal(fpu_xcr0() & 7, 7);
}

/* Eight of them, and higher numbers are the same eight; a pending exception is told and not taken. */
static void test_mmx(void **state)
{
	(void)state;
	for (unsigned reg = 0; reg < 16; reg++) {
		uint64_t value = 0x1111111111111111ULL * (reg + 1), back[2] = {0};

		fpu_load_mmx(reg, &value);
		fpu_store_mmx(reg & 7, back);
		assert_true(back[0] == value && back[1] == 0);
	}
	for (unsigned reg = 0; reg < 8; reg++) {
		uint64_t back = 0;

		fpu_store_mmx(reg, &back);
		assert_true(back == 0x1111111111111111ULL * (reg + 9));
	}
	asm volatile("emms; fninit");
	assert_int_equal(fpu_status(), 0);
	asm volatile("fldcw %0; fldz; fldz; fdivrp" : : "m"((uint16_t){0x37a}));
	assert_true(fpu_status() & FPU_ES);
	asm volatile("fnclex; fninit");
}

/* One component of three: MXCSR belongs to two, so it is the XMM registers that tell. */
static void test_xsave(void **state)
{
	static uint8_t area[4096] __attribute__((aligned(64)));
	const uint8_t *xmm = area + 160, *ymm_high = area + 576;

	(void)state;
	skip_without_avx();
	memset(area, 0xa5, sizeof(area));
	memset(area + 512, 0, 64);
	fill();
	call_on_vectors(vectors, (void (*)(void))call_xsave, 0, area);
	for (unsigned reg = 0; reg < 16; reg++)
		assert_memory_equal(ymm_high + 16 * reg, &before[reg][2], 16);
	for (unsigned i = 0; i < 256; i++)
		assert_int_equal(xmm[i], 0xa5);
	assert_memory_equal(vectors, before, sizeof(vectors));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_store), cmocka_unit_test(test_load),
		cmocka_unit_test(test_xcr0),  cmocka_unit_test(test_xsave),
		cmocka_unit_test(test_mmx),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
