/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/lapic: how vectors are taken, nested and ended, what INIT leaves, and LINT0. */
/* sources: tests/unit/lapic_fixture.c kernel/lapic.c kernel/lapic_base.c kernel/lapic_ipi.c
 * kernel/lapic_lvt.c
 * kernel/lapic_reg.c kernel/lapic_timer.c */
#include "tests/unit/lapic_fixture.h"

/* "Local APIC State After Power-Up or Reset" */
static void test_reset_state(void **state)
{
	(void)state;
	for (unsigned reg = 0; reg < 8; reg++) {
		assert_int_equal(get(IRR + reg * 16), 0);
		assert_int_equal(get(ISR + reg * 16), 0);
		assert_int_equal(get(TMR + reg * 16), 0);
	}
	assert_int_equal(get(ICR) | get(ICR_HIGH) | get(LDR) | get(TPR), 0);
	assert_int_equal(get(COUNT) | get(CURRENT) | get(DIVIDE) | get(ESR), 0);
	assert_int_equal(get(DFR), 0xffffffff);
	assert_int_equal(get(SVR), 0xff);
	for (unsigned offset = LVT_TIMER; offset <= LVT_ERROR; offset += 16)
		assert_int_equal(get(offset), MASKED);
	assert_int_equal(get(ID), 0x02000000);
	assert_int_equal(get(VERSION), 0x00050014);
	assert_int_equal(lapic_base_read(&apic), 0xfee00800);
	lapic_reset(&apic, 0, true, &rates);
	assert_int_equal(lapic_base_read(&apic), 0xfee00900);
	/* Of the bootstrap processor firmware has made a virtual wire. */
	assert_int_equal(get(SVR), 0x1ff);
	assert_int_equal(get(LVT_LINT0), 0x700);
	assert_int_equal(get(LVT_LINT0 + 16), 0x400);
	assert_int_equal(get(LVT_ERROR), MASKED);
	assert_true(lapic_extint_accepted(&apic));
	lapic_init(&apic);
	assert_int_equal(get(SVR), 0xff);
	assert_int_equal(get(LVT_LINT0), MASKED);
}

/* "Local APIC State After an INIT Reset": as power-up, but the mode and the ID stay. */
static void test_init(void **state)
{
	(void)state;
	assert_true(put_msr(0x808, 0x50));
	assert_true(put_msr(0x83f, 0x60));
	lapic_watch(&apic, 1, BIT(5));
	lapic_post(&apic, 0x70, false);
	put_msr(0x832, 0x40);
	put_msr(0x838, 1000000);
	lapic_init(&apic);
	assert_int_equal(lapic_base_read(&apic), BASE_X2APIC);
	assert_int_equal(apic.tpr, 0);
	assert_int_equal(apic.ldr, 4);
	assert_int_equal(lapic_pending_vector(&apic), -1);
	assert_true(lapic_timer_remaining(&apic, now) == UINT64_MAX);
	assert_true(put_msr(0x80f, 0x1ff));
	assert_int_equal(lapic_pending_vector(&apic), -1);
	assert_true(apic.watch[1] == BIT(5));
}

/* "Interrupt, Task, and Processor Priority" */
static void test_priorities(void **state)
{
	(void)state;
	put(TPR, 0x45);
	assert_int_equal(get(PPR), 0x45);
	lapic_raise(&apic, 0x4f, false);
	assert_int_equal(lapic_pending_vector(&apic), -1);
	lapic_raise(&apic, 0x50, false);
	assert_int_equal(lapic_pending_vector(&apic), 0x50);
	lapic_accept(&apic, 0x50);
	assert_int_equal(get(PPR), 0x50);
	lapic_raise(&apic, 0x5f, false);
	assert_int_equal(lapic_pending_vector(&apic), -1);
	lapic_raise(&apic, 0x61, false);
	assert_int_equal(lapic_pending_vector(&apic), 0x61);
	put(TPR, 0x62);
	assert_int_equal(lapic_pending_vector(&apic), -1);
	assert_int_equal(get(PPR), 0x62);
	put(TPR, 0);
	assert_int_equal(get(PPR), 0x50);
	lapic_accept(&apic, 0x61);
	put(EOI, 0);
	assert_int_equal(lapic_pending_vector(&apic), -1);
	put(EOI, 0);
	assert_int_equal(lapic_pending_vector(&apic), 0x5f);
	assert_int_equal(get(PPR), 0);
}

/* "Task Priority in IA-32e Mode": CR8 is TPR[7:4], and writing it clears TPR[3:0]. */
static void test_cr8(void **state)
{
	(void)state;
	put(TPR, 0x7b);
	assert_int_equal(lapic_cr8_read(&apic), 7);
	lapic_cr8_write(&apic, 9);
	assert_int_equal(get(TPR), 0x90);
	assert_int_equal(get(PPR), 0x90);
}

