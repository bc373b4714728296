/* SPDX-License-Identifier: BSD-2-Clause */
/* The reference model. Each function is a sentence or two of SDM 3A's chapter on the APIC. */
#include "tests/unit/lapic_model.h"

#include <string.h>

enum { TIMER = 0, LINT0 = 3, LINT1 = 4, ERROR = 5 };

#define MASKED 0x10000u

static void reset_registers(struct model *m)
{
	memset(m->irr, 0, sizeof(m->irr));
	memset(m->isr, 0, sizeof(m->isr));
	memset(m->tmr, 0, sizeof(m->tmr));
	m->tpr = m->esr = m->esr_next = m->icr = m->icr_high = m->divide = 0;
	m->ldr = m->mode == MODEL_X2APIC ? (m->id / 16) * 0x10000 + (1u << m->id % 16) : 0;
	m->dfr = 0xffffffff;
	m->svr = 0xff;
	m->nmi = m->error_told = false;
	for (int i = 0; i < 6; i++)
		m->lvt[i] = MASKED;
	m->initial_count = 0;
	m->counting = false;
	m->deadline = 0;
}

void model_reset(struct model *m, uint32_t id, bool bsp, uint64_t now)
{
	memset(m, 0, sizeof(*m));
	m->id = id;
	m->bsp = bsp;
	m->mode = MODEL_XAPIC;
	m->page = 0xfee00000;
	m->now = now;
	reset_registers(m);
	if (!bsp)
		return;
	m->svr = 0x1ff;
	m->lvt[LINT0] = 0x700;
	m->lvt[LINT1] = 0x400;
}

void model_init(struct model *m)
{
	reset_registers(m);
}

static void error(struct model *m, unsigned bit)
{
	m->esr_next |= 1u << bit;
	if (m->lvt[ERROR] & MASKED || m->error_told || m->mode == MODEL_OFF)
		return;
	if ((m->lvt[ERROR] & 0xff) < 16) {
		m->esr_next |= 1u << 6;
	} else {
		m->error_told = true;
		m->irr[m->lvt[ERROR] & 0xff] = true;
		m->tmr[m->lvt[ERROR] & 0xff] = false;
	}
}

void model_raise(struct model *m, unsigned vector, bool level)
{
	if (m->mode == MODEL_OFF || !(m->svr & 0x100))
		return;
	if (vector < 16) {
		error(m, 6);
		return;
	}
	m->irr[vector] = true;
	m->tmr[vector] = level;
}

/* LINT0 level-triggered and fixed, with its line up and its last interrupt ended: comes again. */
static void repeat_line(struct model *m)
{
	uint32_t lvt = m->lvt[LINT0];
	bool enabled = m->mode != MODEL_OFF && m->svr & 0x100;

	if (m->line && enabled && !(lvt & MASKED) && lvt & 0x8000 && !(lvt & 0x700) &&
	    !(lvt & 0x4000)) {
		m->lvt[LINT0] |= 0x4000;
		model_raise(m, lvt & 0xff, true);
	}
}

void model_line(struct model *m, bool rose, bool level)
{
	uint32_t lvt = m->lvt[LINT0];

	m->line = level;
	if (!rose || m->mode == MODEL_OFF || lvt & MASKED)
		return;
	if ((lvt & 0x700) == 0x400)
		m->nmi = true;
	else if ((lvt & 0x8700) == 0)
		model_raise(m, lvt & 0xff, false);
	repeat_line(m);
}

static int top(const bool bits[256])
{
	int vector = 255;

	while (vector >= 0 && !bits[vector])
		vector--;
	return vector;
}

uint32_t model_ppr(const struct model *m)
{
	unsigned in_service = top(m->isr) < 0 ? 0 : (unsigned)top(m->isr) / 16;

	return m->tpr / 16 >= in_service ? m->tpr : in_service * 16;
}

int model_pending(const struct model *m)
{
	int vector = top(m->irr);

	return vector >= 0 && (unsigned)vector / 16 > model_ppr(m) / 16 ? vector : -1;
}

void model_accept(struct model *m)
{
	int vector = model_pending(m);

	m->irr[vector] = false;
	m->isr[vector] = true;
}

