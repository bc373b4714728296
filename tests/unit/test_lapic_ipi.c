/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/lapic: what an ICR write sends, and who is meant by a destination. */
/* sources: tests/unit/lapic_fixture.c kernel/lapic.c kernel/lapic_base.c kernel/lapic_ipi.c
 * kernel/lapic_lvt.c
 * kernel/lapic_reg.c kernel/lapic_timer.c */
#include "tests/unit/lapic_fixture.h"

/* What "Valid Combinations for the ... Local xAPIC ICR" lets through. */
static bool is_sent(unsigned mode, unsigned shorthand)
{
	bool somebody = shorthand == LAPIC_TO_DEST || shorthand == LAPIC_TO_OTHERS;

	switch (mode) {
	case LAPIC_FIXED:
	case LAPIC_NMI:
		return true;
	case LAPIC_LOWEST:
	case LAPIC_INIT:
	case LAPIC_SIPI:
		return somebody;
	default:
		return false;
	}
}

/*
 * THREATS E01: all combinations of mode, destination mode, level, trigger and shorthand, with bad
 * vectors.
 */
static void test_icr(void **state)
{
	(void)state;
	for (uint32_t bits = 0; bits < 1u << 11; bits++) {
		uint32_t vector = bits & 1 ? 0x41 : 0x05, mode = bits >> 1 & 7,
			 shorthand = bits >> 7 & 3;
		uint32_t icr = vector | mode << 8 | (bits >> 4 & 1) << 11 | (bits >> 5 & 3) << 14 |
			       shorthand << 18 | (bits >> 9 & 1) << 12;
		bool deassert = mode == LAPIC_INIT && (icr & 0xc000) == 0x8000;
		bool bad = mode <= LAPIC_LOWEST && vector < 16,
		     sent = is_sent(mode, shorthand) && !deassert;

		set_up(state);
		put(ICR_HIGH, 0x05000000);
		put(ICR, icr);
		assert_int_equal(get(ICR), icr & ~0x1000u);
		assert_int_equal(get(ICR_HIGH), 0x05000000);
		put(ESR, 0);
		assert_int_equal(get(ESR), sent && bad ? 0x20 : 0);
		if (!sent || bad) {
			assert_int_equal(lapic_pending_vector(&apic), -1);
			continue;
		}
		if (mode == LAPIC_FIXED && shorthand == LAPIC_TO_SELF) {
			assert_int_equal(lapic_pending_vector(&apic), 0x41);
			assert_int_equal(get(TMR + 0x20), 0);
			continue;
		}
		put(ICR, icr);
		assert_int_equal(effect.kinds, LAPIC_EFFECT_IPI);
		assert_int_equal(effect.ipi.dest, 5);
		assert_int_equal(effect.ipi.mode, mode);
		assert_int_equal(effect.ipi.vector, vector);
		assert_int_equal(effect.ipi.shorthand, shorthand);
		assert_int_equal(effect.ipi.logical, icr >> 11 & 1);
	}
}

static void test_icr_x2apic(void **state)
{
	uint64_t value;

	(void)state;
	assert_true(put_msr(0x830, 0x12345678000000f0));
	assert_int_equal(effect.kinds, LAPIC_EFFECT_IPI);
	assert_int_equal(effect.ipi.dest, 0x12345678);
	assert_true(lapic_msr_read(&apic, 0x830, now, &value) && value == 0x12345678000000f0);
	assert_true(put_msr(0x830, 0xff000000f1));
	assert_int_equal(effect.ipi.dest, 0xff);
	assert_true(put_msr(0x83f, 0x77));
	assert_int_equal(effect.kinds, 0);
	assert_int_equal(lapic_pending_vector(&apic), 0x77);
	assert_true(put_msr(0x83f, 0x0f));
	assert_true(put_msr(0x828, 0));
	assert_true(lapic_msr_read(&apic, 0x828, now, &value) && value == 0x20);
}

static void test_icr_broadcast(void **state)
{
	(void)state;
	put(ICR_HIGH, 0xff000000);
	put(ICR, 0x40);
	assert_int_equal(effect.ipi.dest, LAPIC_DEST_ALL);
}

/* THREATS E04: "Logical Destination Mode", every LDR, DFR model and destination. */
static void test_logical(void **state)
{
	(void)state;
	for (uint32_t ldr = 0; ldr < 256; ldr++)
		for (uint32_t model = 0; model < 16; model++) {
			put(LDR, ldr << 24 | 0xabcdef);
			put(DFR, model << 28);
			assert_int_equal(get(LDR), ldr << 24);
			assert_int_equal(get(DFR), model << 28 | 0x0fffffff);
			for (uint32_t dest = 0; dest < 255; dest++) {
				bool flat = model == 15 && (dest & ldr);
				bool cluster = model == 0 &&
					       (dest >> 4 == 15 || dest >> 4 == ldr >> 4) &&
					       (dest & ldr & 15);

				assert_int_equal(lapic_matches(&apic, dest, true), flat || cluster);
			}
			assert_true(lapic_matches(&apic, 0xff, true));
			assert_true(lapic_matches(&apic, LAPIC_DEST_ALL, true));
			assert_false(lapic_matches(&apic, 0x100, true));
		}
}

/* "Logical Destination Mode in x2APIC Mode", with clusters beyond 16. */
static void test_logical_x2apic(void **state)
{
	static const uint32_t ids[] = {0, 1, 15, 16, 31, 255, 256, 0x4321, 0xfffff, 0xfffffffe};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		uint32_t cluster = (ids[i] >> 4 & 0xffff) << 16;

		lapic_reset(&apic, ids[i], false, &rates);
		assert_true(base(BASE_X2APIC));
		for (unsigned bit = 0; bit < 16; bit++)
			assert_int_equal(lapic_matches(&apic, cluster | 1u << bit, true),
					 bit == (ids[i] & 15));
		assert_true(lapic_matches(&apic, cluster | 0xffff, true) || cluster == 0xffff0000);
		assert_false(lapic_matches(&apic, (cluster ^ 0x10000) | 0xfffe, true));
		assert_false(lapic_matches(&apic, cluster, true));
		assert_true(lapic_matches(&apic, LAPIC_DEST_ALL, true));
		assert_true(lapic_matches(&apic, LAPIC_DEST_ALL, false));
		assert_true(lapic_matches(&apic, ids[i], false));
		assert_int_equal(lapic_matches(&apic, 0xff, false), ids[i] == 0xff);
	}
}

static void test_physical(void **state)
{
	(void)state;
	for (uint32_t dest = 0; dest < 300; dest++)
		assert_int_equal(lapic_matches(&apic, dest, false), dest == 2 || dest == 0xff);
	assert_true(lapic_matches(&apic, LAPIC_DEST_ALL, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_icr, set_up),
		cmocka_unit_test_setup(test_icr_x2apic, set_up_x2apic),
		cmocka_unit_test_setup(test_icr_broadcast, set_up),
		cmocka_unit_test_setup(test_logical, set_up),
		cmocka_unit_test_setup(test_logical_x2apic, set_up),
		cmocka_unit_test_setup(test_physical, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
