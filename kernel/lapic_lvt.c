/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of the local vector table and of the timer: SDM 3A "Local Vector Table", "APIC Timer". */
#include "kernel/lapic.h"
#include "kernel/lapic_internal.h"

uint32_t lapic_lvt_read(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)now;
	/* LINT0's remote IRR may follow from a line that was posted. */
	lapic_merge(l);
	return l->lvt[reg - LAPIC_REG_LVT];
}

/* The bits that software sets. */
static const uint32_t lvt_writable[LAPIC_LVTS] = {
	[LAPIC_LVT_TIMER] = LVT_PLAIN | LVT_TIMER_MODE,
	[LAPIC_LVT_THERMAL] = LVT_WITH_MODE,
	[LAPIC_LVT_PERF] = LVT_WITH_MODE,
	[LAPIC_LVT_LINT0] = LVT_PIN,
	[LAPIC_LVT_LINT1] = LVT_PIN,
	[LAPIC_LVT_ERROR] = LVT_PLAIN,
};

void lapic_lvt_write(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
		     struct lapic_effect *effect)
{
	unsigned entry = reg - LAPIC_REG_LVT;

	(void)now, (void)effect;
	lapic_merge(l);
	value &= lvt_writable[entry];
	if (!(l->svr & LAPIC_SVR_ENABLED))
		value |= LVT_MASKED;
	/*
	 * Remote IRR belongs to a level-triggered fixed interrupt and does not outlive that
	 * setting.
	 */
	if (value & LVT_LEVEL && !(value & LVT_DELIVERY))
		value |= l->lvt[entry] & LVT_REMOTE_IRR;
	l->lvt[entry] = value;
	lapic_line_evaluate(l);
}

/*
 * SDM 3A "TSC-Deadline Mode" says that any change of mode disarms the timer. From one-shot to
 * periodic and back processors let it run (kvm-unit-tests check that it does), so only
 * TSC-deadline, entered or left, disarms here.
 */
void lapic_lvt_write_timer(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
			   struct lapic_effect *effect)
{
	uint32_t old_mode = lapic_timer_mode(l), mode;

	lapic_timer_expire(l, now);
	lapic_lvt_write(l, reg, value, now, effect);
	mode = lapic_timer_mode(l);
	if (mode != old_mode && (mode | old_mode) & TIMER_TSC_DEADLINE)
		lapic_timer_disarm(l);
	effect->kinds |= LAPIC_EFFECT_TIMER;
}

uint32_t lapic_initial_count_read(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)reg, (void)now;
	return l->initial_count;
}

void lapic_initial_count_write(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
			       struct lapic_effect *effect)
{
	(void)reg;
	lapic_timer_expire(l, now);
	lapic_timer_start(l, value, now);
	effect->kinds |= LAPIC_EFFECT_TIMER;
}

uint32_t lapic_current_count_read(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)reg;
	lapic_timer_expire(l, now);
	return lapic_timer_count(l, now);
}

uint32_t lapic_divide_read(struct lapic *l, unsigned reg, uint64_t now)
{
	(void)reg, (void)now;
	return l->divide;
}

void lapic_divide_write(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
			struct lapic_effect *effect)
{
	(void)reg;
	lapic_timer_expire(l, now);
	if ((value & 0xb) != l->divide)
		lapic_timer_set_divide(l, value & 0xb, now);
	effect->kinds |= LAPIC_EFFECT_TIMER;
}
