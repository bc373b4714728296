/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC's registers as software sees them: the xAPIC page and the x2APIC MSRs, from one
 * table. SDM 3A "Local APIC Register Address Map" and "x2APIC Register Address Space"; its rules
 * for reserved bits and registers are the table's columns.
 */
#include "kernel/lapic.h"

#include <stddef.h>

#include "kernel/lapic_internal.h"

/* Version 14h, six LVT entries, no suppression of EOI broadcasts. */
#define VERSION 0x00050014u

static uint32_t read_zero(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)l, (void)reg, (void)now;
	return 0;
}

static void write_nothing(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
			  struct lapic_effect *effect)
{
	(void)l, (void)reg, (void)value, (void)now, (void)effect;
}

static uint32_t read_id(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)reg, (void)now;
	return l->mode == LAPIC_X2APIC ? l->id : l->id << 24;
}

static uint32_t read_version(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)l, (void)reg, (void)now;
	return VERSION;
}

static uint32_t read_tpr(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)reg, (void)now;
	return l->tpr;
}

static void write_tpr(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
		      struct lapic_effect *effect)
{
	(void)reg, (void)now, (void)effect;
	l->tpr = value & 0xff;
	lapic_ppr_update(l);
}

static uint32_t read_ppr(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)reg, (void)now;
	return l->ppr;
}

static void write_eoi(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
		      struct lapic_effect *effect)
{
	(void)reg, (void)value, (void)now;
	lapic_eoi(l, effect);
}

static uint32_t read_ldr(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)reg, (void)now;
	return l->ldr;
}

static void write_ldr(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
		      struct lapic_effect *effect)
{
	(void)reg, (void)now, (void)effect;
	l->ldr = value & 0xff000000;
	lapic_route_update(l);
}

static uint32_t read_dfr(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)reg, (void)now;
	return l->dfr;
}

static void write_dfr(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
		      struct lapic_effect *effect)
{
	(void)reg, (void)now, (void)effect;
	l->dfr = value | 0x0fffffff;
	lapic_route_update(l);
}

static uint32_t read_svr(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)reg, (void)now;
	return l->svr;
}

/*
 * Software-disabling sets every mask bit for good, but leaves IRR and ISR: what was posted before
 * comes in first.
 */
static void write_svr(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
		      struct lapic_effect *effect)
{
	(void)reg;
	lapic_merge(l);
	lapic_timer_expire(l, now);
	l->svr = value & 0x3ff;
	lapic_route_update(l);
	if (l->svr & LAPIC_SVR_ENABLED)
		return;
	for (unsigned i = 0; i < LAPIC_LVTS; i++)
		l->lvt[i] |= LVT_MASKED;
	effect->kinds |= LAPIC_EFFECT_TIMER;
}

/* A 256-bit register is eight of 32 bits. */
static uint32_t slice(const uint64_t words[4], unsigned index)
{
	return (uint32_t)(words[index / 2] >> (index % 2 * 32));
}

static uint32_t read_isr(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)now;
	return slice(l->isr, reg - LAPIC_REG_ISR);
}

static uint32_t read_tmr(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)now;
	lapic_merge(l);
	return slice(l->tmr, reg - LAPIC_REG_TMR);
}

static uint32_t read_irr(struct lapic *l, unsigned reg, uint64_t now)
{
	lapic_merge(l);
	lapic_timer_expire(l, now);
	return slice(l->irr, reg - LAPIC_REG_IRR);
}

static uint32_t read_esr(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)reg, (void)now;
	return l->esr;
}

/*
 * The write, whatever its value, makes the errors since the last one readable and re-arms the
 * interrupt.
 */
static void write_esr(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
		      struct lapic_effect *effect)
{
	(void)reg, (void)value, (void)now, (void)effect;
	lapic_merge(l);
	l->esr = l->esr_next;
	l->esr_next = 0;
	l->error_armed = true;
}

/* What reads back of the ICR: not the delivery status, which is always idle here. */
enum { ICR_KEPT = 0xccfff & ~LVT_STATUS };

static uint32_t read_icr(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)reg, (void)now;
	return l->icr;
}

static uint32_t read_icr_high(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)reg, (void)now;
	return l->icr_high;
}

