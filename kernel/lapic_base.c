/* SPDX-License-Identifier: BSD-2-Clause */
/* IA32_APIC_BASE: whether there is a local APIC, and which of its two faces shows. */
#include "kernel/lapic.h"
#include "kernel/lapic_internal.h"

enum base_bit { BASE_BSP = BIT(8), BASE_EXTD = BIT(10), BASE_EN = BIT(11) };

#define BASE_ADDRESS BITS(63, 12)

/* SDM 3A "x2APIC State Transitions": [from][to]. x2APIC is left only by switching off. */
static const bool allowed[3][3] = {
	[LAPIC_OFF] = {[LAPIC_OFF] = true, [LAPIC_XAPIC] = true},
	[LAPIC_XAPIC] = {[LAPIC_OFF] = true, [LAPIC_XAPIC] = true, [LAPIC_X2APIC] = true},
	[LAPIC_X2APIC] = {[LAPIC_OFF] = true, [LAPIC_X2APIC] = true},
};

uint64_t lapic_base_read(const struct lapic *l)
{
	return l->page | (l->is_bsp ? BASE_BSP : 0) | (l->mode != LAPIC_OFF ? BASE_EN : 0) |
	       (l->mode == LAPIC_X2APIC ? BASE_EXTD : 0);
}

static void set_mode(struct lapic *l, enum lapic_mode mode, struct lapic_effect *effect)
{
	/* What others posted until now came in the old mode. */
	lapic_merge(l);
	l->mode = mode;
	/* Switched off it forgets: SDM 3A "Enabling or Disabling the Local APIC". */
	if (mode == LAPIC_OFF)
		lapic_registers_reset(l);
	lapic_route_update(l);
	effect->kinds |= LAPIC_EFFECT_MODE | LAPIC_EFFECT_TIMER;
}

bool lapic_base_write(struct lapic *l, uint64_t value, unsigned phys_bits,
		      struct lapic_effect *effect)
{
	enum lapic_mode mode = LAPIC_OFF;

	if (value & ~(BASE_ADDRESS | BASE_BSP | BASE_EXTD | BASE_EN) || value >> phys_bits)
		return false;
	if (value & BASE_EN)
		mode = value & BASE_EXTD ? LAPIC_X2APIC : LAPIC_XAPIC;
	else if (value & BASE_EXTD)
		return false;
	if (!allowed[l->mode][mode])
		return false;
	l->page = value & BASE_ADDRESS;
	/* The BSP flag is the machine's: a write does not move it. */
	if (mode != l->mode)
		set_mode(l, mode, effect);
	return true;
}
