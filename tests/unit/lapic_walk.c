/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk: bytes become operations, done to kernel/lapic and to the model; after each the two must
 * agree.
 */
#include <string.h>

#include "kernel/lapic.h"
#include "kernel/lapic_internal.h"
#include "tests/unit/lapic_model.h"

#define EXPECT(expression) ((expression) ? (void)0 : walk_failed(#expression, __LINE__))

static struct lapic apic;
static struct model model;
static struct lapic_clock rates;

/* What is left of the bytes; zeros once they are used up. */
static struct input {
	const uint8_t *bytes;
	size_t left;
} input;

static unsigned byte(void)
{
	if (!input.left)
		return 0;
	input.left--;
	return *input.bytes++;
}

static uint32_t word(void)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 8 | byte();
	return value;
}

/* Values near the rules: a few bits, a register's own bits, or anything. */
static uint32_t value_for(unsigned reg)
{
	static const uint32_t usual[] = {0,	  1,	   0xff,    0x100,   0x1ff,
					 0x10000, 0x20000, 0x40000, 0x60000, 0xffffffff};
	unsigned kind = byte();

	if (reg >= LAPIC_REG_LVT && reg < LAPIC_REG_LVT + LAPIC_LVTS && kind < 200)
		return (word() & 0x7e7ff) >> (kind & 1 ? 0 : 8) << (kind & 1 ? 0 : 8) | byte();
	if (reg == LAPIC_REG_ICR && kind < 200)
		return (word() & 0xccf00) | byte();
	if (reg == LAPIC_REG_SVR && kind < 200)
		return 0x100 | byte();
	if (reg == LAPIC_REG_INITIAL_COUNT && kind < 100)
		return word() & 0xfffff;
	if (kind < 128)
		return usual[kind % ARRAY_SIZE(usual)];
	return kind < 192 ? word() & 0xff : word();
}

static void compare_bits(const uint64_t is[4], const bool should[256])
{
	for (unsigned i = 0; i < 256; i++)
		EXPECT((is[i / 64] >> i % 64 & 1) == should[i]);
}

static void compare(void)
{
	EXPECT(apic.mode == model.mode);
	compare_bits(apic.irr, model.irr);
	compare_bits(apic.isr, model.isr);
	compare_bits(apic.tmr, model.tmr);
	EXPECT(apic.ppr == model_ppr(&model));
	EXPECT(lapic_cr8_read(&apic) == model.tpr >> 4);
	EXPECT(lapic_pending_vector(&apic) == model_pending(&model));
	EXPECT(apic.nmi == model.nmi);
	EXPECT(lapic_arbitrates(&apic) == (model.mode != MODEL_OFF && model.svr & 0x100));
	EXPECT(apic.esr == model.esr && apic.esr_next == model.esr_next);
	for (unsigned i = 0; i < LAPIC_LVTS; i++)
		EXPECT(apic.lvt[i] == model.lvt[i]);
	EXPECT(lapic_timer_remaining(&apic, model.now) == model_remaining(&model));
	EXPECT(lapic_tsc_deadline_read(&apic) == model.deadline);
	EXPECT(lapic_extint_accepted(&apic) ==
	       (model.mode == MODEL_OFF || (model.lvt[3] & 0x10700) == 0x700));
	EXPECT(lapic_extint_pending(&apic) == (lapic_extint_accepted(&apic) && model.line));
}

static void compare_effect(const struct lapic_effect *is, const struct model_effect *should)
{
	EXPECT(!(is->kinds & LAPIC_EFFECT_IPI) == !should->ipi);
	EXPECT(!(is->kinds & LAPIC_EFFECT_EOI) == !should->eoi);
	EXPECT(!(is->kinds & LAPIC_EFFECT_MODE) == !should->mode_changed);
	if (should->eoi)
		EXPECT(is->eoi_vector == should->eoi_vector);
	if (should->ipi)
		EXPECT(is->ipi.dest == should->dest && is->ipi.mode == should->delivery &&
		       is->ipi.vector == should->vector && is->ipi.shorthand == should->shorthand &&
		       is->ipi.logical == should->logical);
}

/* Ops of the owner begin with what it does at every exit: take over what was posted. */
static void post(void)
{
	unsigned vector = byte();
	bool level = byte() & 1, waiting = apic.pir[vector / 64] >> vector % 64 & 1;

	EXPECT(lapic_post(&apic, vector, level) == !waiting);
	lapic_merge(&apic);
	model_raise(&model, vector, level);
}

