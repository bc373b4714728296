/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A counter of the 8254 against a second model that ticks, as the data sheet tells it clock by
 * clock. FREEHOLD_LONG=1 plays fifty times as long.
 */
/* sources: vmm/dev/pit_counter.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/random.h"
#include "vmm/dev/pit_counter.h"

struct ticking {
	unsigned mode, rw;
	bool bcd, gate, out, null, armed, pending, trigger, counting, odd_pause, strobe_due, done;
	bool high_next, low_got;
	uint32_t cr, ce; /* CE: 0 stands for the modulus at load; then it wraps */
	uint32_t loaded; /* the count that was loaded last, 1 to modulus */
	uint8_t low;
};

static uint32_t mod(const struct ticking *k)
{
	return k->bcd ? 10000 : 65536;
}

static void k_control(struct ticking *k, uint8_t control)
{
	k->mode = control >> 1 & 7;
	k->mode = k->mode > 5 ? k->mode - 4 : k->mode;
	k->rw = control >> 4 & 3;
	k->bcd = (control & 1) != 0;
	k->out = k->mode != 0;
	k->null = true;
	k->armed = k->pending = k->trigger = k->counting = k->strobe_due = k->done = k->low_got = false;
}

static void k_write(struct ticking *k, uint8_t value)
{
	uint32_t raw;

	if (k->rw == 3 && !k->low_got) {
		k->low = value;
		k->low_got = true;
		if (k->mode == 0) {
			/* Disabled until the second byte, also what waited for this clock. */
			k->counting = k->pending = k->trigger = false;
			k->out = false;
		}
		return;
	}
	raw = k->rw == 1   ? value
	      : k->rw == 2 ? (uint32_t)value << 8
			   : (uint32_t)value << 8 | k->low;
	k->low_got = false;
	if (k->bcd)
		raw = ((raw >> 12) * 1000 + (raw >> 8 & 15) * 100 + (raw >> 4 & 15) * 10 +
		       (raw & 15)) %
		      10000;
	k->cr = raw == 0 ? mod(k) : raw;
	k->null = true;
	if (k->mode == 0) {
		k->out = false;
		k->counting = false;
	}
	k->pending = true;
	if (k->mode == 0 || k->mode == 4 || !k->armed)
		k->trigger = k->mode != 1 && k->mode != 5; /* loads at the next clock by itself */
	k->armed = true;
}

static void k_gate(struct ticking *k, bool gate)
{
	bool rises = gate && !k->gate;

	k->gate = gate;
	if (k->mode == 2 || k->mode == 3) {
		if (!gate)
			k->out = true;
		/* A count that was to be loaded at this clock is loaded still. */
	}
	if (rises && k->armed && k->mode != 0 && k->mode != 4)
		k->trigger = true;
}

static void k_load(struct ticking *k)
{
	k->loaded = k->cr;
	k->ce = k->cr;
	k->pending = false;
	k->null = false;
	k->counting = true;
	k->done = false;
}

/* One falling edge of CLK. */
static void k_tick(struct ticking *k)
{
	if (k->trigger) {
		k->trigger = false;
		k_load(k);
		if (k->mode == 1)
			k->out = false;
		if (k->mode == 2 || k->mode == 3 || k->mode == 4 || k->mode == 5)
			k->out = true;
		if (k->mode == 3) {
			k->ce = k->loaded & ~1U;
			k->odd_pause = (k->loaded & 1) != 0;
		}
		return;
	}
	if (!k->counting || (!k->gate && k->mode != 1 && k->mode != 5))
		return;
	switch (k->mode) {
	case 0:
	case 1:
		k->ce = (k->ce + mod(k) - 1) % mod(k);
		if (k->ce == 0 && !k->done) {
			k->out = true;
			k->done = true;
		}
		break;
	case 2:
		if (k->ce == 1) {
			k_load(k);
			k->out = true;
		} else {
			k->ce--;
		}
		if (k->ce == 1)
			k->out = false;
		break;
	case 3:
		/*
		 * Even: down by two, at zero toggle and reload. Odd: one more clock in the high
		 * half.
		 */
		if (k->ce > 2) {
			k->ce -= 2;
		} else if (k->out && k->odd_pause && k->ce == 2) {
			k->ce = 0;
		} else {
			k_load(k);
			k->out = !k->out;
			k->odd_pause = (k->loaded & 1) != 0;
			k->ce = k->loaded & ~1U;
		}
		break;
	default: /* 4, 5 */
		k->out = true;
		k->ce = (k->ce + mod(k) - 1) % mod(k);
		if (k->ce == 0 && !k->done) {
			k->out = false;
			k->done = true;
		}
		break;
	}
}

static uint16_t k_value(const struct ticking *k)
{
	uint32_t n = k->ce % mod(k);

	if (!k->bcd)
		return (uint16_t)n;
	return (uint16_t)((n / 1000) << 12 | (n / 100 % 10) << 8 | (n / 10 % 10) << 4 | n % 10);
}

