/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/lapic: registers, MSRs and IA32_APIC_BASE, with every bit and index that is not legal. */
/* sources: tests/unit/lapic_fixture.c kernel/lapic.c kernel/lapic_base.c kernel/lapic_ipi.c
 * kernel/lapic_lvt.c
 * kernel/lapic_reg.c kernel/lapic_timer.c */
#include "tests/unit/lapic_fixture.h"

/* THREATS B08: every index from 800h to BFFh in xAPIC mode, and the holes in x2APIC mode. */
static void test_msr_range(void **state)
{
	uint64_t value = 77;
	unsigned readable = 0, writable = 0;

	(void)state;
	for (uint32_t index = 0x700; index < 0xd00; index++) {
		assert_false(lapic_msr_read(&apic, index, now, &value));
		assert_false(put_msr(index, 0));
	}
	assert_true(base(BASE_X2APIC));
	for (uint32_t index = 0; index < 0x2000; index++) {
		bool in_range = index >= 0x800 && index < 0x840;
		bool read = lapic_msr_read(&apic, index, now, &value), write = put_msr(index, 0);

		assert_true(in_range || (!read && !write));
		readable += read;
		writable += write;
	}
	assert_false(lapic_msr_read(&apic, UINT32_MAX, now, &value));
	assert_false(put_msr(UINT32_MAX, 0));
	/* "Local APIC Register Address Map Supported by x2APIC", CMCI aside. */
	assert_int_equal(readable, 7 - 1 + 24 + 1 + 1 + 6 + 3);
	assert_int_equal(writable, 1 + 1 + 1 + 1 + 1 + 6 + 1 + 1 + 1);
}