/* Several before the owner looks; of two to one vector the later says how. */
static void post_many(void)
{
	unsigned count = byte() & 7, base = byte();

	for (unsigned i = 0; i < count; i++) {
		unsigned vector = (base + (byte() & 7)) | 16;

		lapic_post(&apic, vector & 0xff, i & 1);
		model_raise(&model, vector & 0xff, i & 1);
	}
	lapic_merge(&apic);
}

/* Bit 0 is where it ends, and the owner may miss a move before that. */
static void line(void)
{
	unsigned moves = byte();
	bool level = moves & 1, before = model.line, rose = level && !before;

	if (moves & 2) {
		EXPECT(lapic_post_line(&apic, !level) == (level == before));
		rose = level || !before;
		before = !level;
	}
	EXPECT(lapic_post_line(&apic, level) == (level != before));
	lapic_merge(&apic);
	model_line(&model, rose, level);
}

static unsigned some_offset(void)
{
	unsigned reg = byte() & 0x3f, odd = byte();

	return reg * 16 + (odd < 8 ? odd * 2 : 0) + (odd == 255 ? 0x400 : 0);
}

static void page_write(void)
{
	unsigned offset = some_offset();
	uint32_t value = value_for(offset / 16);
	struct lapic_effect is = {0};
	struct model_effect should = {0};
	uint64_t deadline = lapic_timer_deadline(&apic);

	lapic_write(&apic, offset, value, model.now, &is);
	model_page_write(&model, offset, value, &should);
	compare_effect(&is, &should);
	EXPECT(is.kinds & LAPIC_EFFECT_TIMER || lapic_timer_deadline(&apic) == deadline);
}

static void page_read(void)
{
	unsigned offset = some_offset();

	EXPECT(lapic_read(&apic, offset, model.now) == model_page_read(&model, offset));
}

static uint32_t some_msr(void)
{
	unsigned odd = byte();

	return 0x800 + (byte() & 0x3f) + (odd < 8 ? odd * 0x40 : 0);
}

static void msr_write(void)
{
	uint32_t index = some_msr();
	uint64_t value = value_for(index & 0x3f), deadline = lapic_timer_deadline(&apic);
	struct lapic_effect is = {0};
	struct model_effect should = {0};

	if (index == 0x830 || byte() < 4)
		value |= (uint64_t)word() << 32;
	EXPECT(lapic_msr_write(&apic, index, value, model.now, &is) ==
	       model_msr_write(&model, index, value, &should));
	compare_effect(&is, &should);
	EXPECT(is.kinds & LAPIC_EFFECT_TIMER || lapic_timer_deadline(&apic) == deadline);
}

static void msr_read(void)
{
	uint32_t index = some_msr();
	uint64_t is = 0x1234, should = 0x1234;

	EXPECT(lapic_msr_read(&apic, index, model.now, &is) ==
	       model_msr_read(&model, index, &should));
	EXPECT(is == should);
}

static void base_write(void)
{
	static const uint64_t usual[] = {0xfee00800,  0xfee00c00, 0xfee00000, 0xfee00400,
					 0xfee00900,  0xfee00d00, 0xfec00800, 0x00000800,
					 0x1fee00800, 0xfee00801};
	unsigned kind = byte();
	uint64_t value = usual[kind % ARRAY_SIZE(usual)];
	struct lapic_effect is = {0};
	struct model_effect should = {0};

	if (kind > 200)
		value ^= BIT(byte() & 63);
	EXPECT(lapic_base_write(&apic, value, 40, &is) ==
	       model_base_write(&model, value, 40, &should));
	compare_effect(&is, &should);
	EXPECT(lapic_base_read(&apic) == (model.page | (model.bsp ? 0x100 : 0) |
					  (model.mode == MODEL_OFF     ? 0
					   : model.mode == MODEL_XAPIC ? 0x800
								       : 0xc00)));
}

static void accept(void)
{
	int vector = lapic_pending_vector(&apic);

	EXPECT(vector == model_pending(&model));
	if (vector < 0)
		return;
	lapic_accept(&apic, (unsigned)vector);
	model_accept(&model);
	if (byte() < 40) {
		lapic_unaccept(&apic, (unsigned)vector);
		model.isr[vector] = false;
		model.irr[vector] = true;
	}
}

static void end(void)
{
	struct lapic_effect is = {0};
	struct model_effect should = {0};

	if (model.mode == MODEL_XAPIC) {
		lapic_write(&apic, 0xb0, byte(), model.now, &is);
		model_page_write(&model, 0xb0, 0, &should);
	} else {
		EXPECT(lapic_msr_write(&apic, 0x80b, 0, model.now, &is) ==
		       model_msr_write(&model, 0x80b, 0, &should));
	}
	compare_effect(&is, &should);
}

