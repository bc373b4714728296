/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * String and port instructions: bounded and resumable runs, faults in their middle, bulk port
 * transfers, and ports that must be the ones of the exit.
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

/* rep movsb of 10000 bytes out of a device: 4096 a call, registers moved on, RIP not. */
static void test_rep_is_bounded(void **state)
{
	(void)state;
	CODE("\xf3\xa4");
	GPR(RSI) = MACHINE_DATA + 0x1000;
	GPR(RDI) = MACHINE_DATA + 0x2000;
	GPR(RCX) = 5000;
	assert_int_equal(machine_step(&machine), EMULATE_RESTART);
	assert_int_equal(GPR(RCX), 5000 - 4096);
	assert_true(GPR(RSI) == MACHINE_DATA + 0x2000ULL);
	assert_true(FRAME->rip == MACHINE_CODE);
	assert_int_equal(machine.e.changed, GROUP_GPR | GROUP_IP);
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_int_equal(GPR(RCX), 0);
	assert_true(FRAME->rip == MACHINE_CODE + 2);
}

/* A fault in the middle: what was done stays done, and comes first; the fault is the next run's. */
static void test_rep_fault_midway(void **state)
{
	(void)state;
	CODE("\xf3\xab"); /* rep stosd */
	GPR(RDI) = MACHINE_DATA + 0x1ff0;
	GPR(RCX) = 8;
	*machine_entry(&machine, 2) = 0;
	assert_int_equal(machine_step(&machine), EMULATE_RESTART);
	assert_int_equal(GPR(RCX), 4);
	assert_int_equal(machine.e.changed, GROUP_GPR | GROUP_IP);
	assert_fault(machine_step(&machine), VECTOR_PF, 2);
	assert_int_equal(GPR(RCX), 4);
}

/* With 16-bit addresses a run goes round its segment, in either direction. */
static void test_rep_wraps(void **state)
{
	static const char expected[] = {1, 1, 1, 0};

	(void)state;
	machine_set_mode(&machine, INSN_MODE_16, false);
	CODE("\xf3\xaa"); /* rep stosb */
	FRAME->seg[SEG_ES].base = MACHINE_RAM_DATA;
	for (int down = 0; down < 2; down++) {
		memset(machine.ram + MACHINE_RAM_DATA, 0, 0x10000);
		FRAME->rip = 0;
		FRAME->rflags = RFLAGS_ONE | (down ? RFLAGS_DF : 0);
		GPR(RAX) = 1;
		GPR(RCX) = 5;
		GPR(RDI) = down ? 2 : 0xfffe;
		assert_int_equal(machine_step(&machine), EMULATE_DONE);
		assert_memory_equal(machine.ram + MACHINE_RAM_DATA, expected, 4);
		assert_int_equal(machine.ram[MACHINE_RAM_DATA + 0xfffd], 0);
		assert_int_equal(machine.ram[MACHINE_RAM_DATA + 0xfffe], 1);
		assert_int_equal(machine.ram[MACHINE_RAM_DATA + 0xffff], 1);
		assert_int_equal(machine.ram[MACHINE_RAM_DATA + 0x10000], 0);
		assert_true(GPR(RDI) == (down ? 0xfffd : 3));
	}
}

static void test_rep_zero(void **state)
{
	(void)state;
	CODE("\xf3\xab");
	GPR(RDI) = 1ULL << 60; /* not looked at */
	GPR(RCX) = 0;
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_int_equal(machine.writes, 0);
}

/* A single step traps after each iteration: the last one is the instruction's own. */
static void test_rep_is_stepped(void **state)
{
	(void)state;
	CODE("\xf3\xa4"); /* rep movsb */
	FRAME->rflags |= RFLAGS_TF;
	GPR(RSI) = MACHINE_DATA + 0x1000;
	GPR(RDI) = MACHINE_DATA + 0x2000;
	GPR(RCX) = 2;
	assert_int_equal(machine_step(&machine), EMULATE_RESTART);
	assert_int_equal(machine.e.changed, GROUP_GPR | GROUP_IP | GROUP_STEP);
	assert_int_equal(GPR(RCX), 1);
	assert_true(FRAME->rip == MACHINE_CODE);
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_int_equal(machine.e.changed, GROUP_GPR);
	assert_int_equal(GPR(RCX), 0);
}

static void string_exit(unsigned size, bool in)
{
	FRAME->reason = EXIT_IO_STRING;
	FRAME->io = (struct frame_io){.port = 0x3f8, .size = (uint8_t)size, .in = in, .rep = 1};
	GPR(RDX) = 0x3f8;
}

