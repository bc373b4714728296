/* SPDX-License-Identifier: BSD-2-Clause */
/* The IOAPIC against its data sheet: registers, edge and level, remote IRR, EOIs, refused modes. */
/* sources: vmm/bus.c vmm/timers.c vmm/dev/ioapic.c */
#include "tests/unit/dev_fakes.h"
#include "tests/unit/random.h"

#include "vmm/dev/ioapic.h"

enum { SEL = 0x00, WIN = 0x10, EOIR = 0x40 };
enum {
	LEVEL = 0x8000,
	MASK = 0x10000,
	REMOTE_IRR = 0x4000,
	LOGICAL = 0x800,
	LOW_POLARITY = 0x2000
};

static struct ioapic io;

static uint64_t get(uint64_t offset, unsigned size)
{
	uint64_t value = 0;

	assert_true(bus_mmio_read(IOAPIC_BASE + offset, size, &value));
	return value;
}

static void put(uint64_t offset, unsigned size, uint64_t value)
{
	assert_true(bus_mmio_write(IOAPIC_BASE + offset, size, value));
}

static uint32_t reg(unsigned index)
{
	put(SEL, 4, index);
	return (uint32_t)get(WIN, 4);
}

static void set_reg(unsigned index, uint32_t value)
{
	put(SEL, 4, index);
	put(WIN, 4, value);
}

static void entry(unsigned pin, uint32_t low, uint32_t dest)
{
	set_reg(0x11 + 2 * pin, dest << 24);
	set_reg(0x10 + 2 * pin, low);
}

static uint32_t low(unsigned pin)
{
	return reg(0x10 + 2 * pin);
}

static const struct fake_message *last(void)
{
	return &fake.message[(fake.messages - 1) % ARRAY_SIZE(fake.message)];
}

static bool watched(unsigned vector)
{
	return (fake.watch[vector >> 6] >> (vector & 63) & 1) != 0;
}

static int setup(void **state)
{
	(void)state;
	fake_start();
	assert_int_equal(ioapic_init(&io, 5), ERR_NONE);
	bus_seal();
	return 0;
}

static void registers_after_reset(void **state)
{
	(void)state;
	assert_int_equal(reg(0), 5U << 24);
	assert_int_equal(reg(1), 0x00170020);
	assert_int_equal(reg(2), 5U << 24);
	for (unsigned pin = 0; pin < 24; pin++) {
		assert_int_equal(low(pin), MASK);
		assert_int_equal(reg(0x11 + 2 * pin), 0);
	}
}

static void every_index_is_in_bounds(void **state)
{
	(void)state;
	for (unsigned index = 0; index < 256; index++) {
		put(SEL, 4, index);
		assert_int_equal(get(SEL, 4), index);
		put(WIN, 4, 0xffffffff);
		uint32_t value = (uint32_t)get(WIN, 4);

		if (index == 1)
			assert_int_equal(value, 0x00170020);
		else if (index == 0 || index == 2)
			assert_int_equal(value, 0x0f000000);
		else if (index < 0x10 || index >= 0x40)
			assert_int_equal(value, 0xffffffff);
		else
			assert_int_equal(value, (index & 1) != 0 ? 0xff000000 : 0x0001afff);
	}
	put(SEL, 4, 0x1ff); /* 8 bits */
	assert_int_equal(get(SEL, 4), 0xff);
}

static void reset_restores_the_id(void **state)
{
	(void)state;
	set_reg(0, 0x09000000);
	assert_int_equal(reg(0), 0x09000000);
	entry(3, 0x40 | LEVEL, 0);
	io.dev.ops->reset(&io.dev);
	assert_int_equal(reg(0), 0x05000000);
	assert_int_equal(low(3), MASK);
	assert_false(watched(0x40));
}

static void an_edge_sends_one_message(void **state)
{
	(void)state;
	entry(4, 0x51, 0x12);
	ioapic_set(&io, 4, true);
	assert_int_equal(fake.messages, 1);
	assert_int_equal(last()->dest, 0x12);
	assert_false(last()->logical);
	assert_int_equal(last()->mode, 0);
	assert_int_equal(last()->vector, 0x51);
	assert_false(last()->level);
	ioapic_set(&io, 4, true);
	assert_int_equal(fake.messages, 1);
	assert_int_equal(low(4), 0x51); /* no remote IRR for an edge */
	ioapic_set(&io, 4, false);
	assert_int_equal(fake.messages, 1);
	ioapic_set(&io, 4, true);
	assert_int_equal(fake.messages, 2);
}