/* "Reserved Bit Checking": each bit of each writable register alone. */
static void test_msr_reserved_bits(void **state)
{
	static const struct {
		uint32_t index;
		uint64_t valid;
	} rules[] = {
		{0x808, 0xff},
		{0x80b, 0},
		{0x80f, 0x3ff},
		{0x828, 0},
		{0x832, 0x710ff},
		{0x833, 0x117ff},
		{0x835, 0x1f7ff},
		{0x836, 0x1f7ff},
		{0x837, 0x110ff},
		{0x838, 0xffffffff},
		{0x83e, 0xb},
		{0x83f, 0xff},
		{0x830, 0xffffffff000cdfff},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		for (unsigned bit = 0; bit < 64; bit++)
			assert_int_equal(put_msr(rules[i].index, BIT(bit)),
					 rules[i].valid >> bit & 1);
	for (uint32_t index = 0x80d; index <= 0x80e; index++)
		assert_false(put_msr(index, 0));
}

/* THREATS B09: "x2APIC State Transitions" as a table, and the bits that are reserved. */
static void test_base(void **state)
{
	static const uint64_t values[] = {0xfee00000, 0xfee00800, 0xfee00c00};
	static const bool legal[3][3] = {
		{true, true, false}, {true, true, true}, {true, false, true}};

	(void)state;
	for (unsigned from = 0; from < 3; from++)
		for (unsigned to = 0; to < 3; to++) {
			set_up(state);
			assert_true(from == 1 || base(values[from]));
			assert_int_equal(base(values[to]), legal[from][to]);
			assert_true(lapic_base_read(&apic) == values[legal[from][to] ? to : from]);
			assert_int_equal(!(effect.kinds & LAPIC_EFFECT_MODE),
					 from == to || !legal[from][to]);
			assert_false(base(0xfee00400));
		}
	set_up(state);
	for (unsigned bit = 0; bit < 64; bit++)
		if (bit < 12 ? bit != 8 && bit != 10 && bit != 11 : bit >= PHYS_BITS)
			assert_false(base(0xfee00800 ^ BIT(bit)));
	assert_true(base(0xfee00900));
	assert_int_equal(lapic_base_read(&apic), 0xfee00800);
	assert_false(base(UINT64_MAX));
}

/* SDM 3A "Relocating the Local APIC Registers": in any mode, for good, INIT included; never by a refusal. */
static void test_relocation(void **state)
{
	(void)state;
	assert_true(base(0xfed40800));
	assert_int_equal(effect.kinds & LAPIC_EFFECT_MODE, 0);
	assert_true(apic.page == 0xfed40000 && lapic_base_read(&apic) == 0xfed40800);
	put(TPR, 0x30);
	assert_false(base(0x1000 | BIT(PHYS_BITS)));
	assert_false(base(0x1400));
	assert_true(apic.page == 0xfed40000);
	lapic_init(&apic);
	assert_true(lapic_base_read(&apic) == 0xfed40800);
	assert_true(base(0x1000));
	assert_true(base(BIT(PHYS_BITS - 1) | 0xfed40800));
	assert_true(apic.page == (BIT(PHYS_BITS - 1) | 0xfed40000));
	assert_true(base(BASE_X2APIC));
	assert_true(lapic_base_read(&apic) == BASE_X2APIC);
}

/* Off: the page is not there, nothing is taken, INTR comes through, and all is forgotten. */
static void test_off(void **state)
{
	(void)state;
	put(TPR, 0x20);
	put(LVT_TIMER, 0x40);
	put(COUNT, 1000);
	lapic_raise(&apic, 0x50, false);
	assert_true(base(0xfee00000));
	assert_false(lapic_page_enabled(&apic));
	assert_int_equal(get(SVR), 0xffffffff);
	put(SVR, 0x1ff);
	assert_false(lapic_post(&apic, 0x60, false) && lapic_pending_vector(&apic) >= 0);
	assert_true(lapic_timer_remaining(&apic, now) == UINT64_MAX);
	lapic_post_line(&apic, true);
	assert_true(lapic_extint_pending(&apic));
	assert_false(lapic_matches(&apic, 2, false));
	assert_false(lapic_matches(&apic, LAPIC_DEST_ALL, true));
	assert_true(base(0xfee00800));
	assert_int_equal(get(SVR), 0xff);
	assert_int_equal(get(TPR), 0);
	assert_false(lapic_extint_pending(&apic));
}

/*
 * What goes from xAPIC to x2APIC: "Register states on transitions": all but the ID's format and
 * LDR.
 */
static void test_to_x2apic(void **state)
{
	uint64_t value;

	(void)state;
	lapic_reset(&apic, 0x34, false, &rates);
	put(SVR, 0x1ff);
	put(TPR, 0x33);
	put(LDR, 0x08000000);
	lapic_raise(&apic, 0x99, false);
	assert_true(base(BASE_X2APIC));
	assert_true(lapic_msr_read(&apic, 0x802, now, &value) && value == 0x34);
	assert_true(lapic_msr_read(&apic, 0x80d, now, &value) && value == 0x00030010);
	assert_true(lapic_msr_read(&apic, 0x808, now, &value) && value == 0x33);
	assert_int_equal(lapic_pending_vector(&apic), 0x99);
	assert_int_equal(get(TPR), 0xffffffff);
}

/* "Error Handling": read after write, the interrupt once until the next write. */
static void test_esr(void **state)
{
	(void)state;
	put(LVT_ERROR, 0xe0);
	assert_int_equal(get(0x40), 0);
	assert_int_equal(get(ESR), 0);
	assert_int_equal(lapic_pending_vector(&apic), 0xe0);
	lapic_accept(&apic, 0xe0);
	put(ICR, 0x03);
	lapic_post(&apic, 0x0f, false);
	assert_int_equal(lapic_pending_vector(&apic), -1);
	assert_int_equal(get(IRR + 0x70), 0);
	put(ESR, 0xffffffff);
	assert_int_equal(get(ESR), 0xe0);
	put(ESR, 0);
	assert_int_equal(get(ESR), 0);
	put(0xff0, 1);
	assert_int_equal(get(IRR + 0x70), 1);
	put(ESR, 0);
	assert_int_equal(get(ESR), 0x80);
}

/* THREATS E01, XSA-462: LVT error's own vector is illegal. */
static void test_error_recursion(void **state)
{
	(void)state;
	for (unsigned vector = 0; vector < 16; vector++) {
		put(LVT_ERROR, vector);
		lapic_post(&apic, 3, false);
		lapic_merge(&apic);
		put(ICR, 0x40001);
		assert_int_equal(lapic_pending_vector(&apic), -1);
		put(ESR, 0);
		assert_int_equal(get(ESR), 0x60);
	}
	/* Any other LVT entry with such a vector is an error too. */
	put(LVT_ERROR, 0xe1);
	put(LVT_TIMER, 0x08);
	put(COUNT, 10);
	now += 10;
	lapic_timer_expire(&apic, now);
	assert_int_equal(lapic_pending_vector(&apic), 0xe1);
	put(ESR, 0);
	assert_int_equal(get(ESR), 0x40);
}

/* Undersized tricks: unaligned offsets and the end of the page. */
static void test_page_edges(void **state)
{
	(void)state;
	put(TPR, 0x30);
	for (unsigned offset = TPR + 1; offset < TPR + 16; offset++) {
		put(offset, 0x70);
		assert_int_equal(get(offset), 0);
	}
	assert_int_equal(get(TPR), 0x30);
	for (unsigned offset = 0x400; offset < 0x1000; offset += 16)
		assert_int_equal(get(offset), 0);
	put(ESR, 0);
	assert_int_equal(get(ESR), 0x80);
	put(VERSION, 0);
	put(ID, 0);
	put(SELF, 0x55);
	assert_int_equal(get(VERSION), 0x50014);
	assert_int_equal(get(ID), 0x02000000);
	assert_int_equal(lapic_pending_vector(&apic), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_msr_range, set_up),
		cmocka_unit_test_setup(test_msr_reserved_bits, set_up_x2apic),
		cmocka_unit_test_setup(test_base, set_up),
		cmocka_unit_test_setup(test_relocation, set_up),
		cmocka_unit_test_setup(test_off, set_up),
		cmocka_unit_test_setup(test_to_x2apic, set_up),
		cmocka_unit_test_setup(test_esr, set_up),
		cmocka_unit_test_setup(test_error_recursion, set_up),
		cmocka_unit_test_setup(test_page_edges, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
