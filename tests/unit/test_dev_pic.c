/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 8259A pair against its data sheet: initialization, priorities, EOIs, modes, cascade,
 * spurious.
 */
/* sources: vmm/bus.c vmm/timers.c vmm/dev/pic.c */
#include "tests/unit/dev_fakes.h"
#include "tests/unit/random.h"

#include "vmm/dev/pic.h"

enum { M = 0x20, M1 = 0x21, S = 0xa0, S1 = 0xa1, ELCR0 = 0x4d0, ELCR1 = 0x4d1 };

static struct pic pic;

/* As every PC's software does it: vectors 30h and 38h, all unmasked, normal EOI. */
static void init_pair(unsigned icw4)
{
	out8(M, 0x11);
	out8(M1, 0x30);
	out8(M1, 0x04);
	out8(M1, icw4);
	out8(S, 0x11);
	out8(S1, 0x38);
	out8(S1, 0x02);
	out8(S1, icw4 & ~0x10U);
}

static int setup(void **state)
{
	(void)state;
	fake_start();
	memset(&pic, 0, sizeof(pic));
	assert_int_equal(pic_init(&pic), ERR_NONE);
	bus_seal();
	init_pair(0x01);
	return 0;
}

static void pulse(unsigned irq)
{
	pic_set(&pic, irq, false);
	pic_set(&pic, irq, true);
}

static uint8_t isr(uint16_t port)
{
	out8(port, 0x0b);
	uint8_t value = in8(port);

	out8(port, 0x0a);
	return value;
}

static void a_request_is_acknowledged_and_served(void **state)
{
	(void)state;
	assert_false(fake.intr);
	pulse(3);
	assert_true(fake.intr);
	assert_int_equal(in8(M), 0x08);
	assert_int_equal(pic_inta(&pic), 0x33);
	assert_false(fake.intr);
	assert_int_equal(in8(M),
			 0); /* an edge's request ends with INTA though the line is still high */
	assert_int_equal(isr(M), 0x08);
	out8(M, 0x20);
	assert_int_equal(isr(M), 0);
	assert_false(fake.intr);
}

static void an_edge_needs_a_low_first(void **state)
{
	(void)state;
	pic_set(&pic, 1, true);
	assert_int_equal(pic_inta(&pic), 0x31);
	out8(M, 0x20);
	pic_set(&pic, 1, true);
	assert_false(fake.intr);
	pulse(1);
	assert_true(fake.intr);
}

static void lower_numbers_come_first_and_nest(void **state)
{
	(void)state;
	pulse(5);
	pulse(1);
	pulse(7);
	assert_int_equal(pic_inta(&pic), 0x31);
	assert_false(fake.intr); /* 5 and 7 wait for 1 */
	pulse(0);
	assert_true(fake.intr);
	assert_int_equal(pic_inta(&pic), 0x30);
	assert_int_equal(isr(M), 0x03);
	out8(M, 0x20); /* non-specific: the highest in service, 0 */
	assert_int_equal(isr(M), 0x02);
	assert_false(fake.intr);
	out8(M, 0x20);
	assert_int_equal(pic_inta(&pic), 0x35);
	assert_false(fake.intr);
	out8(M, 0x65); /* specific, 5 */
	assert_int_equal(pic_inta(&pic), 0x37);
}

static void the_mask_holds_a_request_without_losing_it(void **state)
{
	(void)state;
	out8(M1, 0x08);
	assert_int_equal(in8(M1), 0x08);
	pulse(3);
	assert_false(fake.intr);
	assert_int_equal(in8(M), 0x08);
	out8(M1, 0);
	assert_true(fake.intr);
	assert_int_equal(pic_inta(&pic), 0x33);
}

static void a_request_that_goes_before_inta_is_spurious_7(void **state)
{
	(void)state;
	pulse(3);
	pic_set(&pic, 3, false);
	assert_false(fake.intr);
	assert_int_equal(pic_inta(&pic), 0x37);
	assert_int_equal(isr(M), 0); /* no in-service bit tells it from a real IRQ 7 */
	pulse(7);
	assert_int_equal(pic_inta(&pic), 0x37);
	assert_int_equal(isr(M), 0x80);
}

