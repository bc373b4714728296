/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an exit leads to: the short cut and its conditions, bytes that do not fit the exit, accesses that
 * fail or race, and control registers.
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
#include "vmm/emulate_cr.h"

/* What an exit of the device page at `offset` of the window reports. */
static void exit_at(unsigned offset, bool write)
{
	FRAME->reason = EXIT_MMIO;
	FRAME->mmio = (struct frame_mmio){
		.gpa = MACHINE_DEVICE + (uint64_t)offset,
		.access = write ? MMIO_WRITE : 0,
	};
}

/* Bytes that cannot have caused the exit are run by the guest again, not by us. */
static void test_mismatch_restarts(void **state)
{
	static const struct {
		enum exit_reason reason;
		const char *code;
	} cases[] = {
		{EXIT_MMIO, "\xee"},	      /* out dx, al */
		{EXIT_MMIO, "\xf3\x6e"},      /* rep outsb */
		{EXIT_IO_STRING, "\x89\x03"}, /* mov [rbx], eax */
		{EXIT_IO_STRING, "\xee"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		machine_set_code(&machine, cases[i].code, 2);
		exit_at(0x1000, true);
		FRAME->reason = cases[i].reason;
		assert_int_equal(emulate_exit(&machine.e), EMULATE_RESTART);
		assert_int_equal(machine.e.changed, 0);
		assert_int_equal(machine.e.skip, 0);
	}
	assert_int_equal(machine.port_calls + machine.writes, 0);
}

static void test_unsupported(void **state)
{
	(void)state;
	CODE("\x0f\xae\x03"); /* fxsave [rbx] */
	exit_at(0x1000, true);
	assert_int_equal(emulate_exit(&machine.e), EMULATE_UNSUPPORTED);
	CODE("\x8b\x03");
	machine.refuse = true;
	GPR(RBX) = MACHINE_DATA + 0x1000;
	exit_at(0x1000, false);
	assert_int_equal(emulate_exit(&machine.e), EMULATE_UNSUPPORTED);
}

/* No byte that decided something is read twice. */
static void test_nothing_read_twice(void **state)
{
	static const char codes[][5] = {
		"\x8b\x03", "\x01\x03", "\xf0\x01\x03", "\x87\x03",	"\x0f\xb1\x0b", "\xa5",
		"\xff\x33", "\x8f\x03", "\x0f\xc7\x0b", "\x0f\x10\x03", "\x0f\xbb\x0b", "\xff\x13",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		machine_reset_frame(&machine);
		machine_set_code(&machine, codes[i], 4);
		GPR(RBX) = MACHINE_DATA + 0x100;
		GPR(RSI) = MACHINE_DATA + 0x200;
		GPR(RDI) = MACHINE_DATA + 0x300;
		GPR(RSP) = MACHINE_DATA + 0x400;
		memset(machine.ram + MACHINE_RAM_DATA, 0, 0x800);
		machine_step(&machine); /* sets the A and D bits */
		machine_reset_frame(&machine);
		GPR(RBX) = MACHINE_DATA + 0x100;
		GPR(RSI) = MACHINE_DATA + 0x200;
		GPR(RDI) = MACHINE_DATA + 0x300;
		GPR(RSP) = MACHINE_DATA + 0x400;
		guest_record_reset();
		assert_int_equal(machine_step(&machine), EMULATE_DONE);
		/* the page tables serve several addresses; what they lead to is read once */
		for (unsigned gpa = MACHINE_RAM_CODE; gpa < MACHINE_RAM; gpa++)
			assert_true(guest_record.reads[gpa] <= 1);
	}
}

/* A locked instruction on RAM that another vCPU changes in between starts again; memory is theirs. */
static void test_locked_race(void **state)
{
	uint64_t value = 0x1111;

	(void)state;
	CODE("\xf0\x48\x01\x03");
	GPR(RBX) = MACHINE_DATA + 0x100;
	GPR(RAX) = 1;
	machine_put(&machine, 0x100, &value, 8);
	guest_record.mutate = true;
	guest_record.mutate_from = MACHINE_RAM_DATA;
	assert_int_equal(machine_step(&machine), EMULATE_RESTART);
	assert_int_equal(machine.e.changed, 0);
	assert_true(FRAME->rip == MACHINE_CODE);
	machine_get(&machine, 0x100, &value, 8);
	assert_true(value == ~0x1111ULL);
	guest_record.mutate = false;
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	machine_get(&machine, 0x100, &value, 8);
	assert_true(value == ~0x1111ULL + 1);
}

/* Every access of a run refused in turn: never a crash, never a half-changed register file. */
static void test_failing_accesses(void **state)
{
	static const char codes[][5] = {"\x01\x03", "\xf0\x01\x03", "\xa5",	   "\xff\x33",
					"\x8f\x03", "\x0f\xc7\x0b", "\x0f\x11\x03"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		bool refused = true;

		for (unsigned n = 1; refused && n < 100; n++) {
			uint64_t before[GPR_COUNT];
			enum emulate_result result;

			machine_reset_frame(&machine);
			machine_set_code(&machine, codes[i], 4);
			GPR(RBX) = MACHINE_DATA + 0x100;
			GPR(RSI) = MACHINE_DATA + 0x200;
			GPR(RDI) = MACHINE_DATA + 0x300;
			GPR(RSP) = MACHINE_DATA + 0x400;
			memcpy(before, FRAME->gpr, sizeof(before));
			guest_record_reset();
			guest_record.fail_at = n;
			result = machine_step(&machine);
			refused = guest_record.accesses >= n;
			if (!refused)
				assert_int_equal(result, EMULATE_DONE);
			else if (result != EMULATE_DONE)
				assert_memory_equal(before, FRAME->gpr, sizeof(before));
		}
		assert_false(refused);
	}
}

/* MOV CR, CLTS, LMSW and SMSW: what they mean, and that the exit must agree. */
static enum emulate_result cr_begin(const char *code, unsigned cr, bool write,
				    struct emulate_cr *access)
{
	machine_set_code(&machine, code, 4);
	FRAME->reason = EXIT_CR;
	FRAME->cr = (struct frame_cr){.cr = cr, .write = write};
	assert_int_equal(emulate_fetch(&machine.e), EMULATE_DONE);
	return emulate_cr_begin(&machine.e, access);
}

static void test_cr(void **state)
{
	struct emulate_cr access;

	(void)state;
	GPR(RAX) = 0x123456789;
	assert_int_equal(cr_begin("\x0f\x22\xd8", 3, true, &access), EMULATE_DONE);
	assert_true(access.cr == 3 && access.write && access.value == 0x123456789);
	assert_int_equal(emulate_cr_end(&machine.e, &access, 0), EMULATE_DONE);
	assert_int_equal(machine.e.skip, 3);
	assert_int_equal(machine.e.changed, 0);
	assert_int_equal(cr_begin("\x0f\x20\xe1", 4, false, &access), EMULATE_DONE);
	assert_int_equal(emulate_cr_end(&machine.e, &access, 0x7a0), EMULATE_DONE);
	assert_int_equal(GPR(RCX), 0x7a0);
	assert_int_equal(cr_begin("\x0f\x22\xd8", 4, true, &access), EMULATE_RESTART);
	assert_int_equal(cr_begin("\x0f\x22\xd8", 3, false, &access), EMULATE_RESTART);
	assert_int_equal(cr_begin("\x90\x90\x90", 3, false, &access), EMULATE_RESTART);
	FRAME->control.cr0 |= CR0_TS;
	assert_int_equal(cr_begin("\x0f\x06\x90", 0, true, &access), EMULATE_DONE);
	assert_true(access.value == (FRAME->control.cr0 & ~(uint64_t)CR0_TS));
	GPR(RBX) = 0xfff0; /* lmsw bx: cannot clear PE */
	assert_int_equal(cr_begin("\x0f\x01\xf3", 0, true, &access), EMULATE_DONE);
	assert_true((access.value & 0xf) == CR0_PE);
	FRAME->control.cpl = 3;
	assert_int_equal(cr_begin("\x0f\x22\xd8", 3, true, &access), EMULATE_FAULT);
	assert_int_equal(FRAME->event.vector, VECTOR_GP);
	assert_int_equal(cr_begin("\x0f\x01\xe3", 0, false, &access), EMULATE_DONE); /* smsw ebx */
	assert_int_equal(emulate_cr_end(&machine.e, &access, 0x8005003b), EMULATE_DONE);
	assert_int_equal(GPR(RBX), 0x8005003b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_mismatch_restarts),  CASE(test_unsupported),
		CASE(test_nothing_read_twice), CASE(test_locked_race),
		CASE(test_failing_accesses),   CASE(test_cr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