static uint16_t latched_value(struct pit_counter *c, uint64_t t)
{
	struct pit_counter copy = *c; /* so that the latch does not disturb */
	uint16_t value;

	copy.latched_bytes = 0;
	copy.status_latched = false;
	copy.half_read = false;
	copy.control |= 0x30;
	pit_counter_latch_count(&copy, t);
	value = pit_counter_read(&copy, t);
	return (uint16_t)(value | pit_counter_read(&copy, t) << 8);
}

static bool null_count(struct pit_counter *c, uint64_t t)
{
	struct pit_counter copy = *c;

	copy.status_latched = false;
	pit_counter_latch_status(&copy, t);
	return (pit_counter_read(&copy, t) & 0x40) != 0;
}

static uint8_t random_control(unsigned mode, bool bcd)
{
	return (uint8_t)((1 + pick(3)) << 4 | mode << 1 | (bcd ? 1 : 0));
}

/* Writes a byte of a count, moves the gate, changes the mode, or does nothing. */
static void act(struct pit_counter *c, struct ticking *k, uint64_t t)
{
	unsigned what = pick(40);

	if (what < 3) {
		uint8_t value = (uint8_t)(pick(pick(2) ? 12 : 256));

		if (k->rw == 3 && k->low_got && pick(2))
			value = 0;
		/*
		 * Counts of 1 are outside modes 2 and 3 ("Minimum and Maximum Initial Counts"), also made of
		 * digits that are none.
		 */
		if (k->mode == 2 || k->mode == 3) {
			value = (uint8_t)(k->bcd ? value / 10 % 10 << 4 | value % 10 : value);
			value = (uint8_t)(value < 2 ? value + 2 : value);
		}
		pit_counter_write(c, t, value);
		k_write(k, value);
	} else if (what < 5) {
		bool gate = pick(2);

		pit_counter_set_gate(c, t, gate);
		k_gate(k, gate);
	} else if (what == 5 && pick(8) == 0) {
		uint8_t control = random_control(pick(8), k->bcd);

		pit_counter_write_control(c, t, control);
		k_control(k, control);
	}
}

/*
 * One counter through random control words, counts and gates, compared at every tick. A processor does
 * several things within one: each act is often followed by another before the clock goes on.
 */
static void play(unsigned mode, bool bcd, unsigned rounds)
{
	for (unsigned round = 0; round < rounds; round++) {
		struct pit_counter c;
		struct ticking k = {.gate = pick(4)};
		uint64_t t = pick(1 << 24);
		uint8_t control = random_control(mode, bcd);

		pit_counter_reset(&c, k.gate);
		pit_counter_write_control(&c, t, control);
		k_control(&k, control);
		for (unsigned step = 0; step < 300; step++) {
			for (unsigned i = pick(8) == 0 ? 20 : 1; i > 0; i--)
				act(&c, &k, t);
			t++;
			k_tick(&k);
			assert_int_equal(pit_counter_output(&c, t), k.out);
			assert_int_equal(null_count(&c, t), k.null);
			if (k.counting)
				assert_int_equal(latched_value(&c, t), k_value(&k));
		}
	}
}

static void counters_equal_the_ticking_model(void **state)
{
	unsigned rounds = getenv("FREEHOLD_LONG") != NULL ? 20000 : 400;

	(void)state;
	random_start();
	for (unsigned mode = 0; mode < 8; mode++) {
		play(mode, false, rounds);
		play(mode, true, rounds);
	}
}

/* next_rise() says exactly when OUT rises, also over a count that waits. */
static void the_predicted_rise_is_the_next_one(void **state)
{
	(void)state;
	random_start();
	for (unsigned round = 0; round < 3000; round++) {
		struct pit_counter c;
		uint64_t t = 1000, rise;
		bool was;

		pit_counter_reset(&c, true);
		pit_counter_write_control(&c, t, (uint8_t)(0x10 | (round % 6) << 1));
		pit_counter_write(&c, t, (uint8_t)(2 + pick(40)));
		t += pick(60);
		if (pick(2))
			pit_counter_write(&c, t, (uint8_t)(2 + pick(40)));
		if (pick(4) == 0) {
			pit_counter_set_gate(&c, t, false);
			t += pick(5);
			pit_counter_set_gate(&c, t, pick(4));
		}
		rise = pit_counter_next_rise(&c, t);
		was = pit_counter_output(&c, t);
		for (unsigned i = 0; i < 200; i++) {
			bool out;

			t++;
			out = pit_counter_output(&c, t);
			if (out && !was) {
				assert_true(t == rise);
				break;
			}
			/* Mode 3's early reload and all others: no rise is missed. */
			assert_true(t < rise || rise == PIT_NEVER);
			was = out;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_equal_the_ticking_model),
		cmocka_unit_test(the_predicted_rise_is_the_next_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