static void write_icr(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
		      struct lapic_effect *effect)
{
	uint32_t dest = l->icr_high >> 24;

	(void)reg, (void)now;
	l->icr = value & ICR_KEPT;
	lapic_send(l, l->icr, dest == 0xff ? LAPIC_DEST_ALL : dest, effect);
}

static void write_icr_high(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
			   struct lapic_effect *effect)
{
	(void)reg, (void)now, (void)effect;
	l->icr_high = value & 0xff000000;
}

/* SDM 3A "SELF IPI Register" */
static void write_self_ipi(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
			   struct lapic_effect *effect)
{
	(void)reg, (void)now, (void)effect;
	if (value < LAPIC_FIRST_VECTOR)
		lapic_error(l, ESR_SEND_VECTOR);
	else
		lapic_raise(l, value, false);
}

#define WORD(field) (offsetof(struct lapic, field) / sizeof(uint32_t))

/* Readable as MSRs, whole, with no more to it. */
const uint8_t lapic_plain[LAPIC_REGS] = {
	[LAPIC_REG_ID] = WORD(id),   [LAPIC_REG_TPR] = WORD(tpr), [LAPIC_REG_PPR] = WORD(ppr),
	[LAPIC_REG_LDR] = WORD(ldr), [LAPIC_REG_SVR] = WORD(svr), [LAPIC_REG_ESR] = WORD(esr),
};

/* Where a register exists, and which way it goes there. */
enum access {
	PAGE_R = 1,
	PAGE_W = 2,
	MSR_R = 4,
	MSR_W = 8,
	PAGE_RW = 3,
	MSR_RW = 12,
	BOTH_R = 5,
	BOTH_RW = 15
};

/* In the page the missing direction of an existing register does nothing; as an MSR it is #GP. */
static const struct reg {
	lapic_reg_read_t read;
	lapic_reg_write_t write;
	uint32_t valid; /* the bits that an MSR write may have set */
	uint8_t access;
} regs[LAPIC_REGS] = {
	[LAPIC_REG_ID] = {read_id, write_nothing, 0, BOTH_R},
	[LAPIC_REG_VERSION] = {read_version, write_nothing, 0, BOTH_R},
	[LAPIC_REG_TPR] = {read_tpr, write_tpr, 0xff, BOTH_RW},
	[LAPIC_REG_APR] = {read_ppr, write_nothing, 0, PAGE_R},
	[LAPIC_REG_PPR] = {read_ppr, write_nothing, 0, BOTH_R},
	[LAPIC_REG_EOI] = {read_zero, write_eoi, 0, PAGE_W | MSR_W},
	[LAPIC_REG_RRD] = {read_zero, write_nothing, 0, PAGE_R},
	[LAPIC_REG_LDR] = {read_ldr, write_ldr, 0, PAGE_RW | MSR_R},
	[LAPIC_REG_DFR] = {read_dfr, write_dfr, 0, PAGE_RW},
	[LAPIC_REG_SVR] = {read_svr, write_svr, 0x3ff, BOTH_RW},
	[LAPIC_REG_ISR... LAPIC_REG_ISR + 7] = {read_isr, write_nothing, 0, BOTH_R},
	[LAPIC_REG_TMR... LAPIC_REG_TMR + 7] = {read_tmr, write_nothing, 0, BOTH_R},
	[LAPIC_REG_IRR... LAPIC_REG_IRR + 7] = {read_irr, write_nothing, 0, BOTH_R},
	[LAPIC_REG_ESR] = {read_esr, write_esr, 0, BOTH_RW},
	[LAPIC_REG_ICR] = {read_icr, write_icr, ICR_KEPT | LVT_STATUS, BOTH_RW},
	[LAPIC_REG_ICR_HIGH] = {read_icr_high, write_icr_high, 0, PAGE_RW},
	[LAPIC_REG_LVT + LAPIC_LVT_TIMER] = {lapic_lvt_read, lapic_lvt_write_timer,
					     LVT_PLAIN | LVT_STATUS | LVT_TIMER_MODE, BOTH_RW},
	[LAPIC_REG_LVT + LAPIC_LVT_THERMAL] = {lapic_lvt_read, lapic_lvt_write,
					       LVT_WITH_MODE | LVT_STATUS, BOTH_RW},
	[LAPIC_REG_LVT + LAPIC_LVT_PERF] = {lapic_lvt_read, lapic_lvt_write,
					    LVT_WITH_MODE | LVT_STATUS, BOTH_RW},
	[LAPIC_REG_LVT + LAPIC_LVT_LINT0] = {lapic_lvt_read, lapic_lvt_write, LVT_PIN_VALID, BOTH_RW},
	[LAPIC_REG_LVT + LAPIC_LVT_LINT1] = {lapic_lvt_read, lapic_lvt_write, LVT_PIN_VALID, BOTH_RW},
	[LAPIC_REG_LVT + LAPIC_LVT_ERROR] = {lapic_lvt_read, lapic_lvt_write,
					     LVT_PLAIN | LVT_STATUS, BOTH_RW},
	[LAPIC_REG_INITIAL_COUNT] = {lapic_initial_count_read, lapic_initial_count_write,
				     0xffffffff, BOTH_RW},
	[LAPIC_REG_CURRENT_COUNT] = {lapic_current_count_read, write_nothing, 0, BOTH_R},
	[LAPIC_REG_DIVIDE] = {lapic_divide_read, lapic_divide_write, 0xb, BOTH_RW},
	[LAPIC_REG_SELF_IPI] = {read_zero, write_self_ipi, 0xff, MSR_W},
};