static void the_slave_goes_through_input_2(void **state)
{
	(void)state;
	pulse(12);
	assert_true(fake.intr);
	assert_int_equal(in8(M), 0x04);
	assert_int_equal(in8(S), 0x10);
	assert_int_equal(pic_inta(&pic), 0x3c);
	assert_int_equal(isr(M), 0x04);
	assert_int_equal(isr(S), 0x10);
	pulse(9); /* higher within the slave, but the master is not special fully nested */
	assert_false(fake.intr);
	pulse(1);
	assert_true(fake.intr);
	assert_int_equal(pic_inta(&pic), 0x31);
	out8(M, 0x20);
	out8(S, 0x20);
	out8(M, 0x20);
	assert_int_equal(pic_inta(&pic), 0x39);
}

static void a_slave_request_outranks_master_3(void **state)
{
	(void)state;
	pulse(3);
	pulse(15);
	assert_int_equal(pic_inta(&pic), 0x3f);
	out8(S, 0x20);
	out8(M, 0x20);
	assert_int_equal(pic_inta(&pic), 0x33);
}

static void two_slave_requests_are_both_delivered(void **state)
{
	(void)state;
	pulse(8);
	pulse(14);
	assert_int_equal(pic_inta(&pic), 0x38);
	out8(S, 0x20);
	out8(M, 0x20);
	assert_true(fake.intr);
	assert_int_equal(pic_inta(&pic), 0x3e);
}

static void special_fully_nested_lets_the_slave_nest(void **state)
{
	(void)state;
	init_pair(0x11);
	pulse(12);
	assert_int_equal(pic_inta(&pic), 0x3c);
	pulse(14);
	assert_false(fake.intr); /* lower within the slave */
	pulse(3);
	assert_false(fake.intr); /* lower in the master than the slave in service */
	pulse(9);
	assert_true(fake.intr);
	assert_int_equal(pic_inta(&pic), 0x39);
	assert_int_equal(isr(S), 0x12);
}

static void the_slave_alone_cannot_be_special_fully_nested(void **state)
{
	(void)state;
	out8(S, 0x11);
	out8(S1, 0x38);
	out8(S1, 0x02);
	out8(S1, 0x11); /* SFNM in the slave */
	pulse(10);
	assert_int_equal(pic_inta(&pic), 0x3a);
	out8(M, 0x20);
	pulse(10);
	assert_false(fake.intr); /* its own input 2 in service blocks input 2 */
}

static void automatic_eoi_leaves_nothing_in_service(void **state)
{
	(void)state;
	init_pair(0x03);
	pulse(4);
	assert_int_equal(pic_inta(&pic), 0x34);
	assert_int_equal(isr(M), 0);
	pulse(6);
	assert_int_equal(pic_inta(&pic), 0x36);
	pulse(11);
	assert_int_equal(pic_inta(&pic), 0x3b);
	assert_int_equal(isr(S), 0);
}

/* The slave's INT falls at each acknowledge: what still asks is a new edge for the master. */
static void a_slave_with_automatic_eoi_delivers_both(void **state)
{
	(void)state;
	init_pair(0x03);
	pulse(10);
	pulse(12);
	assert_int_equal(pic_inta(&pic), 0x3a);
	assert_true(fake.intr);
	assert_int_equal(pic_inta(&pic), 0x3c);
	assert_false(fake.intr);
}

static void rotation_in_automatic_eoi(void **state)
{
	(void)state;
	init_pair(0x03);
	out8(M, 0x80);
	pulse(3);
	assert_int_equal(pic_inta(&pic), 0x33); /* 3 is lowest now */
	pulse(3);
	pulse(4);
	assert_int_equal(pic_inta(&pic), 0x34);
	assert_int_equal(pic_inta(&pic), 0x33);
	out8(M, 0x00); /* cleared: the order stays as it is, 3 lowest */
	pulse(5);
	assert_int_equal(pic_inta(&pic), 0x35);
	pulse(3);
	pulse(5);
	assert_int_equal(pic_inta(&pic), 0x35);
}

