/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS E11: the 8259A pair against a second model, written from the data sheet with an array for each
 * register and a list for the priorities. Any sequence of lines, commands, polls and acknowledges gives the
 * same INT, vectors and registers. FREEHOLD_LONG=1 plays fifty times as long.
 */
/* sources: vmm/bus.c vmm/timers.c vmm/dev/pic.c */
#include "tests/unit/dev_fakes.h"
#include "tests/unit/random.h"

#include <stdlib.h>

#include "vmm/dev/pic.h"
#include "vmm/dev/wiring.h"

enum { NONE = -1, SLAVE_INPUT = 2 };

struct chip {
	bool line[8], latch[8], served[8], masked[8], level[8];
	int order[8]; /* the inputs, highest priority first */
	bool is_slave, special_mask, auto_eoi, rotates, nested, polled, shows_isr;
	uint8_t vectors;
};

static struct chip chips[2]; /* master, slave */
static struct pic pic;

static bool asks(const struct chip *c, int input)
{
	return (c->level[input] ? c->line[input] : c->latch[input]) && !c->masked[input];
}

/* "Fully Nested Mode", "Special Mask Mode", "Special Fully Nested Mode": from the top to what is served. */
static int winner(const struct chip *c)
{
	for (int i = 0; i < 8; i++) {
		int input = c->order[i];
		bool blocks = c->served[input] && !(c->special_mask && c->masked[input]);
		bool nests = c->nested && !c->is_slave && input == SLAVE_INPUT;

		if (asks(c, input) && (!blocks || nests))
			return input;
		if (blocks)
			return NONE;
	}
	return NONE;
}

static void drive(struct chip *c, int input, bool level)
{
	c->latch[input] = level && (c->latch[input] || !c->line[input]);
	c->line[input] = level;
}

static void settle(void)
{
	drive(&chips[0], SLAVE_INPUT, winner(&chips[1]) != NONE);
}

/* "Automatic Rotation": what was served becomes the lowest. */
static void make_lowest(struct chip *c, int input)
{
	for (int i = 0; i < 8; i++)
		c->order[i] = (input + 1 + i) % 8;
}

/* An acknowledge, by INTA or by a poll: INT falls with it, and may rise again. */
static int acknowledge(struct chip *c)
{
	int input = winner(c);

	if (c->is_slave)
		drive(&chips[0], SLAVE_INPUT, false);
	if (input == NONE)
		return NONE;
	c->latch[input] = false;
	if (!c->auto_eoi)
		c->served[input] = true;
	else if (c->rotates)
		make_lowest(c, input);
	return input;
}

static uint8_t inta(void)
{
	int input = acknowledge(&chips[0]);

	if (input != SLAVE_INPUT)
		return (uint8_t)(chips[0].vectors + (input == NONE ? 7 : input));
	input = acknowledge(&chips[1]);
	return (uint8_t)(chips[1].vectors + (input == NONE ? 7 : input));
}

/* "Operation Command Word 2": R, SL and EOI in bits 7:5. */
static void command_eoi(struct chip *c, uint8_t value)
{
	bool rotate = value & 0x80, specific = value & 0x40, eoi = value & 0x20;
	int input = specific ? value & 7 : NONE;

	if (!specific && !eoi) {
		c->rotates = rotate;
		return;
	}
	for (int i = 0; i < 8 && eoi && !specific && input == NONE; i++) {
		int served = c->order[i];

		if (c->served[served] && !(c->special_mask && c->masked[served]))
			input = served;
	}
	if (input == NONE)
		return;
	if (eoi)
		c->served[input] = false;
	if (rotate)
		make_lowest(c, input);
}

/* "Operation Command Word 3" */
static void command_mode(struct chip *c, uint8_t value)
{
	if (value & 0x40)
		c->special_mask = value & 0x20;
	if (value & 0x04)
		c->polled = true;
	else if (value & 0x02)
		c->shows_isr = value & 0x01;
}