static void lowest_priority_and_logical_are_passed_on(void **state)
{
	(void)state;
	entry(23, 0xfe | 1 << 8 | LOGICAL, 0xff);
	ioapic_set(&io, 23, true);
	assert_int_equal(last()->dest, 0xff);
	assert_true(last()->logical);
	assert_int_equal(last()->mode, 1);
	assert_int_equal(last()->vector, 0xfe);
}

static void an_edge_on_a_masked_pin_is_lost(void **state)
{
	(void)state;
	entry(4, 0x51 | MASK, 0);
	ioapic_set(&io, 4, true);
	entry(4, 0x51, 0);
	assert_int_equal(fake.messages, 0);
	ioapic_set(&io, 4, false);
	ioapic_set(&io, 4, true);
	assert_int_equal(fake.messages, 1);
}

static void a_level_is_sent_once_until_eoi(void **state)
{
	(void)state;
	entry(9, 0x60 | LEVEL, 1);
	ioapic_set(&io, 9, true);
	assert_int_equal(fake.messages, 1);
	assert_true(last()->level);
	assert_int_equal(low(9), 0x60 | LEVEL | REMOTE_IRR);
	ioapic_set(&io, 9, false);
	ioapic_set(&io, 9, true);
	assert_int_equal(fake.messages, 1); /* in service */
	ioapic_eoi(&io, 0x61);
	assert_int_equal(fake.messages, 1); /* another's */
	ioapic_eoi(&io, 0x60);
	assert_int_equal(fake.messages, 2); /* still asserted: again, once */
	ioapic_set(&io, 9, false);
	ioapic_eoi(&io, 0x60);
	assert_int_equal(fake.messages, 2);
	assert_int_equal(low(9), 0x60 | LEVEL);
	ioapic_eoi(&io, 0x60); /* without anything in service */
	assert_int_equal(fake.messages, 2);
}

static void an_eoi_storm_on_a_stuck_line_sends_one_a_time(void **state)
{
	(void)state;
	entry(9, 0x60 | LEVEL, 1);
	ioapic_set(&io, 9, true);
	for (unsigned i = 2; i < 1000; i++) {
		ioapic_eoi(&io, 0x60);
		assert_int_equal(fake.messages, i);
	}
}

static void the_eoi_register_does_what_the_broadcast_does(void **state)
{
	(void)state;
	entry(9, 0x60 | LEVEL, 1);
	ioapic_set(&io, 9, true);
	ioapic_set(&io, 9, false);
	put(EOIR, 4, 0x60);
	assert_int_equal(low(9), 0x60 | LEVEL);
	ioapic_set(&io, 9, true);
	put(EOIR, 1, 0x60);
	assert_int_equal(fake.messages, 3);
}

static void one_vector_on_two_pins_ends_for_both(void **state)
{
	(void)state;
	entry(9, 0x60 | LEVEL, 1);
	entry(10, 0x60 | LEVEL, 1);
	ioapic_set(&io, 9, true);
	ioapic_set(&io, 10, true);
	assert_int_equal(fake.messages, 2);
	ioapic_set(&io, 9, false);
	ioapic_set(&io, 10, false);
	ioapic_eoi(&io, 0x60);
	assert_int_equal(low(9) & REMOTE_IRR, 0);
	assert_int_equal(low(10) & REMOTE_IRR, 0);
}

static void a_level_waits_out_its_mask(void **state)
{
	(void)state;
	entry(9, 0x60 | LEVEL | MASK, 1);
	ioapic_set(&io, 9, true);
	assert_int_equal(fake.messages, 0);
	assert_int_equal(low(9) & REMOTE_IRR, 0);
	entry(9, 0x60 | LEVEL, 1);
	assert_int_equal(fake.messages, 1);
	/* Masked while in service: the EOI ends it, and unmasking sends again. */
	set_reg(0x10 + 18, 0x60 | LEVEL | MASK);
	ioapic_eoi(&io, 0x60);
	assert_int_equal(fake.messages, 1);
	assert_int_equal(low(9) & REMOTE_IRR, 0);
	set_reg(0x10 + 18, 0x60 | LEVEL);
	assert_int_equal(fake.messages, 2);
	/* Masked and unmasked while in service, without EOI: not again. */
	set_reg(0x10 + 18, 0x60 | LEVEL | MASK);
	set_reg(0x10 + 18, 0x60 | LEVEL);
	assert_int_equal(fake.messages, 2);
}