/* rep outsb of a page across two pages of RAM and device: one call to the port. */
static void test_outs_in_one_call(void **state)
{
	uint8_t data[4096];

	(void)state;
	CODE("\xf3\x6e");
	string_exit(1, false);
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	machine_put(&machine, 0x800, data, sizeof(data));
	GPR(RSI) = MACHINE_DATA + 0x800;
	GPR(RCX) = 4096;
	assert_int_equal(emulate_exit(&machine.e), EMULATE_DONE);
	assert_int_equal(machine.port_calls, 1);
	assert_int_equal(machine.port_count, 4096);
	assert_memory_equal(machine.port_data, data, sizeof(data));
	assert_int_equal(GPR(RCX), 0);
	assert_int_equal(machine.e.skip, 2);
}

static void test_ports_are_stepped(void **state)
{
	(void)state;
	for (unsigned in = 0; in < 2; in++) {
		machine_set_code(&machine, in ? "\xf3\x6c" : "\xf3\x6e", 2); /* rep insb, rep outsb */
		string_exit(1, in);
		FRAME->rflags |= RFLAGS_TF;
		GPR(RSI) = GPR(RDI) = MACHINE_DATA + 0x2000;
		GPR(RCX) = 2;
		assert_int_equal(emulate_exit(&machine.e), EMULATE_RESTART);
		assert_int_equal(machine.e.changed, GROUP_GPR | GROUP_IP | GROUP_STEP);
		assert_int_equal(GPR(RCX), 1);
		assert_int_equal(emulate_exit(&machine.e), EMULATE_DONE);
		assert_int_equal(GPR(RCX), 0);
	}
}

static void set_segment(unsigned segment, unsigned type, uint32_t limit)
{
	FRAME->seg[segment] = (struct seg){
		.attributes = (uint16_t)(type | SEG_ATTR_S | SEG_ATTR_P | SEG_ATTR_DB),
		.limit = limit,
		.base = MACHINE_RAM_DATA,
	};
}

/* #GP(0). Registers may be told again as they are. */
static void assert_gp(enum emulate_result result)
{
	assert_int_equal(result, EMULATE_FAULT);
	assert_int_equal(machine.e.changed | GROUP_GPR, GROUP_EVENT | GROUP_GPR);
	assert_int_equal(FRAME->event.vector, VECTOR_GP);
	assert_int_equal(FRAME->event.error, 0);
}

/* Eight bytes, of which so many are within the segment; they are done before it faults. */
static void check_limit(bool in, unsigned type, uint32_t limit, unsigned done)
{
	machine_set_code(&machine, in ? "\xf3\x6c" : "\xf3\x6e", 2);
	machine_set_mode(&machine, INSN_MODE_32, true);
	string_exit(1, in);
	set_segment(in ? SEG_ES : SEG_DS, type, limit);
	GPR(RSI) = GPR(RDI) = 0;
	GPR(RCX) = 8;
	if (done)
		assert_int_equal(emulate_exit(&machine.e), EMULATE_RESTART);
	machine.e.changed = 0; /* each exit's own */
	assert_gp(emulate_exit(&machine.e));
	assert_int_equal(GPR(RCX), 8 - done);
	assert_int_equal(in ? GPR(RDI) : GPR(RSI), done);
}

/* THREATS A22: INS and OUTS beyond a segment's limit, into one that is read-only or is none. */
static void test_string_segment_limits(void **state)
{
	(void)state;
	for (unsigned in = 0; in < 2; in++) {
		check_limit(in, 3, 4, 5);
		check_limit(in, 7, 0xfff, 0); /* expand-down: what is above */
		FRAME->seg[in ? SEG_ES : SEG_DS].attributes = SEG_ATTR_UNUSABLE;
		machine.e.changed = 0;
		assert_gp(emulate_exit(&machine.e));
	}
	check_limit(true, 1, 0xffff, 0);
}

/*
 * A breakpoint on an instruction that goes on is not met again: RF is set until it ends, though the exit has
 * it as 0 (SDM 3C "Saving RIP, RSP, RFLAGS, and SSP").
 */
static void test_rest_meets_no_breakpoint(void **state)
{
	(void)state;
	for (unsigned in = 0; in < 2; in++) {
		machine_reset_frame(&machine);
		machine_set_code(&machine, in ? "\xf3\x6c" : "\xf3\x6e", 2);
		string_exit(1, in);
		GPR(RSI) = GPR(RDI) = MACHINE_DATA;
		GPR(RCX) = 5000;
		FRAME->shadow = SHADOW_STI;
		assert_int_equal(emulate_exit(&machine.e), EMULATE_RESTART);
		assert_int_equal(GPR(RCX), 5000 - 4096);
		assert_int_equal(machine.e.changed, GROUP_GPR | GROUP_IP);
		assert_int_equal(FRAME->rflags, RFLAGS_ONE | RFLAGS_RF);
		assert_int_equal(FRAME->shadow, SHADOW_STI);
		FRAME->rflags = RFLAGS_ONE;
		assert_int_equal(emulate_exit(&machine.e), EMULATE_DONE);
		assert_int_equal(machine.e.changed, GROUP_GPR);
		assert_int_equal(FRAME->rflags, RFLAGS_ONE);
	}
}