/* "Initialization Command Words": of what is kept there are only the lines and the ELCR. */
static void initialize(unsigned which, uint8_t vectors, uint8_t icw4)
{
	struct chip *c = &chips[which], before = *c;

	*c = (struct chip){.is_slave = which == 1,
			   .vectors = vectors & 0xf8,
			   .auto_eoi = icw4 & 2,
			   .nested = icw4 & 0x10};
	memcpy(c->line, before.line, sizeof(c->line));
	memcpy(c->level, before.level, sizeof(c->level));
	make_lowest(c, 7);
	out8(which ? 0xa0 : 0x20, 0x11);
	out8(which ? 0xa1 : 0x21, vectors);
	out8(which ? 0xa1 : 0x21, which ? SLAVE_INPUT : 1 << SLAVE_INPUT);
	out8(which ? 0xa1 : 0x21, icw4);
}

static uint8_t bits(const bool *set)
{
	unsigned value = 0;

	for (unsigned i = 0; i < 8; i++)
		value |= set[i] ? 1U << i : 0;
	return (uint8_t)value;
}

static uint8_t requests(const struct chip *c)
{
	bool set[8];

	for (int i = 0; i < 8; i++)
		set[i] = c->level[i] ? c->line[i] : c->latch[i];
	return bits(set);
}

static uint8_t read_even(struct chip *c)
{
	int input;

	if (!c->polled)
		return c->shows_isr ? bits(c->served) : requests(c);
	c->polled = false;
	input = acknowledge(c);
	return (uint8_t)(input == NONE ? 0 : 0x80 | input);
}

static void act(void)
{
	unsigned which = pick(2), irq = pick(16);
	uint16_t port = which ? 0xa0 : 0x20;
	struct chip *c = &chips[which];
	uint8_t value = (uint8_t)pick(256);

	switch (pick(12)) {
	case 0 ... 3:
		if (irq != SLAVE_INPUT)
			drive(&chips[irq / 8], (int)irq % 8, value & 1);
		pic_set(&pic, irq, value & 1);
		break;
	case 4: /* OCW1, more often open than not */
		value &= (uint8_t)pick(256);
		for (unsigned i = 0; i < 8; i++)
			c->masked[i] = value >> i & 1;
		out8(port + 1, value);
		break;
	case 5 ... 6:
		command_eoi(c, value & 0xe7);
		out8(port, value & 0xe7);
		break;
	case 7:
		value = (uint8_t)((value & 0x67) | 8);
		command_mode(c, value);
		out8(port, value);
		break;
	case 8:
		assert_int_equal(in8(port), read_even(c));
		break;
	case 9:
		if (pick(40) == 0)
			initialize(which, (uint8_t)pick(256), value & 0x13);
		else if (pick(20) == 0) {
			value &= which ? 0xde : 0xf8; /* the others are edges always */
			for (unsigned i = 0; i < 8; i++)
				c->level[i] = value >> i & 1;
			out8((uint16_t)(PORT_ELCR + which), value);
		}
		break;
	default:
		assert_int_equal(pic_inta(&pic), inta());
	}
	settle();
}

static void the_pair_equals_the_model(void **state)
{
	unsigned steps = getenv("FREEHOLD_LONG") != NULL ? 20000000 : 400000;

	(void)state;
	random_start();
	fake_start();
	memset(&pic, 0, sizeof(pic));
	assert_int_equal(pic_init(&pic), ERR_NONE);
	bus_seal();
	chips[1].level[GSI_SCI & 7] = true;
	initialize(0, 0x30, 1);
	initialize(1, 0x38, 1);
	for (unsigned step = 0; step < steps; step++) {
		act();
		for (unsigned i = 0; i < 2; i++) {
			const struct pic_chip *ours = &pic.chip[i];

			assert_int_equal(ours->isr, bits(chips[i].served));
			assert_int_equal(ours->imr, bits(chips[i].masked));
			assert_int_equal(ours->irr | (ours->lines & ours->elcr),
					 requests(&chips[i]));
		}
		assert_int_equal(fake.intr, winner(&chips[0]) != NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pair_equals_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