/* THREATS E06: nested as deep as there are classes, with all 240 vectors; EOI without ISR. */
static void test_nesting(void **state)
{
	unsigned taken = 0;

	(void)state;
	for (unsigned vector = 16; vector < 256; vector++)
		lapic_post(&apic, vector, false);
	for (unsigned class = 15; class > 0; class --) {
		for (unsigned i = 0; i < 16; i++, taken++) {
			int vector = lapic_pending_vector(&apic);

			assert_int_equal(vector, class * 16 + 15 - i);
			lapic_accept(&apic, (unsigned)vector);
			put(EOI, 0);
		}
	}
	assert_int_equal(taken, 240);
	assert_int_equal(lapic_pending_vector(&apic), -1);
	for (unsigned class = 1; class < 16; class ++) {
		lapic_raise(&apic, class * 16 + 3, false);
		assert_int_equal(lapic_pending_vector(&apic), class * 16 + 3);
		lapic_accept(&apic, class * 16 + 3);
	}
	for (unsigned class = 15; class > 0; class --) {
		assert_int_equal(get(PPR), class * 16);
		put(EOI, 0);
	}
	for (unsigned i = 0; i < 1000; i++)
		put(EOI, i);
	assert_int_equal(get(PPR), 0);
	assert_int_equal(effect.kinds, 0);
}

/*
 * A delivery that faulted did not happen: all is as before, also if a higher vector came meanwhile.
 */
static void test_unaccept(void **state)
{
	(void)state;
	lapic_raise(&apic, 0x31, false);
	lapic_accept(&apic, 0x31);
	lapic_raise(&apic, 0x82, true);
	lapic_accept(&apic, 0x82);
	lapic_unaccept(&apic, 0x82);
	assert_int_equal(get(PPR), 0x30);
	assert_int_equal(lapic_pending_vector(&apic), 0x82);
	assert_int_equal(get(TMR + 0x40), 4);
	lapic_accept(&apic, 0x82);
	lapic_unaccept(&apic, 0x82);
	lapic_raise(&apic, 0x93, false);
	assert_int_equal(lapic_pending_vector(&apic), 0x93);
	assert_int_equal(get(ISR + 0x40), 0);
}

/*
 * "Trigger Mode Register": an EOI is told for level-triggered vectors only, and only to who asked.
 */
static void test_watched_eoi(void **state)
{
	(void)state;
	lapic_watch(&apic, 1, BIT(0x41 - 64) | BIT(0x42 - 64));
	lapic_post(&apic, 0x41, true);
	lapic_post(&apic, 0x42, false);
	lapic_post(&apic, 0x43, true);
	assert_int_equal(lapic_pending_vector(&apic), 0x43);
	assert_int_equal(get(TMR + 0x20), BIT(1) | BIT(3));
	for (unsigned vector = 0x43; vector >= 0x41; vector--) {
		lapic_accept(&apic, vector);
		put(EOI, 0);
		assert_int_equal(effect.kinds, vector == 0x41 ? LAPIC_EFFECT_EOI : 0);
	}
	assert_int_equal(effect.eoi_vector, 0x41);
	/* The same vector as an edge clears TMR. */
	lapic_post(&apic, 0x41, false);
	lapic_merge(&apic);
	assert_int_equal(get(TMR + 0x20), BIT(3));
}

/* "Local APIC State After It Has Been Software Disabled" */
static void test_software_disabled(void **state)
{
	(void)state;
	put(LVT_TIMER, 0x40);
	put(LVT_LINT0, 0x700);
	lapic_raise(&apic, 0x50, false);
	lapic_post(&apic, 0x60, false);
	put(SVR, 0xff);
	assert_int_equal(get(LVT_TIMER), MASKED | 0x40);
	assert_false(lapic_extint_accepted(&apic));
	/* What was there is kept, what comes is not taken, and mask bits cannot be cleared. */
	lapic_post(&apic, 0x70, false);
	lapic_raise(&apic, 0x71, false);
	assert_int_equal(lapic_pending_vector(&apic), 0x60);
	put(LVT_TIMER, 0x41);
	assert_int_equal(get(LVT_TIMER), MASKED | 0x41);
	/* It can still send. */
	put(ICR, 0x4500);
	assert_int_equal(effect.kinds, LAPIC_EFFECT_IPI);
	assert_int_equal(effect.ipi.mode, LAPIC_INIT);
	put(SVR, 0x1ff);
	assert_int_equal(get(LVT_TIMER), MASKED | 0x41);
}

/* LINT0 from the 8259: ExtINT, NMI, fixed by edge and by level. */
static void test_line(void **state)
{
	(void)state;
	assert_true(lapic_post_line(&apic, true));
	assert_false(lapic_post_line(&apic, true));
	assert_false(lapic_extint_pending(&apic));
	put(LVT_LINT0, 0x700);
	assert_true(lapic_extint_pending(&apic));
	put(LVT_LINT0, 0x10700);
	assert_false(lapic_extint_pending(&apic));
	put(LVT_LINT0, 0x400);
	assert_false(lapic_take_nmi(&apic));
	lapic_post_line(&apic, false);
	lapic_merge(&apic);
	lapic_post_line(&apic, true);
	lapic_merge(&apic);
	assert_true(lapic_take_nmi(&apic));
	assert_false(lapic_take_nmi(&apic));
	put(LVT_LINT0, 0x45);
	assert_int_equal(lapic_pending_vector(&apic), -1);
	lapic_post_line(&apic, false);
	lapic_merge(&apic);
	lapic_post_line(&apic, true);
	assert_int_equal(lapic_pending_vector(&apic), 0x45);
}

