/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks before an access: paging, segments, canonical addresses, alignment, vectors and stacks;
 * and that a fault leaves nothing changed.
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
#include "tests/unit/fpu_regs_fake.h"

/* add [rbx], rax across RAM and device: both pages are checked before either is touched. */
static void test_crossing_fault_changes_nothing(void **state)
{
	uint8_t before[0x3000], after[0x3000];

	(void)state;
	CODE("\x48\x01\x03");
	GPR(RBX) = MACHINE_DATA + 0x1ffc; /* device, then RAM */
	GPR(RAX) = ~0ULL;
	*machine_entry(&machine, 2) &= ~2ULL;
	machine_get(&machine, 0, before, sizeof(before));
	assert_fault(machine_step(&machine), VECTOR_PF, 3);
	assert_true(FRAME->event.cr2 == MACHINE_DATA + 0x2000);
	machine_get(&machine, 0, after, sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
	assert_int_equal(machine.reads + machine.writes, 0);
}

/* Accesses to devices never cross a page, and split into powers of two in order. */
static void test_crossing_device_access(void **state)
{
	(void)state;
	CODE("\x48\x8b\x03");
	GPR(RBX) = MACHINE_DATA + 0x1ffd; /* 3 bytes device, 5 RAM */
	machine_put(&machine, 0x1ffd, "\1\2\3\4\5\6\7\10", 8);
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_true(GPR(RAX) == 0x0807060504030201);
	assert_int_equal(machine.reads, 2); /* 2 + 1 */
	assert_true(machine.last_gpa == MACHINE_DEVICE + 0x1fffULL);
	assert_int_equal(machine.last_size, 1);
}

/* A user access to a supervisor page, and the walk's U bit. */
static void test_user_fault(void **state)
{
	(void)state;
	CODE("\x8b\x03");
	GPR(RBX) = MACHINE_DATA + 0x1000;
	FRAME->control.cpl = 3;
	*machine_entry(&machine, 1) &= ~4ULL;
	assert_fault(machine_step(&machine), VECTOR_PF, 5);
}

static void test_canonical(void **state)
{
	(void)state;
	CODE("\x8b\x03");
	GPR(RBX) = 0x7ffffffffffe; /* the last two bytes would not be canonical */
	assert_fault(machine_step(&machine), VECTOR_GP, 0);
	CODE("\x8b\x45\x00");
	GPR(RBP) = 1ULL << 60;
	assert_fault(machine_step(&machine), VECTOR_SS, 0);
	CODE("\x64\x8b\x03");
	GPR(RBX) = 0;
	FRAME->seg[SEG_FS].base = 1ULL << 50;
	assert_fault(machine_step(&machine), VECTOR_GP, 0);
}

static void test_alignment_check(void **state)
{
	(void)state;
	CODE("\x8b\x03");
	GPR(RBX) = MACHINE_DATA + 0x1002;
	FRAME->rflags |= RFLAGS_AC;
	FRAME->control.cpl = 3;
	assert_fault(machine_step(&machine), VECTOR_AC, 0);
	FRAME->control.cpl = 0;
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
}

static void test_lock_needs_memory_destination(void **state)
{
	(void)state;
	CODE("\xf0\x8b\x03");
	assert_fault(machine_step(&machine), VECTOR_UD, 0);
	CODE("\xf0\x01\xc0");
	assert_fault(machine_step(&machine), VECTOR_UD, 0);
}

static void test_divide_error(void **state)
{
	(void)state;
	CODE("\xf7\x33"); /* div dword [rbx] */
	GPR(RBX) = MACHINE_DATA + 0x1000;
	memset(machine.device + 0x1000, 0, 4);
	assert_fault(machine_step(&machine), VECTOR_DE, 0);
}

/* CLFLUSH of a device does nothing, after a load's checks. */
static void test_flush(void **state)
{
	(void)state;
	GPR(RBX) = MACHINE_DATA + 0x1000;
	CODE("\x0f\xae\x3b\x66\x0f\xae\x3b\x66\x0f\xae\x33\x0f\xae\x3b"); /* and CLFLUSHOPT, CLWB */
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_int_equal(machine.reads + machine.writes, 0);
	*machine_entry(&machine, 1) = 0;
	assert_fault(machine_step(&machine), VECTOR_PF, 0);
}

/* Compatibility mode: limits, types, expand-down, null, and the segment that names the vector. */
static void set_data_segment(unsigned type, uint32_t limit, uint64_t base)
{
	FRAME->seg[SEG_DS] = (struct seg){
		.attributes = (uint16_t)(type | SEG_ATTR_S | SEG_ATTR_P | SEG_ATTR_DB),
		.limit = limit,
		.base = base,
	};
}

static void test_segment_checks(void **state)
{
	static const struct {
		const char *code;
		unsigned type;
		uint32_t limit;
		uint64_t offset;
		bool ok;
	} cases[] = {
		{"\x8b\x03", 3, 0xfff, 0xffc, true},  {"\x8b\x03", 3, 0xfff, 0xffd, false},
		{"\x8b\x03", 7, 0xfff, 0x1000, true}, {"\x8b\x03", 7, 0xfff, 0xfff, false},
		{"\x8b\x03", 7, 0xfff, 0, false},     {"\x89\x03", 1, 0xffff, 0, false},
		{"\x8b\x03", 1, 0xffff, 0, true},     {"\x8b\x03", 0xb, 0xffff, 0, true},
		{"\x8b\x03", 9, 0xffff, 0, false},    {"\x89\x03", 0xb, 0xffff, 0, false},
	};

	(void)state;
	machine_set_mode(&machine, INSN_MODE_32, true);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t rip = FRAME->rip;

		machine_set_code(&machine, cases[i].code, 2);
		set_data_segment(cases[i].type, cases[i].limit, MACHINE_RAM_DATA);
		GPR(RBX) = cases[i].offset;
		if (cases[i].ok)
			assert_int_equal(machine_step(&machine), EMULATE_DONE);
		else
			assert_fault(machine_step(&machine), VECTOR_GP, 0);
		FRAME->rip = rip;
	}
	FRAME->seg[SEG_DS].attributes = SEG_ATTR_UNUSABLE;
	assert_fault(machine_step(&machine), VECTOR_GP, 0);
	CODE("\x8b\x45\x00");
	FRAME->seg[SEG_SS].limit = 0xff;
	GPR(RBP) = 0xfe;
	assert_fault(machine_step(&machine), VECTOR_SS, 0);
}