static void rotate_on_non_specific_eoi(void **state)
{
	(void)state;
	pulse(4);
	assert_int_equal(pic_inta(&pic), 0x34);
	out8(M, 0xa0); /* 4 becomes the lowest: 5 6 7 0 1 2 3 4 */
	pulse(4);
	pulse(0);
	pulse(6);
	assert_int_equal(pic_inta(&pic), 0x36);
	out8(M, 0x20);
	assert_int_equal(pic_inta(&pic), 0x30);
	out8(M, 0x20);
	assert_int_equal(pic_inta(&pic), 0x34);
}

static void rotate_on_specific_eoi_and_set_priority(void **state)
{
	(void)state;
	out8(M, 0xc2); /* 2 lowest: 3 is the highest */
	pulse(0);
	pulse(3);
	assert_int_equal(pic_inta(&pic), 0x33);
	assert_false(fake.intr);
	out8(M, 0xe3); /* ends 3 and makes it the lowest */
	assert_int_equal(isr(M), 0);
	pulse(4);
	assert_int_equal(pic_inta(&pic), 0x34);
	out8(M, 0x64);
	assert_int_equal(pic_inta(&pic), 0x30);
}

static void a_non_specific_eoi_with_nothing_in_service_does_nothing(void **state)
{
	(void)state;
	out8(M, 0x20);
	out8(M, 0xa0);
	pulse(7);
	pulse(0);
	assert_int_equal(pic_inta(&pic), 0x30);
}

static void ocw2_without_eoi_is_no_operation(void **state)
{
	(void)state;
	pulse(2 + 1);
	assert_int_equal(pic_inta(&pic), 0x33);
	out8(M, 0x43);
	assert_int_equal(isr(M), 0x08);
}

static void special_mask_mode_lets_lower_levels_in(void **state)
{
	(void)state;
	pulse(1);
	assert_int_equal(pic_inta(&pic), 0x31);
	out8(M1, 0x02);
	out8(M, 0x68); /* ESMM SMM */
	pulse(5);
	assert_true(fake.intr);
	assert_int_equal(pic_inta(&pic), 0x35);
	out8(M, 0x20); /* a non-specific EOI does not see the masked level */
	assert_int_equal(isr(M), 0x02);
	out8(M, 0x20);
	assert_int_equal(isr(M), 0x02);
	out8(M, 0x61);
	assert_int_equal(isr(M), 0);
}

static void special_mask_mode_needs_its_enable_bit(void **state)
{
	(void)state;
	pulse(1);
	assert_int_equal(pic_inta(&pic), 0x31);
	out8(M1, 0x02);
	out8(M, 0x28); /* SMM without ESMM: no effect */
	pulse(5);
	assert_false(fake.intr);
	out8(M, 0x68);
	assert_true(fake.intr);
	out8(M, 0x08); /* neither: stays */
	assert_true(fake.intr);
	out8(M, 0x48); /* off */
	assert_false(fake.intr);
}

static void a_poll_is_an_acknowledge(void **state)
{
	(void)state;
	out8(M, 0x0c);
	assert_int_equal(in8(M), 0x00); /* no request */
	assert_int_equal(in8(M), 0x00); /* and that was the whole poll: this is IRR */
	pulse(6);
	out8(M, 0x0c);
	assert_int_equal(in8(M), 0x86);
	assert_false(fake.intr);
	assert_int_equal(isr(M), 0x40);
	out8(M, 0x20);
	/* By the odd port too. */
	pulse(5);
	out8(M, 0x0c);
	assert_int_equal(in8(M1), 0x85);
	assert_int_equal(in8(M1), 0x00);
	out8(M, 0x20);
	/* A poll of the master for the slave leaves the slave to be polled. */
	pulse(13);
	out8(M, 0x0c);
	assert_int_equal(in8(M), 0x82);
	out8(S, 0x0c);
	assert_int_equal(in8(S), 0x85);
	assert_int_equal(isr(S), 0x20);
}