static unsigned timer_mode(const struct model *m)
{
	return m->lvt[TIMER] >> 17 & 3;
}

static uint64_t divisor(const struct model *m)
{
	static const unsigned divisors[8] = {2, 4, 8, 16, 32, 64, 128, 1};

	return divisors[(m->divide & 3) + (m->divide & 8 ? 4 : 0)];
}

static void fire(struct model *m)
{
	if (!(m->lvt[TIMER] & MASKED))
		model_raise(m, m->lvt[TIMER] & 0xff, false);
}

static uint64_t period(const struct model *m)
{
	uint64_t ticks = m->initial_count * divisor(m) * MODEL_TSC_PER_TICK;

	return ticks < MODEL_PERIOD_MIN ? MODEL_PERIOD_MIN : ticks;
}

static void advance_count(struct model *m, uint64_t ticks)
{
	if (ticks < m->left) {
		m->left -= ticks;
		return;
	}
	fire(m);
	if (timer_mode(m) != 1) {
		m->counting = false;
		return;
	}
	m->left = period(m) - (ticks - m->left) % period(m);
}

void model_advance(struct model *m, uint64_t ticks)
{
	m->now += ticks;
	if (m->counting)
		advance_count(m, ticks);
	else if (m->deadline && m->now >= m->deadline) {
		m->deadline = 0;
		fire(m);
	}
}

uint64_t model_remaining(const struct model *m)
{
	if (m->lvt[TIMER] & MASKED)
		return UINT64_MAX;
	if (m->counting)
		return m->left;
	return m->deadline ? m->deadline - m->now : UINT64_MAX;
}

static uint32_t current_count(const struct model *m)
{
	uint64_t unit = divisor(m) * MODEL_TSC_PER_TICK, count = (m->left + unit - 1) / unit;

	if (!m->counting)
		return 0;
	return count < m->initial_count ? (uint32_t)count : m->initial_count;
}

void model_tsc_deadline_write(struct model *m, uint64_t value)
{
	if (timer_mode(m) != 2)
		return;
	m->deadline = value;
	model_advance(m, 0);
}

void model_tsc_moved(struct model *m, int64_t delta)
{
	m->now += (uint64_t)delta;
	model_advance(m, 0);
}

bool model_matches(const struct model *m, uint32_t dest, bool logical)
{
	uint32_t own = m->ldr >> 24;

	if (m->mode == MODEL_OFF)
		return false;
	if (dest == 0xffffffff)
		return true;
	if (m->mode == MODEL_X2APIC)
		return logical ? dest / 0x10000 == m->id / 16 && dest & 1u << m->id % 16
			       : dest == m->id;
	if (dest == 0xff)
		return true;
	if (!logical)
		return dest == m->id;
	if (dest > 0xff)
		return false;
	if (m->dfr >> 28 == 15)
		return own & dest;
	if (m->dfr >> 28 == 0)
		return (dest / 16 == 15 || dest / 16 == own / 16) && own & dest & 15;
	return false;
}

static void send(struct model *m, uint32_t low, uint32_t dest, struct model_effect *effect)
{
	unsigned delivery = low >> 8 & 7, shorthand = low >> 18 & 3;
	bool to_some = shorthand == 0 || shorthand == 3;

	if (delivery == 2 || delivery == 3 || delivery == 7)
		return;
	if (delivery == 5 && (low & 0xc000) == 0x8000)
		return;
	if (!to_some && delivery != 0 && delivery != 4)
		return;
	if (delivery <= 1 && (low & 0xff) < 16) {
		error(m, 5);
		return;
	}
	if (delivery == 0 && shorthand == 1) {
		model_raise(m, low & 0xff, false);
		return;
	}
	effect->ipi = true;
	effect->dest = dest;
	effect->delivery = delivery;
	effect->vector = low & 0xff;
	effect->shorthand = shorthand;
	effect->logical = low & 0x800;
}

