/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine status word, segment registers, far jumps and MMX registers, from and to a device. */
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

enum { DEVICE_AT = 0x1008, GDT_AT = 0x200 };
enum {
	CODE64 = 0x08,
	DATA0 = 0x10,
	DATA3 = 0x23,
	ABSENT = 0x28,
	CODE32 = 0x30,
	BOTH = 0x38,
	CALL_GATE = 0x40,
	READ_ONLY = 0x48,
	CODE3 = 0x50,
	GDT_SIZE = 0x58
};

static const uint64_t gdt[] = {0,
			       0x00af9a000000ffff,
			       0x00cf92000000ffff,
			       0,
			       0x00cff2000000ffff,
			       0x00cf12000000ffff,
			       0x004f9a000000ffff,
			       0x00ef9a000000ffff,
			       0x00008c0000080000,
			       0x00cf90000000ffff,
			       0x00affa000000ffff};

/* The GDT in RAM of the window, RBX at the device. */
static int set_up_system(void **state)
{
	setup(state);
	machine_put(&machine, GDT_AT, gdt, sizeof(gdt));
	FRAME->gdtr.base = MACHINE_DATA + GDT_AT;
	FRAME->gdtr.limit = GDT_SIZE - 1;
	FRAME->seg[SEG_LDTR].attributes = SEG_ATTR_UNUSABLE;
	GPR(RBX) = MACHINE_DATA + DEVICE_AT;
	fake_x87_status = 0;
	return 0;
}

#define SYSTEM_CASE(name) cmocka_unit_test_setup_teardown(name, set_up_system, teardown)

static void device_holds(uint64_t value)
{
	machine_put(&machine, DEVICE_AT, &value, sizeof(value));
}

static uint64_t device_value(void)
{
	uint64_t value;

	machine_get(&machine, DEVICE_AT, &value, sizeof(value));
	return value;
}

static void test_msw(void **state)
{
	(void)state;
	device_holds(~0ULL);
	FRAME->control.cr0 = CR0_PE | CR0_PG | CR0_WP | CR0_TS;
	CODE("\x0f\x01\x23\x0f\x01\x33\x0f\x01\xf0");
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_true(device_value() == 0xffffffffffff0009);
	/* PE cannot be cleared, and nothing beyond four bits be set. */
	device_holds(0xfff6);
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_int_equal(machine.e.changed & GROUP_CONTROL, GROUP_CONTROL);
	assert_int_equal(FRAME->control.cr0, CR0_PE | CR0_PG | CR0_WP | CR0_MP | CR0_EM);
	/* From a register it is another exit's. */
	assert_int_equal(machine_step(&machine), EMULATE_RESTART);
}

static void test_msw_of_a_program(void **state)
{
	(void)state;
	FRAME->control.cpl = 3;
	CODE("\x0f\x01\x33");
	assert_fault(machine_step(&machine), VECTOR_GP, 0);
	CODE("\x0f\x01\x23");
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	FRAME->rip = MACHINE_CODE;
	FRAME->control.cr4 |= CR4_UMIP;
	assert_fault(machine_step(&machine), VECTOR_GP, 0);
}