static void ocw3_remembers_which_register_is_read(void **state)
{
	(void)state;
	pulse(4);
	assert_int_equal(pic_inta(&pic), 0x34);
	pulse(6);
	out8(M, 0x0b);
	assert_int_equal(in8(M), 0x10);
	assert_int_equal(in8(M), 0x10);
	out8(M, 0x08); /* RR 0: no change */
	assert_int_equal(in8(M), 0x10);
	out8(M, 0x0a);
	assert_int_equal(in8(M), 0x40);
}

static void icw1_clears_what_the_data_sheet_says(void **state)
{
	(void)state;
	out8(M, 0xc3);
	out8(M1, 0xff);
	out8(M, 0x6b); /* special mask, read ISR */
	pulse(5);
	out8(M, 0x11);
	out8(M1, 0x47); /* the low three bits of ICW2 are the level's */
	out8(M1, 0x04);
	out8(M1, 0x01);
	assert_int_equal(in8(M1), 0); /* IMR */
	assert_int_equal(in8(M), 0);  /* IRR is selected, and the edge sense was reset */
	assert_false(fake.intr);      /* though line 5 is still high */
	pulse(5);
	pulse(4);
	assert_int_equal(pic_inta(&pic), 0x44); /* priorities are back */
}

static void icw4_is_optional_and_icw3_depends_on_cascade(void **state)
{
	(void)state;
	init_pair(0x03); /* automatic EOI */
	out8(M, 0x10);	 /* no ICW4 */
	out8(M1, 0x50);
	out8(M1, 0x04);
	out8(M1, 0x81); /* OCW1 already */
	assert_int_equal(in8(M1), 0x81);
	pulse(5);
	assert_int_equal(pic_inta(&pic), 0x55);
	assert_int_equal(isr(M), 0x20); /* ICW4's functions are off */
	out8(M, 0x13);			/* single, with ICW4 */
	out8(M1, 0x60);
	out8(M1, 0x01);
	out8(M1, 0x00);
	assert_int_equal(in8(M1), 0);
	out8(M, 0x12); /* single, no ICW4 */
	out8(M1, 0x70);
	out8(M1, 0x0f);
	assert_int_equal(in8(M1), 0x0f);
}

static void a_single_master_answers_for_input_2_itself(void **state)
{
	(void)state;
	out8(M, 0x13);
	out8(M1, 0x60);
	out8(M1, 0x01);
	pulse(9);
	assert_int_equal(pic_inta(&pic), 0x62);
}

static void a_slave_of_another_identity_leaves_the_bus_floating(void **state)
{
	(void)state;
	out8(S, 0x11);
	out8(S1, 0x38);
	out8(S1, 0x05);
	out8(S1, 0x01);
	pulse(9);
	assert_int_equal(pic_inta(&pic), 0xff);
	assert_int_equal(isr(M), 0x04);
	assert_int_equal(isr(S), 0);
}

static void level_inputs_ask_until_they_are_released(void **state)
{
	(void)state;
	out8(ELCR0, 0xff);
	out8(ELCR1, 0xff);
	assert_int_equal(in8(ELCR0), 0xf8); /* 0, 1, 2 are always edges */
	assert_int_equal(in8(ELCR1), 0xde); /* 8 and 13 too */
	pic_set(&pic, 10, true);
	assert_int_equal(pic_inta(&pic), 0x3a);
	out8(S, 0x20);
	out8(M, 0x20);
	assert_true(fake.intr);
	assert_int_equal(pic_inta(&pic), 0x3a);
	pic_set(&pic, 10, false);
	out8(S, 0x20);
	out8(M, 0x20);
	assert_false(fake.intr);
	/* ICW1 does not lose a level. */
	pic_set(&pic, 5, true);
	init_pair(1);
	assert_true(fake.intr);
	assert_int_equal(pic_inta(&pic), 0x35);
}

static void ltim_of_icw1_is_ignored(void **state)
{
	(void)state;
	out8(M, 0x19);
	out8(M1, 0x30);
	out8(M1, 0x04);
	out8(M1, 0x01);
	pic_set(&pic, 5, true);
	assert_int_equal(pic_inta(&pic), 0x35);
	out8(M, 0x20);
	assert_false(fake.intr);
}

