/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fetching instructions: across pages, at segment limits, their length, and the cache.
 */
/* sources: vmm/emulate.c vmm/emulate_alu.c vmm/emulate_bit.c vmm/emulate_cr.c vmm/emulate_exchange.c
 * vmm/emulate_flags.c vmm/emulate_memory.c vmm/emulate_move.c vmm/emulate_muldiv.c
 * vmm/emulate_operand.c vmm/emulate_port.c vmm/emulate_segment.c vmm/emulate_stack.c
 * vmm/emulate_string.c vmm/emulate_string_side.c vmm/emulate_system.c vmm/segment_load.c
 * vmm/emulate_vector.c vmm/guest_mem.c vmm/insn_cache.c
 * vmm/insn_decode.c vmm/insn_fetch.c vmm/insn_length.c vmm/insn_map_0f.c vmm/insn_map_group.c
 * vmm/insn_map_one.c vmm/insn_modrm.c vmm/insn_operand.c vmm/insn_vex.c vmm/walk.c
 * tests/unit/emulate_machine.c tests/unit/fpu_regs_fake.c tests/unit/guest_record.c */
#include "tests/unit/emulate_case.h"

/* Fetch across a page: the second is needed only if the instruction goes on there. */
static void test_fetch_crossing(void **state)
{
	uint64_t *second = machine_entry(&machine,
					 0); /* any entry of the same table will do to find it */
	uint64_t *code = second - ((MACHINE_DATA - MACHINE_CODE) >> 12) + 1;

	(void)state;
	memcpy(machine.ram + MACHINE_RAM_CODE + 0xffe, "\x8b\x03\x8b\x43\x10", 5);
	GPR(RBX) = MACHINE_DATA + 0x1000;
	*code = 0;
	FRAME->rip = MACHINE_CODE + 0xffe;
	assert_int_equal(machine_step(&machine), EMULATE_DONE); /* two bytes, and they are there */
	memcpy(machine.ram + MACHINE_RAM_CODE + 0xffe, "\x8b\x43\x10", 3);
	FRAME->rip = MACHINE_CODE + 0xffe;
	assert_fault(machine_step(&machine), VECTOR_PF, FAULT_FETCH);
	assert_true(FRAME->event.cr2 == MACHINE_CODE + 0x1000);
	*code = (MACHINE_RAM_CODE + 0x1000) | 7;
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	*code = MACHINE_DEVICE | 7;
	FRAME->rip = MACHINE_CODE + 0xffe;
	assert_int_equal(machine_step(&machine), EMULATE_UNSUPPORTED);
}

/* The segment ends before the instruction does: #GP, and nothing behind the limit is read. */
static void test_fetch_limit(void **state)
{
	(void)state;
	machine_set_mode(&machine, INSN_MODE_32, true);
	CODE("\x8b\x43\x10");
	GPR(RBX) = MACHINE_RAM_DATA;
	FRAME->seg[SEG_CS].limit = MACHINE_RAM_CODE + 1;
	assert_fault(machine_step(&machine), VECTOR_GP, 0);
	assert_int_equal(guest_record.reads[MACHINE_RAM_CODE + 2], 0);
	FRAME->seg[SEG_CS].limit = MACHINE_RAM_CODE + 2;
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
}

static void test_fetch_length(void **state)
{
	struct walk_context context;
	struct frame_event event;
	enum insn_op op;
	unsigned length;

	(void)state;
	walk_context_init(&context, FRAME, machine.e.cpu);
	CODE("\x0f\xa2");
	assert_int_equal(insn_fetch_length(FRAME, &context, &length, &op, &event), FETCH_OK);
	assert_int_equal(length, 2);
	assert_int_equal(op, INSN_CPUID);
	CODE("\x66\x66\x2e\xf3\x48\x0f\xa2");
	for (int i = 0; i < 2; i++) { /* the second time out of the cache */
		assert_int_equal(insn_fetch_length(FRAME, &context, &length, &op, &event), FETCH_OK);
		assert_int_equal(length, 7);
		assert_int_equal(op, INSN_CPUID);
	}
	CODE("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f\xa2");
	assert_int_equal(insn_fetch_length(FRAME, &context, &length, &op, &event), FETCH_FAULT);
	assert_int_equal(event.vector, VECTOR_GP);
}

/* The cache gives back what the bytes say, whatever was at that address before, in the mode of now. */
static void test_cache_follows_bytes_and_mode(void **state)
{
	(void)state;
	GPR(RBX) = MACHINE_DATA + 0x1000;
	for (int i = 0; i < 3; i++) {
		FRAME->rip = MACHINE_CODE;
		CODE("\x8b\x03");
		assert_int_equal(emulate_fetch(&machine.e), EMULATE_DONE);
		assert_int_equal(machine.e.insn.reg, GPR_RAX);
		CODE("\x8b\x0b");
		assert_int_equal(emulate_fetch(&machine.e), EMULATE_DONE);
		assert_int_equal(machine.e.insn.reg, GPR_RCX);
	}
	CODE("\x48\x8b\x03");
	assert_int_equal(emulate_fetch(&machine.e), EMULATE_DONE);
	assert_int_equal(machine.e.insn.length, 3);
	FRAME->seg[SEG_CS].attributes = 0xb | SEG_ATTR_S | SEG_ATTR_P | SEG_ATTR_DB;
	assert_int_equal(emulate_fetch(&machine.e), EMULATE_DONE);
	assert_int_equal(machine.e.insn.length, 1); /* dec eax */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_fetch_crossing),
		CASE(test_fetch_limit),
		CASE(test_fetch_length),
		CASE(test_cache_follows_bytes_and_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