/*
 * "Remote IRR Flag": set when a level interrupt is accepted, cleared by its EOI, then the line
 * counts again.
 */
static void test_line_level(void **state)
{
	(void)state;
	lapic_post_line(&apic, true);
	put(LVT_LINT0, 0x8046);
	assert_int_equal(get(LVT_LINT0), 0xc046);
	assert_int_equal(lapic_pending_vector(&apic), 0x46);
	for (unsigned i = 0; i < 3; i++) {
		lapic_accept(&apic, 0x46);
		assert_int_equal(lapic_pending_vector(&apic), -1);
		put(EOI, 0);
		assert_int_equal(lapic_pending_vector(&apic), 0x46);
	}
	lapic_accept(&apic, 0x46);
	lapic_post_line(&apic, false);
	lapic_merge(&apic);
	put(EOI, 0);
	assert_int_equal(get(LVT_LINT0), 0x8046);
	assert_int_equal(lapic_pending_vector(&apic), -1);
}

/*
 * What fell and rose before the owner looked, as for a period of the PIT, was an edge all the same; several
 * are one.
 */
static void test_line_edge_between_looks(void **state)
{
	(void)state;
	put(LVT_LINT0, 0x400);
	lapic_post_line(&apic, true);
	lapic_merge(&apic);
	assert_true(lapic_take_nmi(&apic));
	for (unsigned i = 0; i < 3; i++) {
		lapic_post_line(&apic, false);
		lapic_post_line(&apic, true);
	}
	lapic_merge(&apic);
	assert_true(lapic_take_nmi(&apic));
	lapic_merge(&apic);
	assert_false(lapic_take_nmi(&apic));
	put(LVT_LINT0, 0x45);
	assert_int_equal(lapic_pending_vector(&apic), -1);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(lapic_post_line(&apic, false));
		assert_true(lapic_post_line(&apic, true));
		assert_int_equal(lapic_pending_vector(&apic), 0x45);
		lapic_accept(&apic, 0x45);
		put(EOI, 0);
		assert_int_equal(lapic_pending_vector(&apic), -1);
	}
	/* A rise that is over; and a fall is none. */
	lapic_post_line(&apic, false);
	assert_int_equal(lapic_pending_vector(&apic), -1);
	lapic_post_line(&apic, true);
	lapic_post_line(&apic, false);
	assert_int_equal(lapic_pending_vector(&apic), 0x45);
	assert_int_equal(get(IRR + 0x20), BIT(5));
}

/* Where the level counts, and for the 8259's own vectors, only what is left of it does. */
static void test_line_level_between_looks(void **state)
{
	(void)state;
	put(LVT_LINT0, 0x8046);
	lapic_post_line(&apic, true);
	lapic_post_line(&apic, false);
	assert_int_equal(lapic_pending_vector(&apic), -1);
	assert_int_equal(get(LVT_LINT0), 0x8046);
	lapic_post_line(&apic, true);
	assert_int_equal(lapic_pending_vector(&apic), 0x46);
	lapic_accept(&apic, 0x46);
	lapic_post_line(&apic, false);
	lapic_post_line(&apic, true);
	assert_int_equal(lapic_pending_vector(&apic), -1);
	assert_int_equal(get(LVT_LINT0), 0xc046);
	put(EOI, 0);
	assert_int_equal(lapic_pending_vector(&apic), 0x46);
	put(LVT_LINT0, 0x700);
	lapic_accept(&apic, 0x46);
	lapic_post_line(&apic, false);
	lapic_post_line(&apic, true);
	assert_true(lapic_extint_pending(&apic));
	lapic_post_line(&apic, false);
	lapic_post_line(&apic, true);
	lapic_post_line(&apic, false);
	assert_false(lapic_extint_pending(&apic));
	assert_int_equal(lapic_pending_vector(&apic), -1);
	assert_false(lapic_take_nmi(&apic));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_reset_state, set_up_off),
		cmocka_unit_test_setup(test_init, set_up_x2apic),
		cmocka_unit_test_setup(test_priorities, set_up),
		cmocka_unit_test_setup(test_cr8, set_up),
		cmocka_unit_test_setup(test_nesting, set_up),
		cmocka_unit_test_setup(test_unaccept, set_up),
		cmocka_unit_test_setup(test_watched_eoi, set_up),
		cmocka_unit_test_setup(test_software_disabled, set_up),
		cmocka_unit_test_setup(test_line, set_up),
		cmocka_unit_test_setup(test_line_level, set_up),
		cmocka_unit_test_setup(test_line_edge_between_looks, set_up),
		cmocka_unit_test_setup(test_line_level_between_looks, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