/* The register in the page; NULL if there is none. */
static const struct reg *page_reg(unsigned number)
{
	return number < LAPIC_REGS && regs[number].access & PAGE_RW ? &regs[number] : NULL;
}

uint32_t lapic_read(struct lapic *l, unsigned offset, uint64_t now)
{
	const struct reg *reg = page_reg(offset >> 4);

	if (!lapic_page_enabled(l))
		return 0xffffffff;
	if (offset & 15)
		return 0;
	if (!reg) {
		lapic_error(l, ESR_REGISTER);
		return 0;
	}
	return reg->read(l, offset >> 4, now);
}

void lapic_write(struct lapic *l, unsigned offset, uint32_t value, uint64_t now,
		 struct lapic_effect *effect)
{
	const struct reg *reg = page_reg(offset >> 4);

	if (!lapic_page_enabled(l) || offset & 15)
		return;
	if (reg)
		reg->write(l, offset >> 4, value, now, effect);
	else
		lapic_error(l, ESR_REGISTER);
}

/*
 * The register that an MSR is, if the APIC is in x2APIC mode and it goes that way; else NULL: #GP.
 */
static const struct reg *msr_reg(const struct lapic *l, uint32_t index, unsigned access)
{
	uint32_t number = index - LAPIC_MSR_BASE;

	if (l->mode != LAPIC_X2APIC || number >= LAPIC_REGS || !(regs[number].access & access))
		return NULL;
	return &regs[number];
}

bool lapic_msr_read(struct lapic *l, uint32_t index, uint64_t now, uint64_t *value)
{
	const struct reg *reg = msr_reg(l, index, MSR_R);

	if (!reg)
		return false;
	*value = reg->read(l, index - LAPIC_MSR_BASE, now);
	if (index == LAPIC_MSR_BASE + LAPIC_REG_ICR)
		*value |= (uint64_t)l->icr_high << 32;
	return true;
}

/* In x2APIC mode the ICR is one register of 64 bits, its upper half the destination. */
static void write_icr64(struct lapic *l, uint64_t value, struct lapic_effect *effect)
{
	l->icr = (uint32_t)value & ICR_KEPT;
	l->icr_high = (uint32_t)(value >> 32);
	lapic_send(l, l->icr, l->icr_high, effect);
}

bool lapic_msr_write(struct lapic *l, uint32_t index, uint64_t value, uint64_t now,
		     struct lapic_effect *effect)
{
	const struct reg *reg = msr_reg(l, index, MSR_W);
	bool is_icr = index == LAPIC_MSR_BASE + LAPIC_REG_ICR;
	uint64_t valid;

	if (!reg)
		return false;
	valid = is_icr ? reg->valid | BITS(63, 32) : reg->valid;
	if (value & ~valid)
		return false;
	if (is_icr)
		write_icr64(l, value, effect);
	else
		reg->write(l, index - LAPIC_MSR_BASE, (uint32_t)value, now, effect);
	return true;
}
