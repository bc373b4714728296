/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the rules of one 8254 counter: six modes, gate, latches, binary and BCD. Written to Intel's
 * data sheet 231164 "82C54 CHMOS Programmable Interval Timer" ("Mode Definitions", "Read-Back
 * Command").
 */
#include "vmm/dev/pit_counter.h"

enum control {
	CONTROL_BCD = 1 << 0,
	CONTROL_MODE_SHIFT = 1,
	CONTROL_LOW = 1 << 4,
	CONTROL_HIGH = 1 << 5,
	CONTROL_WORD = CONTROL_LOW | CONTROL_HIGH,
};
enum { STATUS_NULL_COUNT = 1 << 6, STATUS_OUTPUT = 1 << 7 };

enum mode { MODE_COUNT, MODE_ONE_SHOT, MODE_RATE, MODE_SQUARE, MODE_STROBE, MODE_HARD_STROBE };

/* Modes 6 and 7 are 2 and 3: the top bit of three is "don't care" for them. */
static enum mode mode_of(const struct pit_counter *c)
{
	unsigned mode = (c->control >> CONTROL_MODE_SHIFT) & 7;

	return (enum mode)(mode >= 6 ? mode - 4 : mode);
}

static bool is_periodic(const struct pit_counter *c)
{
	return mode_of(c) == MODE_RATE || mode_of(c) == MODE_SQUARE;
}

/* Modes 1 and 5 count from a rising gate, and its level means nothing to them. */
static bool is_triggered_mode(const struct pit_counter *c)
{
	return mode_of(c) == MODE_ONE_SHOT || mode_of(c) == MODE_HARD_STROBE;
}

static uint32_t modulus(const struct pit_counter *c)
{
	return (c->control & CONTROL_BCD) != 0 ? 10000 : 65536;
}

/* A digit above 9 counts for what it is; 0 is the largest count. */
static uint32_t decode_count(const struct pit_counter *c, uint32_t raw)
{
	uint32_t thousands = raw >> 12, hundreds = raw >> 8 & 15, tens = raw >> 4 & 15;
	uint32_t n = raw;

	if ((c->control & CONTROL_BCD) != 0)
		n = (thousands * 1000 + hundreds * 100 + tens * 10 + (raw & 15)) % 10000;
	return n == 0 ? modulus(c) : n;
}

static uint16_t encode_count(const struct pit_counter *c, uint32_t n)
{
	n %= modulus(c);
	if ((c->control & CONTROL_BCD) == 0)
		return (uint16_t)n;
	return (uint16_t)((n / 1000) << 12 | (n / 100 % 10) << 8 | (n / 10 % 10) << 4 | n % 10);
}

/* Mode 3's high half: the longer one of an odd count. */
static uint32_t high_half(uint32_t n)
{
	return (n + 1) / 2;
}

/* Gate low stops counting, but in modes 1 and 5. base then holds what had been counted. */
static bool is_frozen(const struct pit_counter *c)
{
	return !c->gate && !is_triggered_mode(c);
}

/* Ticks counted since n was loaded; t is not before that. */
static uint64_t elapsed(const struct pit_counter *c, uint64_t t)
{
	if (is_frozen(c))
		return c->base;
	return (int64_t)(t - c->base) > 0 ? t - c->base : 0; /* base may be before tick 0 */
}

/* OUT, the transfer of a waiting count aside. */
static bool output_now(const struct pit_counter *c, uint64_t t)
{
	uint64_t e = elapsed(c, t);
	enum mode mode = mode_of(c);

	if (mode == MODE_COUNT)
		return c->loaded && e >= c->n;
	if (!c->loaded || (is_triggered_mode(c) && !c->triggered))
		return true;
	if (is_periodic(c) && !c->gate)
		return true;
	if (mode == MODE_ONE_SHOT)
		return e >= c->n;
	if (mode == MODE_RATE)
		return e % c->n != c->n - 1;
	if (mode == MODE_SQUARE)
		return e % c->n < high_half(c->n);
	return e != c->n; /* the strobes: low for one tick */
}

static void load(struct pit_counter *c, uint64_t at)
{
	c->n = c->next;
	c->base = is_frozen(c) ? 0 : at;
	c->loaded = true;
	c->waiting = false;
	c->null_count = false;
	c->triggered = is_triggered_mode(c);
}

/* Transfers a waiting count whose tick has come. Before anything is looked at. */
static void sync(struct pit_counter *c, uint64_t t)
{
	bool low_half;

	if (!c->waiting || c->load_at > t)
		return;
	/* A new count in mode 3 goes on with the half that begins now. */
	low_half = mode_of(c) == MODE_SQUARE && c->loaded && !is_frozen(c) &&
		   (c->load_at - c->base) % c->n != 0;
	load(c, c->load_at);
	if (low_half)
		c->base -= high_half(c->n);
}

/* The first tick after t at which mode 2 starts over, or mode 3 one of its halves. */
static uint64_t next_reload(const struct pit_counter *c, uint64_t t)
{
	uint64_t e = elapsed(c, t);
	uint64_t phase = e % c->n;

	if (mode_of(c) == MODE_SQUARE && phase < high_half(c->n))
		return t + (high_half(c->n) - phase);
	return t + (c->n - phase);
}

/* The count in the counting element. */
static uint32_t count_now(const struct pit_counter *c, uint64_t t)
{
	uint64_t e = elapsed(c, t);
	uint32_t phase;

	if (!c->loaded || (is_triggered_mode(c) && !c->triggered))
		return c->n;
	if (!is_periodic(c))
		return (uint32_t)(c->n + modulus(c) - e % modulus(c));
	phase = (uint32_t)(e % c->n);
	if (mode_of(c) == MODE_RATE)
		return c->n - phase;
	/* Mode 3 counts by two, in each half from the count rounded down to even. */
	if (phase >= high_half(c->n))
		phase -= high_half(c->n);
	return (c->n & ~1U) - 2 * phase;
}

/* Stops counting until a count is loaded; reads show where it stood. */
static void unload(struct pit_counter *c, uint64_t t)
{
	c->n = count_now(c, t);
	c->loaded = false;
	c->triggered = false;
	c->waiting = false;
}

/* When a count written at t goes into the counting element (data sheet, "Mode Definitions"). */
static uint64_t transfer_time(const struct pit_counter *c, uint64_t t)
{
	/* A trigger of this tick has not been answered yet, and takes the count that is there then. */
	if (is_triggered_mode(c))
		return c->waiting ? c->load_at : PIT_NEVER;
	if (!is_periodic(c) || !c->loaded)
		return t + 1;
	return c->gate ? next_reload(c, t) : PIT_NEVER;
}

static void write_count(struct pit_counter *c, uint64_t t, uint32_t raw)
{
	/* Mode 0: OUT goes low at once, not with the transfer. */
	if (mode_of(c) == MODE_COUNT)
		unload(c, t);
	c->next = decode_count(c, raw);
	c->load_at = transfer_time(c, t);
	c->waiting = true;
	c->null_count = true;
}

void pit_counter_reset(struct pit_counter *c, bool gate)
{
	*c = (struct pit_counter){
		.control = CONTROL_WORD | MODE_SQUARE << CONTROL_MODE_SHIFT,
		.gate = gate,
		.null_count = true,
	};
}

void pit_counter_write_control(struct pit_counter *c, uint64_t t, uint8_t control)
{
	sync(c, t);
	unload(c, t);
	c->control = control & 0x3f;
	c->null_count = true;
	c->half_written = false;
	c->half_read = false;
	c->latched_bytes = 0;
	c->status_latched = false;
}

void pit_counter_write(struct pit_counter *c, uint64_t t, uint8_t value)
{
	sync(c, t);
	switch (c->control & CONTROL_WORD) {
	case CONTROL_LOW:
		write_count(c, t, value);
		return;
	case CONTROL_HIGH:
		write_count(c, t, (uint32_t)value << 8);
		return;
	default:
		break;
	}
	if (!c->half_written) {
		c->low_byte = value;
		c->half_written = true;
		/* Mode 0 also stops counting between the bytes. */
		if (mode_of(c) == MODE_COUNT)
			unload(c, t);
		return;
	}
	c->half_written = false;
	write_count(c, t, (uint32_t)value << 8 | c->low_byte);
}

void pit_counter_latch_count(struct pit_counter *c, uint64_t t)
{
	sync(c, t);
	if (c->latched_bytes != 0)
		return;
	c->latched_count = encode_count(c, count_now(c, t));
	c->latched_bytes = (c->control & CONTROL_WORD) == CONTROL_WORD ? 2 : 1;
	/* A word half read is read on: the latch holds what is left of it. */
	if (c->half_read)
		c->latched_bytes = 1;
}

void pit_counter_latch_status(struct pit_counter *c, uint64_t t)
{
	sync(c, t);
	if (c->status_latched)
		return;
	c->status_latched = true;
	c->latched_status = (uint8_t)(c->control | (c->null_count ? STATUS_NULL_COUNT : 0) |
				      (output_now(c, t) ? STATUS_OUTPUT : 0));
}

uint8_t pit_counter_read(struct pit_counter *c, uint64_t t)
{
	uint16_t count;
	bool high;

	if (c->status_latched) {
		c->status_latched = false;
		return c->latched_status;
	}
	sync(c, t);
	count = c->latched_count;
	if (c->latched_bytes != 0)
		c->latched_bytes--;
	else
		count = encode_count(c, count_now(c, t));
	high = (c->control & CONTROL_WORD) == CONTROL_HIGH || c->half_read;
	if ((c->control & CONTROL_WORD) == CONTROL_WORD)
		c->half_read = !c->half_read;
	return (uint8_t)(high ? count >> 8 : count);
}

void pit_counter_set_gate(struct pit_counter *c, uint64_t t, bool gate)
{
	uint64_t e;

	sync(c, t);
	if (gate == c->gate)
		return;
	e = elapsed(c, t);
	c->gate = gate;
	if (!is_triggered_mode(c))
		c->base = gate ? t - e : e;
	if (!gate) {
		/* Modes 2 and 3 do not reach the end of their period now. */
		if (is_periodic(c) && c->loaded)
			c->load_at = PIT_NEVER;
		return;
	}
	if (mode_of(c) == MODE_COUNT || mode_of(c) == MODE_STROBE)
		return;
	/*
	 * A trigger: the counting element is loaded on the next tick, with a new count if one
	 * waits.
	 */
	if (!c->waiting && !c->loaded)
		return;
	if (!c->waiting)
		c->next = c->n;
	/* Modes 2 and 3 start over: what they had counted is of no account to the load. */
	if (is_periodic(c))
		unload(c, t);
	c->waiting = true;
	c->load_at = t + 1;
}

bool pit_counter_output(struct pit_counter *c, uint64_t t)
{
	sync(c, t);
	return output_now(c, t);
}

/* For one that is loaded, frozen or not, and whose waiting count does not come first. */
static uint64_t rise_of_loaded(const struct pit_counter *c, uint64_t t)
{
	uint64_t e = elapsed(c, t);

	if (!c->loaded || is_frozen(c) || (is_triggered_mode(c) && !c->triggered))
		return PIT_NEVER;
	if (is_periodic(c))
		return t + (c->n - e % c->n);
	if (mode_of(c) == MODE_COUNT || mode_of(c) == MODE_ONE_SHOT)
		return e < c->n ? t + (c->n - e) : PIT_NEVER;
	return e <= c->n ? t + (c->n - e) + 1 : PIT_NEVER;
}

uint64_t pit_counter_next_rise(struct pit_counter *c, uint64_t t)
{
	struct pit_counter after;
	uint64_t rise;

	sync(c, t);
	rise = rise_of_loaded(c, t);
	if (!c->waiting || c->load_at == PIT_NEVER || rise <= c->load_at)
		return rise;
	/* The waiting count is loaded first, and what it does decides. */
	after = *c;
	sync(&after, c->load_at);
	return rise_of_loaded(&after, c->load_at);
}