static void pass_time(void)
{
	uint64_t ticks = word() >> (byte() & 31);

	if (byte() < 32 && model_remaining(&model) < BIT(60))
		ticks = model_remaining(&model) - (byte() & 1);
	model_advance(&model, ticks);
	lapic_timer_expire(&apic, model.now);
}

static void tsc_deadline(void)
{
	static const uint64_t usual[] = {0, 1, UINT64_MAX, UINT64_MAX - 1, BIT(63)};
	unsigned kind = byte();
	uint64_t value = kind < 64 ? usual[kind % ARRAY_SIZE(usual)]
				   : model.now + word() - (kind & 1 ? BIT(31) : 0);
	uint64_t deadline = lapic_timer_deadline(&apic);
	struct lapic_effect is = {0};

	lapic_tsc_deadline_write(&apic, value, model.now, &is);
	model_tsc_deadline_write(&model, value);
	EXPECT(is.kinds & LAPIC_EFFECT_TIMER || lapic_timer_deadline(&apic) == deadline);
}

static void cr8(void)
{
	unsigned value = byte() & 15;

	lapic_cr8_write(&apic, value);
	model.tpr = value << 4;
}

static void init(void)
{
	if (byte() > 40)
		return;
	lapic_init(&apic);
	model_init(&model);
}

static void watch(void)
{
	unsigned index = byte() & 3;
	uint64_t vectors = (uint64_t)word() << 32 | word();

	lapic_watch(&apic, index, vectors);
	for (unsigned i = 0; i < 64; i++)
		model.watch[index * 64 + i] = vectors >> i & 1;
}

static void move_tsc(void)
{
	int64_t delta = (int32_t)word();
	struct lapic_effect effect = {0};

	if (byte() < 20)
		delta *= INT64_C(1) << 31;
	lapic_tsc_moved(&apic, delta, &effect);
	model_tsc_moved(&model, delta);
	lapic_timer_expire(&apic, model.now);
}

static void destinations(void)
{
	uint32_t dest = byte() < 128 ? byte() : word();

	if (byte() < 16)
		dest = 0xffffffff;
	for (unsigned i = 0; i < 33; i++, dest = dest << 1 | dest >> 31) {
		EXPECT(lapic_matches(&apic, dest, true) == model_matches(&model, dest, true));
		EXPECT(lapic_matches(&apic, dest, false) == model_matches(&model, dest, false));
		EXPECT(lapic_matches(&apic, dest & 0xff, true) ==
		       model_matches(&model, dest & 0xff, true));
	}
	EXPECT(lapic_matches(&apic, model.id, false) == (model.mode != MODEL_OFF));
	EXPECT(lapic_arbitration_priority(&apic) == model_ppr(&model));
}

static void take_nmi(void)
{
	EXPECT(lapic_take_nmi(&apic) == model.nmi);
	model.nmi = false;
}

/* So that walks do not end where nothing moves: enabled, and in a mode. */
static void enable(void)
{
	struct lapic_effect is = {0};
	struct model_effect should = {0};
	uint64_t base = model.page | (model.mode == MODEL_X2APIC ? 0xc00 : 0x800);

	EXPECT(lapic_base_write(&apic, base, 40, &is) && model_base_write(&model, base, 40, &should));
	compare_effect(&is, &should);
	if (model.mode == MODEL_XAPIC) {
		lapic_write(&apic, 0xf0, 0x1ff, model.now, &is);
		model_page_write(&model, 0xf0, 0x1ff, &should);
	} else {
		EXPECT(lapic_msr_write(&apic, 0x80f, 0x1ff, model.now, &is));
		EXPECT(model_msr_write(&model, 0x80f, 0x1ff, &should));
	}
}

static void (*const operations[])(void) = {
	post,	   post_many,  line,	  page_write,	page_write,   page_read,
	msr_write, msr_write,  msr_read,  base_write,	accept,	      accept,
	end,	   end,	       pass_time, pass_time,	tsc_deadline, cr8,
	init,	   watch,      move_tsc,  destinations, take_nmi,     enable,
	enable,	   page_write, msr_write, post,		line,
};

void lapic_walk(const uint8_t *bytes, size_t size)
{
	uint32_t id;

	input = (struct input){bytes, size};
	rates = lapic_clock_make(MODEL_TSC_KHZ, MODEL_TICK_KHZ);
	id = byte() % 200;
	model_reset(&model, id, id == 0, 1000000);
	memset(&apic, 0xa5, sizeof(apic));
	lapic_reset(&apic, id, id == 0, &rates);
	compare();
	while (input.left) {
		operations[byte() % ARRAY_SIZE(operations)]();
		compare();
	}
}