static void nothing_comes_after_reset_until_it_is_unmasked(void **state)
{
	(void)state;
	pic.dev.ops->reset(&pic.dev);
	pulse(1);
	pulse(14);
	assert_false(fake.intr);
	assert_int_equal(in8(M1), 0xff);
	assert_int_equal(in8(S1), 0xff);
	assert_int_equal(in8(ELCR1), 0x02); /* the SCI */
	/* Then they are where a BIOS has them. */
	out8(M1, 0xf8);
	out8(S1, 0xbf);
	assert_int_equal(pic_inta(&pic), 0x09);
	out8(M, 0x20);
	assert_int_equal(pic_inta(&pic), 0x76);
}

static void out_of_range_inputs_do_nothing(void **state)
{
	(void)state;
	pic_set(&pic, 2, true);
	pic_set(&pic, 16, true);
	pic_set(&pic, UINT32_MAX, true);
	assert_false(fake.intr);
}

/* INTR is told on change only, and always agrees with the state; no command recurses or hangs. */
static void any_sequence_keeps_intr_consistent(void **state)
{
	static const uint16_t ports[] = {M, M1, S, S1, ELCR0, ELCR1};

	(void)state;
	for (unsigned step = 0; step < 200000; step++) {
		bool before = fake.intr;
		unsigned changes = fake.intr_changes;
		uint32_t draw = (uint32_t)next_random();

		switch (draw >> 28 & 3) {
		case 0:
			pic_set(&pic, draw >> 8 & 15, (draw >> 12 & 1) != 0);
			break;
		case 1:
			out8(ports[(draw >> 8) % 6], draw >> 16 & 0xff);
			break;
		case 2:
			in8(ports[(draw >> 8) % 6]);
			break;
		default: {
			bool asked = fake.intr;
			uint8_t in_service = pic.chip[0].isr;
			uint8_t vector = pic_inta(&pic);

			/* Nothing asked: the spurious vector, and no in-service bit. */
			if (!asked) {
				assert_int_equal(vector, (pic.chip[0].icw[2] & 0xf8) | 7);
				assert_int_equal(pic.chip[0].isr, in_service);
			}
			break;
		}
		}
		assert_true(fake.intr_changes == changes || fake.intr != before ||
			    fake.intr_changes > changes + 1);
		assert_int_equal(fake.intr, pic.output);
	}
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_request_is_acknowledged_and_served),
		T(an_edge_needs_a_low_first),
		T(lower_numbers_come_first_and_nest),
		T(the_mask_holds_a_request_without_losing_it),
		T(a_request_that_goes_before_inta_is_spurious_7),
		T(the_slave_goes_through_input_2),
		T(a_slave_request_outranks_master_3),
		T(two_slave_requests_are_both_delivered),
		T(special_fully_nested_lets_the_slave_nest),
		T(the_slave_alone_cannot_be_special_fully_nested),
		T(automatic_eoi_leaves_nothing_in_service),
		T(a_slave_with_automatic_eoi_delivers_both),
		T(rotation_in_automatic_eoi),
		T(rotate_on_non_specific_eoi),
		T(rotate_on_specific_eoi_and_set_priority),
		T(a_non_specific_eoi_with_nothing_in_service_does_nothing),
		T(ocw2_without_eoi_is_no_operation),
		T(special_mask_mode_lets_lower_levels_in),
		T(special_mask_mode_needs_its_enable_bit),
		T(a_poll_is_an_acknowledge),
		T(ocw3_remembers_which_register_is_read),
		T(icw1_clears_what_the_data_sheet_says),
		T(icw4_is_optional_and_icw3_depends_on_cascade),
		T(a_single_master_answers_for_input_2_itself),
		T(a_slave_of_another_identity_leaves_the_bus_floating),
		T(level_inputs_ask_until_they_are_released),
		T(ltim_of_icw1_is_ignored),
		T(nothing_comes_after_reset_until_it_is_unmasked),
		T(out_of_range_inputs_do_nothing),
		T(any_sequence_keeps_intr_consistent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