/* rep outsw downwards, 3000 words: 2048 a call. */
static void test_outs_backwards(void **state)
{
	(void)state;
	CODE("\x66\xf3\x6f");
	string_exit(2, false);
	FRAME->rflags |= RFLAGS_DF;
	machine_put(&machine, 0x4ffe, "\x34\x12", 2);
	machine_put(&machine, 0x4ffc, "\x78\x56", 2);
	GPR(RSI) = MACHINE_DATA + 0x4ffe;
	GPR(RCX) = 3000;
	assert_int_equal(emulate_exit(&machine.e), EMULATE_RESTART);
	assert_memory_equal(machine.port_data, "\x34\x12\x78\x56", 4);
	assert_int_equal(GPR(RCX), 3000 - 2048);
	assert_int_equal(emulate_exit(&machine.e), EMULATE_DONE);
	assert_true(GPR(RSI) == MACHINE_DATA + 0x4ffeULL - 6000);
}

/* rep insb: the page is known to be writable before the device gives up its data. */
static void test_ins_checks_first(void **state)
{
	(void)state;
	CODE("\xf3\x6c");
	string_exit(1, true);
	memcpy(machine.port_data, "hello", 5);
	GPR(RDI) = MACHINE_DATA + 0x10;
	GPR(RCX) = 5;
	*machine_entry(&machine, 0) &= ~2ULL;
	assert_fault(emulate_exit(&machine.e), VECTOR_PF, 3);
	assert_int_equal(machine.port_calls, 0);
	*machine_entry(&machine, 0) |= 2;
	assert_int_equal(emulate_exit(&machine.e), EMULATE_DONE);
	assert_memory_equal(machine.ram + MACHINE_RAM_DATA + 0x10, "hello", 5);
}

/* The port, size and direction that the hardware let pass, and no other. */
static void test_port_must_match(void **state)
{
	(void)state;
	CODE("\xf3\x6e");
	string_exit(4, false);
	assert_int_equal(emulate_exit(&machine.e), EMULATE_RESTART);
	string_exit(1, true);
	assert_int_equal(emulate_exit(&machine.e), EMULATE_RESTART);
	string_exit(1, false);
	GPR(RDX) = 0x3f9;
	assert_int_equal(emulate_exit(&machine.e), EMULATE_RESTART);
	assert_int_equal(machine.port_calls, 0);
}

static void test_in_out(void **state)
{
	(void)state;
	CODE("\xe4\x60"); /* in al, 60h */
	FRAME->reason = EXIT_IO;
	FRAME->io = (struct frame_io){.port = 0x60, .size = 1, .in = 1};
	machine.port_data[0] = 0xab;
	GPR(RAX) = 0x1122334455667788;
	assert_int_equal(emulate_exit(&machine.e), EMULATE_DONE);
	assert_true(GPR(RAX) == 0x11223344556677ab);
	assert_int_equal(machine.e.skip, 2);
}

/* What cannot go on after some iterations has done these; what has done none leaves no trace. */
static void test_unsupported_midway(void **state)
{
	(void)state;
	CODE("\xf3\xa4"); /* rep movsb into a device, whose tables end in no RAM behind the first page */
	GPR(RSI) = MACHINE_DATA + 0x2ff8;
	GPR(RDI) = MACHINE_DATA + 0x1000;
	GPR(RCX) = 16;
	machine.device[0x3000] = 1;
	*machine_entry(&machine, 3) = 0x90000000 | 7;
	assert_int_equal(machine_step(&machine), EMULATE_RESTART);
	assert_int_equal(GPR(RCX), 8);
	assert_int_equal(machine.e.changed, GROUP_GPR | GROUP_IP);
	assert_int_equal(machine.writes, 8);
	assert_int_equal(machine_step(&machine), EMULATE_UNSUPPORTED);
	assert_int_equal(machine.e.changed, 0);
	assert_int_equal(machine.writes, 8);
}

