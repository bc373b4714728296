/* SPDX-License-Identifier: BSD-2-Clause */
/* When the guest's PKRU is looked at, where it stands in an XSAVE area, and what the emulator makes of it. */
/* sources: vmm/guest_pkru.c vmm/emulate.c vmm/emulate_alu.c vmm/emulate_bit.c vmm/emulate_cr.c
 * vmm/emulate_exchange.c vmm/emulate_flags.c vmm/emulate_memory.c vmm/emulate_move.c
 * vmm/emulate_muldiv.c vmm/emulate_operand.c vmm/emulate_port.c vmm/emulate_segment.c
 * vmm/emulate_stack.c vmm/emulate_string.c vmm/emulate_string_side.c vmm/emulate_system.c vmm/segment_load.c
 * vmm/emulate_vector.c
 * vmm/guest_mem.c vmm/insn_cache.c vmm/insn_decode.c vmm/insn_fetch.c vmm/insn_length.c
 * vmm/insn_map_0f.c vmm/insn_map_group.c vmm/insn_map_one.c vmm/insn_modrm.c vmm/insn_operand.c
 * vmm/insn_vex.c vmm/walk.c tests/unit/emulate_machine.c tests/unit/fpu_regs_fake.c
 * tests/unit/guest_record.c */
#include "tests/unit/emulate_case.h"
#include "tests/unit/fpu_regs_fake.h"
#include "vmm/guest_features.h"
#include "vmm/guest_pkru.h"

enum { PKRU_ON = 1 << 9, INTEL = 0xa80, AMD = 0x980, NO_ACCESS_1 = 4, NO_WRITE_1 = 8 };

struct guest_features guest_features;

/* One reading: what the guest has on, where its register would be, and what is known of it then. */
static void test_when(void **state)
{
	static const struct {
		uint32_t cr4;
		uint64_t xcr0;
		uint32_t offset, wanted;
		unsigned looks;
	} cases[] = {
		{CR4_PKE, 7 | PKRU_ON, INTEL, 0x55555554, 1},
		{CR4_PKE, 7 | PKRU_ON, AMD, 0x55555554, 1},
		{CR4_PKE, 7, INTEL, 0, 0},
		{0, 7 | PKRU_ON, INTEL, 0, 0},
		{CR4_PKE, 7 | PKRU_ON, 0, 0, 0},      /* a processor without the component */
		{CR4_PKE, 7 | PKRU_ON, 0x4000, 0, 0}, /* nowhere near */
		{CR4_PKE, 7 | PKRU_ON, 0xabd, 0, 0},  /* its last byte is not in the area */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		FRAME->control.cr4 = cases[i].cr4;
		fake_xcr0 = cases[i].xcr0;
		fake_pkru = (struct fake_pkru){.value = 0x55555554, .offset = cases[i].offset};
		guest_features.pkru_offset = cases[i].offset;
		assert_int_equal(guest_pkru(FRAME), cases[i].wanted);
		assert_int_equal(fake_pkru.looks, cases[i].looks);
	}
}

static void set_key(unsigned page)
{
	*machine_entry(&machine, page) |= 1ULL << 59;
}

/* MOVS from the device to RAM: the processor has checked the source only. */
static void test_other_operand(void **state)
{
	static const struct {
		uint32_t pkru, error;
	} cases[] = {{NO_ACCESS_1, 0x23}, {NO_WRITE_1, 0x23}};

	(void)state;
	set_key(2);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		machine_reset_frame(&machine);
		CODE("\xa5\xa5");
		GPR(RSI) = MACHINE_DATA + 0x1000;
		GPR(RDI) = MACHINE_DATA + 0x2000;
		FRAME->control.cr4 |= CR4_PKE;
		machine.e.pkru = cases[i].pkru;
		assert_fault(machine_step(&machine), VECTOR_PF, cases[i].error);
		assert_true(FRAME->event.cr2 == MACHINE_DATA + 0x2000);
		assert_int_equal(machine.reads, 0);
	}
	FRAME->control.cr0 &= ~(uint64_t)CR0_WP; /* a supervisor's write, which WP=0 lets pass */
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	FRAME->control.cr0 |= CR0_WP;
	FRAME->control.cr4 &= ~(uint64_t)CR4_PKE;
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
}

/* A read of what may only not be written is fine, and a page of the supervisor's has no key. */
static void test_what_keys_leave_alone(void **state)
{
	(void)state;
	CODE("\xa5\xa5");
	set_key(0);
	set_key(2);
	*machine_entry(&machine, 2) &= ~4ULL;
	GPR(RSI) = MACHINE_DATA;
	GPR(RDI) = MACHINE_DATA + 0x1000;
	FRAME->control.cr4 |= CR4_PKE;
	machine.e.pkru = NO_WRITE_1;
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	GPR(RSI) = MACHINE_DATA + 0x1000;
	GPR(RDI) = MACHINE_DATA + 0x2000;
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_when),
		CASE(test_other_operand),
		CASE(test_what_keys_leave_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