/* MOV from the device to a segment register, in 64-bit code. */
static void test_segments(void **state)
{
	static const struct {
		uint8_t reg, cpl;
		uint16_t selector;
		int vector;
	} cases[] = {
		{SEG_DS, 0, DATA0, -1},
		{SEG_ES, 0, DATA3, -1},
		{SEG_FS, 3, DATA3, -1},
		{SEG_GS, 0, 0, -1},
		{SEG_DS, 3, DATA0, VECTOR_GP},
		{SEG_DS, 0, DATA0 | 3, VECTOR_GP},
		{SEG_DS, 0, ABSENT, VECTOR_NP},
		{SEG_SS, 0, ABSENT, VECTOR_SS},
		{SEG_SS, 0, DATA3, VECTOR_GP},
		{SEG_SS, 0, READ_ONLY, VECTOR_GP},
		{SEG_DS, 0, READ_ONLY, -1},
		{SEG_DS, 0, CALL_GATE, VECTOR_GP},
		{SEG_DS, 0, GDT_SIZE, VECTOR_GP},
		{SEG_DS, 0, CODE64 | 4, VECTOR_GP},
		{SEG_SS, 0, 0, -1},
		{SEG_SS, 3, 3, VECTOR_GP},
		{SEG_SS, 0, 3, VECTOR_GP},
		{SEG_SS, 0, DATA0, -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t code[] = {0x8e, (uint8_t)(3 | cases[i].reg << 3)};
		unsigned null = cases[i].selector & ~3u;

		teardown(NULL);
		set_up_system(NULL);
		machine_set_code(&machine, code, sizeof(code));
		device_holds(cases[i].selector);
		FRAME->control.cpl = cases[i].cpl;
		if (cases[i].vector >= 0) {
			assert_fault(machine_step(&machine), (unsigned)cases[i].vector, null);
		} else {
			assert_int_equal(machine_step(&machine), EMULATE_DONE);
			assert_int_equal(FRAME->seg[cases[i].reg].selector, cases[i].selector);
			assert_int_equal(FRAME->rip, MACHINE_CODE + 2);
			assert_int_equal(!(FRAME->seg[cases[i].reg].attributes & SEG_ATTR_UNUSABLE),
					 null != 0);
			assert_int_equal(FRAME->shadow, cases[i].reg == SEG_SS ? SHADOW_MOV_SS : 0);
		}
	}
}

/* The descriptor is marked, once. */
static void test_accessed(void **state)
{
	uint8_t type;

	(void)state;
	CODE("\x8e\x1b");
	device_holds(DATA0);
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	machine_get(&machine, GDT_AT + DATA0 + 5, &type, 1);
	assert_int_equal(type, 0x93);
	assert_int_equal(FRAME->seg[SEG_DS].limit, 0xffffffff);
}

static void test_real_mode(void **state)
{
	(void)state;
	machine_set_mode(&machine, INSN_MODE_16, false);
	FRAME->seg[SEG_ES].base = MACHINE_DEVICE;
	CODE("\x26\x8e\x1f\x26\xff\x2f");
	GPR(RBX) = DEVICE_AT;
	device_holds(0x1234);
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_int_equal(FRAME->seg[SEG_DS].base, 0x12340);
	assert_int_equal(FRAME->seg[SEG_DS].limit, 0xffff);
	device_holds(0x9876abcd);
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_int_equal(FRAME->seg[SEG_CS].base, 0x98760);
	assert_int_equal(FRAME->rip, 0xabcd);
}

/* REX.W JMP FAR [rbx]: eight bytes of offset, the selector behind. */
static void test_far_jump(void **state)
{
	static const struct {
		uint64_t target;
		uint16_t selector;
		uint8_t cpl;
		int vector;
		uint32_t error;
	} cases[] = {
		{0x123456789a, CODE64, 0, -1, 0},
		{0x1234, CODE32, 0, -1, 0},
		{0x1234, CODE3 | 3, 3, -1, 0},
		{0x1234, CODE3, 3, -1, 0}, /* the CPL becomes its RPL */
		{0x800000000000, CODE64, 0, VECTOR_GP, 0},
		{0x10000000f, CODE32, 0, VECTOR_GP, 0},
		{0x1234, 0, 0, VECTOR_GP, 0},
		{0x1234, DATA0, 0, VECTOR_GP, DATA0},
		{0x1234, CODE64 | 3, 0, VECTOR_GP, CODE64},
		{0x1234, CODE64, 3, VECTOR_GP, CODE64},
		{0x1234, BOTH, 0, VECTOR_GP, BOTH},
		{0x1234, GDT_SIZE, 0, VECTOR_GP, GDT_SIZE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		teardown(NULL);
		set_up_system(NULL);
		CODE("\x48\xff\x2b");
		device_holds(cases[i].target);
		machine_put(&machine, DEVICE_AT + 8, &cases[i].selector, 2);
		FRAME->control.cpl = cases[i].cpl;
		if (cases[i].vector >= 0) {
			assert_fault(machine_step(&machine), (unsigned)cases[i].vector,
				     cases[i].error);
			assert_int_equal(FRAME->rip, MACHINE_CODE);
		} else {
			assert_int_equal(machine_step(&machine), EMULATE_DONE);
			assert_true(FRAME->rip == cases[i].target);
			assert_int_equal(FRAME->seg[SEG_CS].selector,
					 (cases[i].selector & ~3u) | cases[i].cpl);
			assert_true(machine.e.changed & GROUP_SEGMENT);
		}
	}
	CODE("\x48\xff\x2b");
	device_holds(0x1234);
	machine_put(&machine, DEVICE_AT + 8, &(uint16_t){CALL_GATE}, 2);
	assert_int_equal(machine_step(&machine), EMULATE_UNSUPPORTED);
}

/* A jump skips nothing, and asks for the step's trap itself; MOV SS holds it back. */
static void test_single_step(void **state)
{
	static const struct {
		const char *code;
		bool trap;
	} cases[] = {
		{"\xff\x13\x90", true},	 /* call [rbx] */
		{"\xff\x23\x90", true},	 /* jmp [rbx] */
		{"\xc3\x90\x90", true},	 /* ret */
		{"\x48\xff\x2b", true},	 /* jmp far [rbx] */
		{"\x8e\x13\x90", false}, /* mov ss, [rbx] */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		teardown(NULL);
		set_up_system(NULL);
		machine_set_code(&machine, cases[i].code, 3);
		GPR(RSP) = GPR(RBX);
		device_holds(DATA0); /* a target as well */
		machine_put(&machine, DEVICE_AT + 8, &(uint16_t){CODE64}, 2);
		FRAME->rflags |= RFLAGS_TF | RFLAGS_RF;
		FRAME->shadow = SHADOW_STI | SHADOW_NMI;
		assert_int_equal(machine_step(&machine), EMULATE_DONE);
		assert_int_equal(machine.e.skip, 0);
		assert_int_equal(machine.e.changed & (GROUP_IP | GROUP_STEP),
				 cases[i].trap ? GROUP_IP | GROUP_STEP : GROUP_IP);
		assert_int_equal(FRAME->rip, cases[i].trap ? DATA0 : MACHINE_CODE + 2);
		assert_int_equal(FRAME->rflags, RFLAGS_ONE | RFLAGS_TF);
		assert_int_equal(FRAME->shadow,
				 cases[i].trap ? SHADOW_NMI : SHADOW_NMI | SHADOW_MOV_SS);
	}
}

/* A MOV SS that ends at 4 GiB: 32-bit code goes on at 0. */
static void test_mov_ss_wraps(void **state)
{
	(void)state;
	machine_set_mode(&machine, INSN_MODE_32, true);
	FRAME->gdtr.base = MACHINE_RAM_DATA + GDT_AT;
	CODE("\x8e\x13");
	FRAME->seg[SEG_CS].base = MACHINE_RAM_CODE + 2;
	FRAME->rip = 0xfffffffe;
	GPR(RBX) = MACHINE_DEVICE + DEVICE_AT;
	device_holds(DATA0);
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_int_equal(FRAME->rip, 0);
}

/* SDM 3A 6.15 "Alignment Check Exception": a far pointer's is that of its offset. */
static void test_far_pointer_alignment(void **state)
{
	static const struct {
		char code[4];
		uint8_t offset_size;
	} cases[] = {{"\x66\xff\x2b", 2}, {"\xff\x2b", 4}, {"\x48\xff\x2b", 8}};
	static const uint16_t selector = CODE3 | 3;

	(void)state;
	for (unsigned i = 0; i < 8 * ARRAY_SIZE(cases); i++) {
		unsigned size = cases[i / 8].offset_size, at = i % 8;

		FRAME->rip = MACHINE_CODE;
		FRAME->control.cpl = 3;
		FRAME->rflags |= RFLAGS_AC;
		GPR(RBX) = MACHINE_DATA + DEVICE_AT + at;
		machine_set_code(&machine, cases[i / 8].code, 3);
		machine_put(&machine, DEVICE_AT + at, &(uint64_t){0x1234}, size);
		machine_put(&machine, DEVICE_AT + at + size, &selector, sizeof(selector));
		if (at % size)
			assert_fault(machine_step(&machine), VECTOR_AC, 0);
		else
			assert_int_equal(machine_step(&machine), EMULATE_DONE);
		assert_int_equal(FRAME->rip, at % size ? MACHINE_CODE : 0x1234);
	}
}

static void map_at(gpa_t table, unsigned index, gpa_t to)
{
	uint64_t entry = to | 7; /* present, writable, user */

	memcpy(machine.ram + table + index * sizeof(entry), &entry, sizeof(entry));
}

/*
 * A descriptor across two pages above 4 GiB, which are not neighbours in RAM, loaded by 32-bit code: the
 * table's addresses have 64 bits all the same. At 1000h, the second page's address cut to 32, is nothing.
 */
static void test_table_above_4_gib(void **state)
{
	enum { DIRECTORY = 0x6000, TABLE = 0x7000, FIRST = 0x30000, SECOND = 0x35000 };

	(void)state;
	map_at(FRAME->control.cr3 + 0x1000, 4, DIRECTORY);
	map_at(DIRECTORY, 0, TABLE);
	map_at(TABLE, 0, FIRST);
	map_at(TABLE, 1, SECOND);
	memcpy(machine.ram + FIRST + 0xffc, &gdt[DATA0 / 8], 4);
	memcpy(machine.ram + SECOND, (const uint8_t *)&gdt[DATA0 / 8] + 4, 4);
	FRAME->gdtr.base = (1ULL << 32) + 0xffc - DATA0;
	FRAME->seg[SEG_CS].attributes = 0xb | SEG_ATTR_S | SEG_ATTR_P | SEG_ATTR_DB | SEG_ATTR_G;
	CODE("\x8e\x1b"); /* mov ds, [ebx] */
	device_holds(DATA0);
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_int_equal(FRAME->seg[SEG_DS].limit, 0xffffffff);
	assert_int_equal(machine.ram[SECOND + 1], 0x93); /* marked as accessed */
}

/* A table that begins where addresses are canonical, and ends where they are not. */
static void test_table_beyond_what_is_canonical(void **state)
{
	static const uint64_t end = 1ULL << 47;

	(void)state;
	device_holds(DATA0);
	for (unsigned at = 0; at <= 16; at++) {
		FRAME->rip = MACHINE_CODE;
		FRAME->gdtr.base = end - 16 - DATA0 + at;
		CODE("\x8e\x1b"); /* mov ds, [rbx] */
		if (at <= 8)
			assert_fault(machine_step(&machine), VECTOR_PF, 0);
		else
			assert_fault(machine_step(&machine), VECTOR_GP, 0);
	}
}

static void test_mmx(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++)
		fake_mm[i] = 0x0101010101010101 * (i + 1);
	CODE("\x0f\x7f\x2b\x0f\x6f\x33\x0f\x7e\x1b\x48\x0f\x7e\x1b\x0f\x6e\x13\x45\x0f\x6f\x0b");
	assert_int_equal(machine_step(&machine), EMULATE_DONE); /* movq [rbx], mm5 */
	assert_true(device_value() == 0x0606060606060606);
	assert_int_equal(machine_step(&machine), EMULATE_DONE); /* movq mm6, [rbx] */
	assert_true(fake_mm[6] == 0x0606060606060606);
	assert_int_equal(machine_step(&machine), EMULATE_DONE); /* movd [rbx], mm3 */
	assert_true(device_value() == 0x0606060604040404);
	assert_int_equal(machine_step(&machine), EMULATE_DONE); /* movq [rbx], mm3 */
	assert_true(device_value() == 0x0404040404040404);
	assert_int_equal(machine_step(&machine), EMULATE_DONE); /* movd mm2, [rbx] */
	assert_true(fake_mm[2] == 0x04040404);
	GPR(R11) = GPR(RBX);
	assert_int_equal(machine_step(&machine),
			 EMULATE_DONE); /* movq mm1, [r11]: REX.R says nothing */
	assert_true(fake_mm[1] == 0x0404040404040404);
}

static void test_mmx_faults(void **state)
{
	(void)state;
	CODE("\x0f\x7f\x2b");
	fake_x87_status = 0x80;
	FRAME->control.cr0 |= CR0_NE;
	assert_fault(machine_step(&machine), VECTOR_MF, 0);
	FRAME->control.cr0 |= CR0_TS;
	assert_fault(machine_step(&machine), VECTOR_NM, 0);
	FRAME->control.cr0 |= CR0_EM;
	assert_fault(machine_step(&machine), VECTOR_UD, 0);
	assert_int_equal(machine.writes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SYSTEM_CASE(test_msw),
		SYSTEM_CASE(test_msw_of_a_program),
		SYSTEM_CASE(test_segments),
		SYSTEM_CASE(test_accessed),
		SYSTEM_CASE(test_real_mode),
		SYSTEM_CASE(test_far_jump),
		SYSTEM_CASE(test_single_step),
		SYSTEM_CASE(test_mov_ss_wraps),
		SYSTEM_CASE(test_table_beyond_what_is_canonical),
		SYSTEM_CASE(test_mmx),
		SYSTEM_CASE(test_mmx_faults),
		SYSTEM_CASE(test_far_pointer_alignment),
		SYSTEM_CASE(test_table_above_4_gib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