static void test_outs_of_device(void **state)
{
	(void)state;
	CODE("\xf3\x6e");
	string_exit(1, false);
	memcpy(machine.device + 0x1ffd, "abc", 3);
	memcpy(machine.ram + MACHINE_RAM_DATA + 0x2000, "def", 3);
	GPR(RSI) = MACHINE_DATA + 0x1ffd;
	GPR(RCX) = 6;
	assert_int_equal(emulate_exit(&machine.e), EMULATE_DONE);
	assert_memory_equal(machine.port_data, "abcdef", 6);
	assert_int_equal(machine.port_calls, 1);
	assert_int_equal(machine.reads, 3);
}

static void test_ins_into_device(void **state)
{
	(void)state;
	CODE("\x66\xf3\x6d");
	string_exit(2, true);
	memcpy(machine.port_data, "\x01\x02\x03\x04\x05\x06", 6);
	GPR(RDI) = MACHINE_DATA + 0x1000;
	GPR(RCX) = 3;
	assert_int_equal(emulate_exit(&machine.e), EMULATE_DONE);
	assert_memory_equal(machine.device + 0x1000, "\x01\x02\x03\x04\x05\x06", 6);
	assert_int_equal(machine.writes, 3);
	FRAME->rflags |= RFLAGS_DF; /* downwards one by one, in RAM */
	machine.port_count = 0;
	GPR(RDI) = MACHINE_DATA + 0x104;
	GPR(RCX) = 3;
	assert_int_equal(emulate_exit(&machine.e), EMULATE_DONE);
	assert_memory_equal(machine.ram + MACHINE_RAM_DATA + 0x100, "\x05\x06\x03\x04\x01\x02", 6);
}

/* A device that refuses: nothing has moved, and the next try is the same. */
static void test_ports_refused(void **state)
{
	static const struct {
		const char *code;
		unsigned size;
		bool in, string;
	} cases[] = {
		{"\xf3\x6e\x90", 1, false, true},
		{"\xf3\x6c\x90", 1, true, true},
		{"\x66\xef\x90", 2, false, false},
		{"\xec\x90\x90", 1, true, false},
	};

	(void)state;
	machine.refuse = true;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		machine_reset_frame(&machine);
		machine_set_code(&machine, cases[i].code, 3);
		string_exit(cases[i].size, cases[i].in);
		FRAME->reason = cases[i].string ? EXIT_IO_STRING : EXIT_IO;
		GPR(RSI) = GPR(RDI) = MACHINE_DATA;
		GPR(RCX) = 5;
		assert_int_equal(emulate_exit(&machine.e), EMULATE_UNSUPPORTED);
		assert_int_equal(machine.e.changed, 0);
		assert_true(GPR(RSI) == MACHINE_DATA && GPR(RDI) == MACHINE_DATA);
		assert_int_equal(GPR(RCX), 5);
	}
}

/* A fault before the first element touches no register, whatever the address size cuts off. */
static void test_outs_fault_leaves_the_count(void **state)
{
	(void)state;
	CODE("\x67\xf3\x6e");
	string_exit(1, false);
	GPR(RSI) = MACHINE_DATA;
	GPR(RCX) = 0x500000005;
	*machine_entry(&machine, 0) = 0;
	assert_fault(emulate_exit(&machine.e), VECTOR_PF, 0);
	assert_true(GPR(RCX) == 0x500000005);
	assert_int_equal(machine.port_calls, 0);
}

static void test_out(void **state)
{
	(void)state;
	CODE("\x66\xe7\x60"); /* out 60h, ax */
	FRAME->reason = EXIT_IO;
	FRAME->io = (struct frame_io){.port = 0x60, .size = 2};
	GPR(RAX) = 0x12345678;
	assert_int_equal(emulate_exit(&machine.e), EMULATE_DONE);
	assert_memory_equal(machine.port_data, "\x78\x56", 2);
	FRAME->io.port = 0x61;
	assert_int_equal(emulate_exit(&machine.e), EMULATE_RESTART);
	FRAME->io = (struct frame_io){.port = 0x60, .size = 2, .in = 1};
	assert_int_equal(emulate_exit(&machine.e), EMULATE_RESTART);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_rep_is_bounded),
		CASE(test_rep_fault_midway),
		CASE(test_rep_wraps),
		CASE(test_rep_zero),
		CASE(test_outs_in_one_call),
		CASE(test_string_segment_limits),
		CASE(test_rest_meets_no_breakpoint),
		CASE(test_outs_backwards),
		CASE(test_ins_checks_first),
		CASE(test_port_must_match),
		CASE(test_in_out),
		CASE(test_rep_is_stepped),
		CASE(test_ports_are_stepped),
		CASE(test_unsupported_midway),
		CASE(test_outs_of_device),
		CASE(test_ins_into_device),
		CASE(test_ports_refused),
		CASE(test_outs_fault_leaves_the_count),
		CASE(test_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