static void switching_to_edge_frees_a_stuck_remote_irr(void **state)
{
	(void)state;
	entry(9, 0x60 | LEVEL, 1);
	ioapic_set(&io, 9, true);
	set_reg(0x10 + 18, 0x60 | MASK);
	assert_int_equal(low(9), 0x60 | MASK);
	set_reg(0x10 + 18, 0x60 | LEVEL);
	assert_int_equal(fake.messages, 2);
	assert_int_equal(low(9), 0x60 | LEVEL | REMOTE_IRR);
}

static void a_vector_changed_in_service_ends_with_either(void **state)
{
	(void)state;
	entry(9, 0x60 | LEVEL, 1);
	ioapic_set(&io, 9, true);
	set_reg(0x10 + 18, 0x61 | LEVEL);
	assert_true(watched(0x60) && watched(0x61));
	assert_int_equal(low(9) & REMOTE_IRR, REMOTE_IRR);
	ioapic_eoi(&io, 0x60); /* the CPU's, of what was sent */
	assert_int_equal(fake.messages, 2);
	assert_int_equal(last()->vector, 0x61);
	assert_false(watched(0x60));
	set_reg(0x10 + 18, 0x05 | LEVEL); /* a vector that cannot be sent */
	ioapic_set(&io, 9, false);
	put(EOIR, 4, 0x05);
	assert_int_equal(low(9) & REMOTE_IRR, 0);
}

static void read_only_bits_cannot_be_written(void **state)
{
	(void)state;
	entry(9, 0xffffffff & ~0xffU & ~0x700U, 0xab);
	assert_int_equal(low(9), 0x0001a800);
	set_reg(0x11 + 18, 0xffffffff);
	assert_int_equal(reg(0x11 + 18), 0xff000000);
	/* Remote IRR survives a write of 0 to it as long as the pin is level-triggered. */
	entry(9, 0x60 | LEVEL, 1);
	ioapic_set(&io, 9, true);
	set_reg(0x10 + 18, 0x60 | LEVEL);
	assert_int_equal(low(9), 0x60 | LEVEL | REMOTE_IRR);
}

static void polarity_is_only_remembered(void **state)
{
	(void)state;
	entry(9, 0x60 | LEVEL | LOW_POLARITY, 1);
	assert_int_equal(fake.messages, 0);
	ioapic_set(&io, 9, true);
	assert_int_equal(fake.messages, 1);
	assert_int_equal(low(9), 0x60 | LEVEL | LOW_POLARITY | REMOTE_IRR);
}

static void dangerous_delivery_modes_are_refused(void **state)
{
	static const bool passes[8] = {[0] = true, [1] = true, [4] = true, [7] = true};

	(void)state;
	for (unsigned mode = 0; mode < 8; mode++) {
		for (unsigned level = 0; level < 2; level++) {
			unsigned before = fake.messages;
			uint64_t refused = io.refused;

			ioapic_set(&io, 7, false);
			entry(7, 0x70 | mode << 8 | (level != 0 ? LEVEL : 0), 3);
			ioapic_set(&io, 7, true);
			assert_int_equal(fake.messages - before, passes[mode]);
			assert_int_equal(io.refused - refused, !passes[mode]);
			if (passes[mode])
				assert_int_equal(last()->mode, mode);
			/* Only fixed and lowest priority know levels. */
			assert_int_equal((low(7) & REMOTE_IRR) != 0, level != 0 && mode < 2);
			if (mode == 4 || mode == 7)
				assert_false(last()->level);
			entry(7, MASK, 0);
		}
	}
}

static void vectors_below_16_are_refused_and_leave_nothing_stuck(void **state)
{
	(void)state;
	for (unsigned vector = 0; vector < 256; vector++) {
		unsigned before = fake.messages;

		entry(7, vector | LEVEL, 0);
		ioapic_set(&io, 7, true);
		assert_int_equal(fake.messages - before, vector >= 16);
		assert_int_equal((low(7) & REMOTE_IRR) != 0, vector >= 16);
		assert_int_equal(watched(vector), vector >= 16);
		ioapic_set(&io, 7, false);
		entry(7, MASK, 0);
	}
}

static void the_watched_set_follows_the_entries(void **state)
{
	(void)state;
	entry(9, 0x60 | LEVEL | MASK, 1);
	assert_true(watched(0x60)); /* it may be masked while in service */
	entry(10, 0xfe | LEVEL, 1);
	assert_true(watched(0xfe) && watched(0x60));
	unsigned told = fake.watches;

	entry(10, 0xfe | LEVEL, 2); /* no change of the set */
	assert_int_equal(fake.watches, told);
	entry(9, 0x60, 1);
	assert_false(watched(0x60));
	entry(10, 0xfe | LEVEL | 4 << 8, 2); /* NMI: no EOI to hear of */
	assert_false(watched(0xfe));
}

