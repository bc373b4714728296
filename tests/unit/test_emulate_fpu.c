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

/* All 32, and only that one; what is stored is what was loaded. */
static void test_zmm(void **state)
{
	static uint64_t in[32][8], out[8];

	(void)state;
	if (!__builtin_cpu_supports("avx512f"))
		skip();
	for (unsigned i = 0; i < 256; i++)
		in[i / 8][i % 8] = 0x0101010101010101ULL * (i + 1);
	/* No code of the compiler's may use a vector between: the loads and stores are in one go. */
	for (unsigned reg = 0; reg < 32; reg++) {
		fpu_load_zmm((reg + 1) & 31, in[(reg + 1) & 31]);
		fpu_load_zmm(reg, in[reg]);
		fpu_store_zmm(reg, out);
		for (unsigned i = 0; i < 8; i++)
			assert_true(out[i] == in[reg][i]);
		fpu_load_zmm(reg, in[reg]);
		fpu_load_zmm((reg + 1) & 31, in[(reg + 1) & 31]);
		fpu_store_zmm(reg, out);
		for (unsigned i = 0; i < 8; i++)
			assert_true(out[i] == in[reg][i]);
	}
	asm volatile("vzeroupper");
}

/* All eight, 2 bytes or 8 of each and no more; a register keeps its value. */
static void test_masks(void **state)
{
	(void)state;
	if (!__builtin_cpu_supports("avx512bw"))
		skip();
	for (unsigned reg = 0; reg < 8; reg++) {
		uint64_t out[2] = {0};

#define SET(n) asm volatile("kmovq %0, %%k" #n : : "r"(0x0101010101010101ULL * (n + 0x81)))
		SET(0);
		SET(1);
		SET(2);
		SET(3);
		SET(4);
		SET(5);
		SET(6);
		SET(7);
		fpu_store_mask16(reg, out);
		assert_true(out[0] == 0x101 * (reg + 0x81ULL) && out[1] == 0);
		fpu_store_mask64(reg, out);
		assert_true(out[0] == 0x0101010101010101 * (reg + 0x81ULL) && out[1] == 0);
	}
}

/* Each of the eight by both of its numbers, and no other; a status without an exception. */
static void test_mmx(void **state)
{
	(void)state;
	for (unsigned reg = 0; reg < 16; reg++) {
		uint64_t value = 0x1122334455667788ULL * (reg + 1), got[2] = {0}, other = 0;

		for (unsigned i = 0; i < 8; i++)
			fpu_load_mm(i, &(uint64_t){i + 1});
		fpu_load_mm(reg, &value);
		fpu_store_mm(reg & 7, got);
		fpu_store_mm((reg + 1) & 7, &other);
		asm volatile("emms");
		assert_true(got[0] == value && got[1] == 0);
		assert_int_equal(other, ((reg + 1) & 7) + 1);
	}
	assert_int_equal(fpu_x87_status() & 0xff, 0);
	/* 1/0 with its exception unmasked is pending until the next instruction that waits. */
	asm volatile("fnclex; fldcw %0; fldz; fld1; fdivp" : : "m"((uint16_t){0x37b}));
	assert_true(fpu_x87_status() & 1 << 7);
	asm volatile("fnclex; fninit");
}

static void test_xcr0(void **state)
{
	(void)state;
	skip_without_avx();
	assert_int_equal(fpu_xcr0() & 7, 7);
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
		cmocka_unit_test(test_zmm),   cmocka_unit_test(test_mmx),
		cmocka_unit_test(test_xcr0),  cmocka_unit_test(test_xsave),
		cmocka_unit_test(test_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
