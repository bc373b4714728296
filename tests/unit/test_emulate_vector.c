/* SPDX-License-Identifier: BSD-2-Clause */
/* The moves of one half of a vector: where the other half comes from, and which encodings there are. */
/* sources: vmm/emulate.c vmm/emulate_alu.c vmm/emulate_bit.c vmm/emulate_cr.c vmm/emulate_exchange.c
 * vmm/emulate_flags.c vmm/emulate_memory.c vmm/emulate_move.c vmm/emulate_muldiv.c
 * vmm/emulate_operand.c vmm/emulate_port.c vmm/emulate_segment.c vmm/emulate_stack.c
 * vmm/emulate_string.c vmm/emulate_string_side.c vmm/emulate_system.c vmm/segment_load.c
 * vmm/emulate_vector.c vmm/guest_mem.c vmm/insn_cache.c vmm/insn_decode.c vmm/insn_fetch.c
 * vmm/insn_length.c vmm/insn_map_0f.c vmm/insn_map_group.c vmm/insn_map_one.c vmm/insn_modrm.c
 * vmm/insn_operand.c vmm/insn_vex.c vmm/walk.c tests/unit/emulate_machine.c
 * tests/unit/fpu_regs_fake.c tests/unit/guest_record.c */
#include "tests/unit/emulate_case.h"
#include "tests/unit/fpu_regs_fake.h"

enum { DEVICE_AT = 0x1008, CODE_MAX = 6 };

static const uint64_t in_device = 0x1122334455667788;

/* Element n of register r holds r in the upper half and n in the lower. */
static uint64_t element(unsigned reg, unsigned n)
{
	return (uint64_t)reg << 32 | n;
}

static void fill(void)
{
	for (unsigned reg = 0; reg < 32; reg++)
		for (unsigned n = 0; n < 8; n++)
			fake_vectors[reg][n] = element(reg, n);
	machine_put(&machine, DEVICE_AT, &in_device, sizeof(in_device));
	machine_reset_frame(&machine);
	GPR(RBX) = MACHINE_DATA + DEVICE_AT;
}

/* The half that is loaded, and the other one, which is that of `other`. */
static void assert_loaded(unsigned reg, unsigned other, bool high)
{
	assert_true(fake_vectors[reg][high] == in_device);
	assert_true(fake_vectors[reg][!high] == element(other, !high));
}

static void test_loads(void **state)
{
	static const struct {
		char code[CODE_MAX];
		uint8_t reg, other;
		bool high, vex;
	} cases[] = {
		{"\xc5\xf0\x12\x03", 0, 1, false, true},       /* vmovlps xmm0, xmm1, [rbx] */
		{"\xc5\xe9\x16\x13", 2, 2, true, true},	       /* vmovhpd xmm2, xmm2, [rbx] */
		{"\xc4\x61\x31\x12\x03", 8, 9, false, true},   /* vmovlpd xmm8, xmm9, [rbx] */
		{"\xc5\x20\x16\x3b", 15, 11, true, true},      /* vmovhps xmm15, xmm11, [rbx] */
		{"\xc5\xf8\x16\x0b", 1, 0, true, true},	       /* vmovhps xmm1, xmm0, [rbx] */
		{"\x0f\x12\x1b", 3, 3, false, false},	       /* movlps xmm3, [rbx] */
		{"\x66\x44\x0f\x16\x2b", 13, 13, true, false}, /* movhpd xmm13, [rbx] */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned reg = cases[i].reg;

		fill();
		machine_set_code(&machine, cases[i].code, CODE_MAX);
		assert_int_equal(machine_step(&machine), EMULATE_DONE);
		assert_loaded(reg, cases[i].other, cases[i].high);
		for (unsigned n = 2; n < 8; n++)
			assert_true(fake_vectors[reg][n] == (cases[i].vex ? 0 : element(reg, n)));
	}
}

/* Outside 64-bit mode there are eight registers: the highest bit of VEX.vvvv is ignored. */
static void test_load_32(void **state)
{
	(void)state;
	fill();
	machine_set_mode(&machine, INSN_MODE_32, true);
	GPR(RBX) = MACHINE_DEVICE + DEVICE_AT;
	CODE("\xc4\xe1\x30\x12\x03"); /* vmovlps xmm0, xmm1, [ebx] */
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_loaded(0, 1, false);
}

static void test_stores(void **state)
{
	uint64_t stored;

	(void)state;
	fill();
	CODE("\xc5\xf8\x13\x23\xc5\xf9\x17\x2b"); /* vmovlps [rbx], xmm4; vmovhpd [rbx], xmm5 */
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	machine_get(&machine, DEVICE_AT, &stored, sizeof(stored));
	assert_true(stored == element(4, 0));
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	machine_get(&machine, DEVICE_AT, &stored, sizeof(stored));
	assert_true(stored == element(5, 1));
}

/* A move of two operands names no third one. */
static void test_no_third_operand(void **state)
{
	static const char code[][CODE_MAX] = {
		"\xc5\xf0\x13\x03", /* vmovlps [rbx], xmm0 */
		"\xc5\xf1\x17\x03", /* vmovhpd [rbx], xmm0 */
		"\xc5\xf0\x10\x03", /* vmovups xmm0, [rbx] */
		"\xc5\xf2\x10\x03", /* vmovss xmm0, [rbx] */
		"\xc5\xf1\x6e\x03", /* vmovd xmm0, [rbx] */
	};

	(void)state;
	fill();
	for (size_t i = 0; i < ARRAY_SIZE(code); i++) {
		machine_set_code(&machine, code[i], CODE_MAX);
		assert_fault(machine_step(&machine), VECTOR_UD, 0);
	}
	assert_int_equal(machine.reads + machine.writes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_loads),
		CASE(test_load_32),
		CASE(test_stores),
		CASE(test_no_third_operand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