/* A 4 GiB segment wraps at its end: the operand's two halves are 4 GiB apart. */
static void test_flat_segment_wraps(void **state)
{
	(void)state;
	machine_set_mode(&machine, INSN_MODE_32, true);
	CODE("\x8a\x43\x02");
	GPR(RBX) = 0xffffffff;
	machine.ram[1] = 0x77;
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_int_equal(GPR(RAX) & 0xff, 0x77);
}

/* Real mode: a word at FFFFh is past the limit, and its #GP has no error code. */
static void test_real_mode(void **state)
{
	(void)state;
	machine_set_mode(&machine, INSN_MODE_16, false);
	CODE("\x8b\x07"); /* mov ax, [bx] */
	FRAME->seg[SEG_DS].base = 0x20000;
	GPR(RBX) = 0xffff;
	assert_int_equal(machine_step(&machine), EMULATE_FAULT);
	assert_int_equal(FRAME->event.vector, VECTOR_GP);
	assert_int_equal(FRAME->event.has_error, 0);
	GPR(RBX) = 0x10010; /* cut to 16 bits */
	memcpy(machine.ram + 0x20010, "\xcd\xab", 2);
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_int_equal(GPR(RAX), 0xabcd);
}

/* push [rsp+8]; pop [rsp]: whose stack pointer counts. */
static void test_stack_addresses(void **state)
{
	uint64_t value = 0xabcdef, got;

	(void)state;
	GPR(RSP) = MACHINE_DATA + 0x1100;
	machine_put(&machine, 0x1108, &value, 8);
	CODE("\xff\x74\x24\x08");
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_true(GPR(RSP) == MACHINE_DATA + 0x10f8ULL);
	machine_get(&machine, 0x10f8, &got, 8);
	assert_true(got == value);
	FRAME->rip = MACHINE_CODE;
	CODE("\x8f\x04\x24");
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	machine_get(&machine, 0x1100, &got, 8);
	assert_true(got == value);
	assert_true(GPR(RSP) == MACHINE_DATA + 0x1100ULL);
}

/* call [rbx], jmp [rbx], ret: RIP is written, nothing is skipped; a bad target pushes nothing. */
static void test_branches(void **state)
{
	uint64_t target = 0x12345678, got;

	(void)state;
	GPR(RBX) = MACHINE_DATA + 0x1000;
	GPR(RSP) = MACHINE_DATA + 0x3100;
	machine_put(&machine, 0x1000, &target, 8);
	CODE("\xff\x13");
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_true(FRAME->rip == target);
	assert_int_equal(machine.e.skip, 0);
	assert_true(machine.e.changed & GROUP_IP);
	machine_get(&machine, 0x30f8, &got, 8);
	assert_true(got == MACHINE_CODE + 2);
	FRAME->rip = MACHINE_CODE;
	CODE("\xc3");
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_true(FRAME->rip == MACHINE_CODE + 2 && GPR(RSP) == MACHINE_DATA + 0x3100ULL);
	target = 1ULL << 60;
	machine_put(&machine, 0x1000, &target, 8);
	FRAME->rip = MACHINE_CODE;
	CODE("\xff\x13");
	machine.writes = 0;
	assert_fault(machine_step(&machine), VECTOR_GP, 0);
	assert_int_equal(machine.writes, 0);
	CODE("\xeb\xfe"); /* to itself: skipping would be wrong */
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_true(FRAME->rip == MACHINE_CODE);
}