static void odd_sizes_are_defined(void **state)
{
	(void)state;
	set_reg(0x11 + 6, 0xab000000);
	put(SEL, 1, 0x11 + 6); /* IOREGSEL has 8 bits */
	assert_int_equal(get(SEL, 1), 0x17);
	assert_int_equal(get(WIN, 2), 0);
	assert_true(get(WIN, 8) == 0xab000000ULL);
	put(WIN, 1, 0xff);
	put(WIN, 2, 0xffff);
	assert_int_equal(get(WIN, 4), 0xab000000);
	put(WIN, 8, 0xffffffff12345678ULL);
	assert_int_equal(get(WIN, 4), 0x12000000);
	/* Misaligned, between the registers, at the end of the page. */
	assert_int_equal(get(WIN + 1, 4), 0xffffffff);
	assert_int_equal(get(0x20, 4), 0xffffffff);
	assert_true(get(0xff8, 8) == UINT64_MAX);
	put(WIN + 1, 4, 0);
	put(0x20, 4, 0);
	assert_int_equal(get(WIN, 4), 0x12000000);
}

static void pins_beyond_the_last_do_nothing(void **state)
{
	(void)state;
	ioapic_set(&io, 24, true);
	ioapic_set(&io, 31, true);
	ioapic_set(&io, UINT32_MAX, true);
	ioapic_eoi(&io, 4000);
	assert_int_equal(fake.messages, 0);
}

/*
 * Whatever a guest writes, on any pin: a message is sent only for an allowed mode and vector, and
 * remote IRR implies a level-triggered entry whose EOI is watched.
 */
static void any_sequence_keeps_the_invariants(void **state)
{
	(void)state;
	for (unsigned step = 0; step < 100000; step++) {
		unsigned before = fake.messages;
		uint32_t draw = (uint32_t)next_random();
		unsigned pin = (draw >> 8) % 24;

		switch (draw >> 29) {
		case 0:
		case 1:
		case 2:
			ioapic_set(&io, pin, (draw >> 20 & 1) != 0);
			break;
		case 3:
		case 4:
			set_reg(0x10 + 2 * pin, (uint32_t)next_random() & 0x3ffff);
			break;
		case 5:
			ioapic_eoi(&io, draw >> 16 & 0xff);
			break;
		default:
			put((draw >> 4) & 0xff8, 1U << (draw >> 13 & 3), draw);
			break;
		}
		for (unsigned i = before; i < fake.messages && i < before + 64; i++) {
			const struct fake_message *m = &fake.message[i % 64];

			assert_true(m->mode == 0 || m->mode == 1 || m->mode == 4 || m->mode == 7);
			assert_true(m->mode >= 4 || m->vector >= 16);
		}
		assert_true(fake.messages - before <= 24);
		for (unsigned i = 0; i < 24; i++) {
			uint64_t e = io.entry[i];

			if ((e & REMOTE_IRR) != 0)
				assert_true((e & LEVEL) != 0 && watched(io.sent[i]));
			/* No interrupt is left behind: an asserted level that may go has gone. */
			if ((e & LEVEL) != 0 && (e >> 8 & 7) < 2 && (e & 0xff) >= 16 &&
			    (e & MASK) == 0 && (io.lines >> i & 1) != 0)
				assert_true((e & REMOTE_IRR) != 0);
		}
	}
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(registers_after_reset),
		T(every_index_is_in_bounds),
		T(reset_restores_the_id),
		T(an_edge_sends_one_message),
		T(lowest_priority_and_logical_are_passed_on),
		T(an_edge_on_a_masked_pin_is_lost),
		T(a_level_is_sent_once_until_eoi),
		T(an_eoi_storm_on_a_stuck_line_sends_one_a_time),
		T(the_eoi_register_does_what_the_broadcast_does),
		T(one_vector_on_two_pins_ends_for_both),
		T(a_level_waits_out_its_mask),
		T(switching_to_edge_frees_a_stuck_remote_irr),
		T(a_vector_changed_in_service_ends_with_either),
		T(read_only_bits_cannot_be_written),
		T(polarity_is_only_remembered),
		T(dangerous_delivery_modes_are_refused),
		T(vectors_below_16_are_refused_and_leave_nothing_stuck),
		T(the_watched_set_follows_the_entries),
		T(odd_sizes_are_defined),
		T(pins_beyond_the_last_do_nothing),
		T(any_sequence_keeps_the_invariants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