static void eoi(struct model *m, struct model_effect *effect)
{
	int vector = top(m->isr);

	if (vector < 0)
		return;
	m->isr[vector] = false;
	if (!m->tmr[vector])
		return;
	if (m->lvt[LINT0] & 0x4000 && (m->lvt[LINT0] & 0xff) == (unsigned)vector) {
		m->lvt[LINT0] &= ~0x4000u;
		repeat_line(m);
	}
	effect->eoi = m->watch[vector];
	effect->eoi_vector = (unsigned)vector;
}

static uint32_t slice(const bool bits[256], unsigned index)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < 32; i++)
		value |= (uint32_t)bits[index * 32 + i] << i;
	return value;
}

static uint32_t read_reg(struct model *m, unsigned reg)
{
	if (reg >= 0x10 && reg < 0x18)
		return slice(m->isr, reg - 0x10);
	if (reg >= 0x18 && reg < 0x20)
		return slice(m->tmr, reg - 0x18);
	if (reg >= 0x20 && reg < 0x28)
		return slice(m->irr, reg - 0x20);
	if (reg >= 0x32 && reg <= 0x37)
		return m->lvt[reg - 0x32];
	switch (reg) {
	case 0x02:
		return m->mode == MODEL_X2APIC ? m->id : m->id << 24;
	case 0x03:
		return 0x50014;
	case 0x08:
		return m->tpr;
	case 0x09:
	case 0x0a:
		return model_ppr(m);
	case 0x0d:
		return m->ldr;
	case 0x0e:
		return m->dfr;
	case 0x0f:
		return m->svr;
	case 0x28:
		return m->esr;
	case 0x30:
		return m->icr;
	case 0x31:
		return m->icr_high;
	case 0x38:
		return m->initial_count;
	case 0x39:
		return current_count(m);
	case 0x3e:
		return m->divide;
	default:
		return 0;
	}
}

static void write_lvt(struct model *m, unsigned entry, uint32_t value)
{
	static const uint32_t writable[6] = {0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff};
	unsigned old_mode = timer_mode(m);
	uint32_t irr = m->lvt[entry] & 0x4000;

	m->lvt[entry] = value & writable[entry];
	if (!(m->svr & 0x100))
		m->lvt[entry] |= MASKED;
	if (m->lvt[entry] & 0x8000 && !(m->lvt[entry] & 0x700))
		m->lvt[entry] |= irr;
	if (entry == LINT0)
		repeat_line(m);
	if (timer_mode(m) != old_mode && (timer_mode(m) >= 2 || old_mode >= 2)) {
		m->counting = false;
		m->deadline = 0;
		m->initial_count = 0;
	}
}

static void write_divide(struct model *m, uint32_t value)
{
	uint32_t count = current_count(m);

	if ((value & 0xb) == m->divide)
		return;
	m->divide = value & 0xb;
	m->left = count * divisor(m) * MODEL_TSC_PER_TICK;
}

static void write_count(struct model *m, uint32_t value)
{
	if (timer_mode(m) > 1)
		return;
	m->initial_count = value;
	m->counting = value != 0;
	m->left = timer_mode(m) == 1 ? period(m) : value * divisor(m) * MODEL_TSC_PER_TICK;
}

static void write_reg(struct model *m, unsigned reg, uint32_t value, struct model_effect *effect)
{
	if (reg >= 0x32 && reg <= 0x37) {
		write_lvt(m, reg - 0x32, value);
		return;
	}
	switch (reg) {
	case 0x08:
		m->tpr = value & 0xff;
		break;
	case 0x0b:
		eoi(m, effect);
		break;
	case 0x0d:
		m->ldr = value & 0xff000000;
		break;
	case 0x0e:
		m->dfr = value | 0xfffffff;
		break;
	case 0x0f:
		m->svr = value & 0x3ff;
		for (int i = 0; i < 6 && !(value & 0x100); i++)
			m->lvt[i] |= MASKED;
		break;
	case 0x28:
		m->esr = m->esr_next;
		m->esr_next = 0;
		m->error_told = false;
		break;
	case 0x30:
		m->icr = value & 0xccfff & ~0x1000u;
		send(m, value, m->icr_high >> 24 == 0xff ? 0xffffffff : m->icr_high >> 24, effect);
		break;
	case 0x31:
		m->icr_high = value & 0xff000000;
		break;
	case 0x38:
		write_count(m, value);
		break;
	case 0x3e:
		write_divide(m, value);
		break;
	default:
		break;
	}
}