static void test_vector_faults(void **state)
{
	(void)state;
	GPR(RBX) = MACHINE_DATA + 0x1008;
	CODE("\x0f\x28\x03"); /* movaps, unaligned */
	assert_fault(machine_step(&machine), VECTOR_GP, 0);
	CODE("\x0f\x10\x03");
	FRAME->control.cr0 |= CR0_TS;
	assert_fault(machine_step(&machine), VECTOR_NM, 0);
	FRAME->control.cr0 |= CR0_EM;
	assert_fault(machine_step(&machine), VECTOR_UD, 0);
	FRAME->control.cr0 &= ~(uint64_t)(CR0_EM | CR0_TS);
	FRAME->control.cr4 &= ~(uint64_t)CR4_OSFXSR;
	assert_fault(machine_step(&machine), VECTOR_UD, 0);
	CODE("\xc5\xfc\x10\x03"); /* vmovups ymm0, [rbx] */
	fake_xcr0 = 3;
	assert_fault(machine_step(&machine), VECTOR_UD, 0);
	fake_xcr0 = 0xe7;
	FRAME->control.cr4 &= ~(uint64_t)CR4_OSXSAVE;
	assert_fault(machine_step(&machine), VECTOR_UD, 0);
	assert_int_equal(machine.reads, 0);
}

/* EVEX needs all of AVX-512's state. Its masks: test_emulate_mask. */
static void test_evex_faults(void **state)
{
	(void)state;
	GPR(RBX) = MACHINE_DATA + 0x1040;
	memset(machine.device + 0x1040, 0x5a, 64);
	CODE("\x62\xe1\x7c\x48\x10\x03"); /* vmovups zmm16, [rbx] */
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_memory_equal(fake_vectors[16], machine.device + 0x1040, 64);
	machine.reads = 0;
	FRAME->rip = MACHINE_CODE;
	fake_xcr0 = 7;
	assert_fault(machine_step(&machine), VECTOR_UD, 0);
	fake_xcr0 = 0xe7;
	FRAME->control.cr0 |= CR0_TS;
	assert_fault(machine_step(&machine), VECTOR_NM, 0);
	FRAME->control.cr0 &= ~(uint64_t)CR0_TS;
	CODE("\x62\xe1\x7c\x48\x28\x43\x01"); /* vmovaps zmm16, [rbx + 64] */
	GPR(RBX) -= 32;
	assert_fault(machine_step(&machine), VECTOR_GP, 0);
	assert_int_equal(machine.reads, 0);
}

/* MMX is the x87's: its exception comes first, and only where it is one; CR4.OSFXSR is of no account. */
static void test_mmx_faults(void **state)
{
	(void)state;
	GPR(RBX) = MACHINE_DATA + 0x1001;
	FRAME->control.cr4 &= ~(uint64_t)CR4_OSFXSR;
	memset(fake_mm, 0xff, sizeof(fake_mm));
	memcpy(machine.device + 0x1001, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
	CODE("\x44\x0f\x6f\x0b"); /* movq mm1, [rbx]; there is no REX.R */
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_true(fake_mm[1] == 0x8877665544332211 && fake_mm[0] == UINT64_MAX);
	machine.reads = 0;
	FRAME->rip = MACHINE_CODE;
	fake_x87_status = 1 << 7;
	assert_int_equal(machine_step(&machine), EMULATE_UNSUPPORTED);
	FRAME->control.cr0 |= CR0_NE;
	assert_fault(machine_step(&machine), VECTOR_MF, 0);
	FRAME->control.cr0 |= CR0_TS;
	assert_fault(machine_step(&machine), VECTOR_NM, 0);
	FRAME->control.cr0 |= CR0_EM;
	assert_fault(machine_step(&machine), VECTOR_UD, 0);
	fake_x87_status = 0;
	assert_int_equal(machine.reads, 0);
}

static void test_cmpxchg16b_alignment(void **state)
{
	(void)state;
	GPR(RBX) = MACHINE_DATA + 0x1008;
	CODE("\x48\x0f\xc7\x0b");
	assert_fault(machine_step(&machine), VECTOR_GP, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_crossing_fault_changes_nothing),
		CASE(test_crossing_device_access),
		CASE(test_user_fault),
		CASE(test_canonical),
		CASE(test_alignment_check),
		CASE(test_lock_needs_memory_destination),
		CASE(test_divide_error),
		CASE(test_flush),
		CASE(test_segment_checks),
		CASE(test_flat_segment_wraps),
		CASE(test_real_mode),
		CASE(test_stack_addresses),
		CASE(test_branches),
		CASE(test_vector_faults),
		CASE(test_evex_faults),
		CASE(test_mmx_faults),
		CASE(test_cmpxchg16b_alignment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