/* SDM 3A "Local APIC Register Address Map", without CMCI and the self-IPI. */
static bool in_page(unsigned reg)
{
	return reg == 2 || reg == 3 || (reg >= 8 && reg <= 0x28) || (reg >= 0x30 && reg <= 0x39) ||
	       reg == 0x3e;
}

uint32_t model_page_read(struct model *m, unsigned offset)
{
	if (m->mode != MODEL_XAPIC)
		return 0xffffffff;
	if (offset % 16)
		return 0;
	if (!in_page(offset / 16)) {
		error(m, 7);
		return 0;
	}
	return read_reg(m, offset / 16);
}

void model_page_write(struct model *m, unsigned offset, uint32_t value, struct model_effect *effect)
{
	if (m->mode != MODEL_XAPIC || offset % 16)
		return;
	if (in_page(offset / 16))
		write_reg(m, offset / 16, value, effect);
	else
		error(m, 7);
}

bool model_msr_read(struct model *m, uint32_t index, uint64_t *value)
{
	uint32_t reg = index - 0x800;

	if (m->mode != MODEL_X2APIC || reg > 0xff || !in_page(reg) || reg == 9 || reg == 0xb ||
	    reg == 0xc || reg == 0xe || reg == 0x31)
		return false;
	*value = read_reg(m, reg);
	if (reg == 0x30)
		*value += (uint64_t)m->icr_high << 32;
	return true;
}

/* The bits that an MSR write may set; false: it is not writable. */
static bool msr_valid(unsigned reg, uint64_t *valid)
{
	static const struct {
		unsigned reg;
		uint64_t valid;
	} table[] = {
		{0x08, 0xff},
		{0x0b, 0},
		{0x0f, 0x3ff},
		{0x28, 0},
		{0x30, 0xffffffff000cdfff},
		{0x32, 0x710ff},
		{0x33, 0x117ff},
		{0x34, 0x117ff},
		{0x35, 0x1f7ff},
		{0x36, 0x1f7ff},
		{0x37, 0x110ff},
		{0x38, 0xffffffff},
		{0x3e, 0xb},
		{0x3f, 0xff},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].reg == reg) {
			*valid = table[i].valid;
			return true;
		}
	return false;
}

bool model_msr_write(struct model *m, uint32_t index, uint64_t value, struct model_effect *effect)
{
	uint32_t reg = index - 0x800;
	uint64_t valid;

	if (m->mode != MODEL_X2APIC || !msr_valid(reg, &valid) || value & ~valid)
		return false;
	if (reg == 0x30) {
		m->icr = (uint32_t)value & 0xccfff & ~0x1000u;
		m->icr_high = (uint32_t)(value >> 32);
		send(m, (uint32_t)value, m->icr_high, effect);
	} else if (reg == 0x3f) {
		send(m, 1u << 18 | (uint32_t)value, 0, effect);
	} else {
		write_reg(m, reg, (uint32_t)value, effect);
	}
	return true;
}

bool model_base_write(struct model *m, uint64_t value, unsigned phys_bits,
		      struct model_effect *effect)
{
	unsigned bits = value >> 10 & 3;
	enum model_mode to = bits == 2 ? MODEL_XAPIC : bits == 3 ? MODEL_X2APIC : MODEL_OFF;

	if (value >> phys_bits || value & 0x2ff || bits == 1)
		return false;
	if ((m->mode == MODEL_OFF && to == MODEL_X2APIC) ||
	    (m->mode == MODEL_X2APIC && to == MODEL_XAPIC))
		return false;
	m->page = value >> 12 << 12;
	effect->mode_changed = to != m->mode;
	if (to == m->mode)
		return true;
	m->mode = to;
	if (to == MODEL_OFF)
		reset_registers(m);
	if (to == MODEL_X2APIC)
		m->ldr = (m->id / 16) * 0x10000 + (1u << m->id % 16);
	return true;
}
