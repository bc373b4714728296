/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The heart of the local APIC: how a vector gets from a poster into IRR, from there into service
 * and out again. SDM 3A "Interrupt Acceptance for Fixed Interrupts" and "Signaling Interrupt
 * Servicing Completion".
 */
#include "kernel/lapic.h"

#include "kernel/lapic_internal.h"
#include "lib/assert.h"
#include "lib/string.h"

void lapic_registers_reset(struct lapic *l)
{
	memset(l->irr, 0, sizeof(l->irr));
	memset(l->isr, 0, sizeof(l->isr));
	memset(l->tmr, 0, sizeof(l->tmr));
	l->irr_top = l->isr_top = -1;
	for (unsigned i = 0; i < ARRAY_SIZE(l->pir); i++)
		__atomic_store_n(&l->pir[i], 0, __ATOMIC_RELAXED);
	l->tpr = l->esr = l->esr_next = l->icr = l->icr_high = l->divide = l->ldr = 0;
	l->dfr = 0xffffffff;
	l->svr = 0xff;
	l->error_armed = true;
	l->nmi = false;
	for (unsigned i = 0; i < LAPIC_LVTS; i++)
		l->lvt[i] = LVT_MASKED;
	lapic_timer_disarm(l);
	lapic_ppr_update(l);
	lapic_route_update(l);
}

/*
 * As firmware leaves it to the bootstrap processor: the 8259's interrupts come before anybody programs the
 * local APIC. MultiProcessor Specification 3.6.2.2 "Virtual Wire Mode".
 */
static void use_virtual_wire(struct lapic *l)
{
	l->svr = 0x1ff;
	l->lvt[LAPIC_LVT_LINT0] = LAPIC_EXTINT << LVT_DELIVERY_SHIFT;
	l->lvt[LAPIC_LVT_LINT1] = LAPIC_NMI << LVT_DELIVERY_SHIFT;
	lapic_route_update(l);
}

void lapic_reset(struct lapic *l, uint32_t id, bool is_bsp, const struct lapic_clock *clock)
{
	*l = (struct lapic){
		.clock = clock,
		.id = id,
		.mode = LAPIC_XAPIC,
		.page = LAPIC_PAGE,
		.is_bsp = is_bsp,
	};
	lapic_registers_reset(l);
	if (is_bsp)
		use_virtual_wire(l);
}

void lapic_init(struct lapic *l)
{
	lapic_registers_reset(l);
}

/* The word and the bit of a vector in a 256-bit register. */
static uint64_t bit_of(unsigned vector)
{
	return BIT(vector & 63);
}

bool lapic_post(struct lapic *l, unsigned vector, bool level_triggered)
{
	unsigned word = vector >> 6 & 3;
	uint64_t bit = bit_of(vector), old;
	bool is_level = __atomic_load_n(&l->pir_level[word], __ATOMIC_RELAXED) & bit;

	if (is_level != level_triggered)
		__atomic_fetch_xor(&l->pir_level[word], bit, __ATOMIC_RELAXED);
	old = __atomic_fetch_or(&l->pir[word], bit, __ATOMIC_RELEASE);
	if (old & bit)
		return false;
	/*
	 * The bit before the flag; and the flag before the caller's look at whether the guest runs.
	 */
	__atomic_store_n(&l->posted, 1, __ATOMIC_SEQ_CST);
	return true;
}

bool lapic_post_line(struct lapic *l, bool level)
{
	if (__atomic_exchange_n(&l->line, level, __ATOMIC_RELEASE) == level)
		return false;
	/* After the line, which the owner may see alone: then the edge is the next merge's, and still one. */
	if (level)
		__atomic_store_n(&l->line_rose, true, __ATOMIC_RELEASE);
	__atomic_store_n(&l->posted, 1, __ATOMIC_SEQ_CST);
	return true;
}

/* Vectors of one word into IRR; TMR remembers how the latest of each came. */
static void into_irr(struct lapic *l, unsigned word, uint64_t vectors, uint64_t level)
{
	int32_t top = (int32_t)word * 64 + lapic_top_bit(vectors);

	l->irr[word] |= vectors;
	l->tmr[word] = (l->tmr[word] & ~vectors) | level;
	l->irr_top = MAX(l->irr_top, top);
}

void lapic_error(struct lapic *l, enum esr error)
{
	uint32_t lvt = l->lvt[LAPIC_LVT_ERROR], vector = lvt & LVT_VECTOR;

	l->esr_next |= error;
	if (!l->error_armed || lvt & LVT_MASKED || l->mode == LAPIC_OFF)
		return;
	/*
	 * An illegal vector of LVT error itself is one more error, and must not raise itself for
	 * ever.
	 */
	if (vector < LAPIC_FIRST_VECTOR) {
		l->esr_next |= ESR_RECEIVE_VECTOR;
		return;
	}
	l->error_armed = false;
	into_irr(l, vector >> 6, bit_of(vector), 0);
}

void lapic_raise(struct lapic *l, unsigned vector, bool level_triggered)
{
	if (!lapic_accepts(l))
		return;
	if (vector < LAPIC_FIRST_VECTOR)
		lapic_error(l, ESR_RECEIVE_VECTOR);
	else
		into_irr(l, vector >> 6 & 3, bit_of(vector), level_triggered ? bit_of(vector) : 0);
}

/* SMI and INIT have no meaning here, and ExtINT is a state of the line, not a delivery. */
void lapic_lvt_deliver(struct lapic *l, enum lapic_lvt source)
{
	uint32_t lvt = l->lvt[source], mode = (lvt & LVT_DELIVERY) >> LVT_DELIVERY_SHIFT;

	if (lvt & LVT_MASKED || l->mode == LAPIC_OFF)
		return;
	if (mode == LAPIC_FIXED)
		lapic_raise(l, lvt & LVT_VECTOR, lvt & LVT_REMOTE_IRR);
	else if (mode == LAPIC_NMI)
		l->nmi = true;
}

/* LINT0 as a level-triggered fixed interrupt: once per EOI for as long as the line is up. */
void lapic_line_evaluate(struct lapic *l)
{
	uint32_t *lvt = &l->lvt[LAPIC_LVT_LINT0];

	if (!l->line_seen || *lvt & (LVT_MASKED | LVT_REMOTE_IRR | LVT_DELIVERY) ||
	    !(*lvt & LVT_LEVEL) || !lapic_accepts(l))
		return;
	*lvt |= LVT_REMOTE_IRR;
	lapic_lvt_deliver(l, LAPIC_LVT_LINT0);
}

/* An edge is a rise, though it may be over. */
static void line_has_risen(struct lapic *l)
{
	uint32_t lvt = l->lvt[LAPIC_LVT_LINT0];

	/* NMI is edge-triggered whatever the trigger bit says: SDM 3A "Local Vector Table". */
	if (!(lvt & LVT_LEVEL) || (lvt & LVT_DELIVERY) == LAPIC_NMI << LVT_DELIVERY_SHIFT)
		lapic_lvt_deliver(l, LAPIC_LVT_LINT0);
}

/* What is level-triggered goes by where the line is now. */
static void merge_line(struct lapic *l)
{
	bool line;

	if (__atomic_load_n(&l->line_rose, __ATOMIC_RELAXED) &&
	    __atomic_exchange_n(&l->line_rose, false, __ATOMIC_ACQUIRE))
		line_has_risen(l);
	line = __atomic_load_n(&l->line, __ATOMIC_ACQUIRE);
	if (line == l->line_seen)
		return;
	l->line_seen = line;
	lapic_line_evaluate(l);
}

static void merge_word(struct lapic *l, unsigned word)
{
	uint64_t vectors, level;

	if (!__atomic_load_n(&l->pir[word], __ATOMIC_RELAXED))
		return;
	vectors = __atomic_exchange_n(&l->pir[word], 0, __ATOMIC_ACQUIRE);
	level = __atomic_load_n(&l->pir_level[word], __ATOMIC_RELAXED) & vectors;
	if (!lapic_accepts(l))
		return;
	if (word == 0 && vectors & (BIT(LAPIC_FIRST_VECTOR) - 1)) {
		vectors &= ~(BIT(LAPIC_FIRST_VECTOR) - 1);
		lapic_error(l, ESR_RECEIVE_VECTOR);
	}
	if (vectors)
		into_irr(l, word, vectors, level & vectors);
}

void lapic_merge_posted(struct lapic *l)
{
	/* The flag is cleared first: what is posted from here on sets it again. */
	__atomic_exchange_n(&l->posted, 0, __ATOMIC_SEQ_CST);
	for (unsigned word = 0; word < ARRAY_SIZE(l->pir); word++)
		merge_word(l, word);
	merge_line(l);
}

void lapic_unaccept(struct lapic *l, unsigned vector)
{
	unsigned word = vector >> 6;

	l->isr[word] &= ~bit_of(vector);
	l->irr[word] |= bit_of(vector);
	l->isr_top = lapic_highest(l->isr);
	l->irr_top = MAX(l->irr_top, (int32_t)vector);
	lapic_ppr_update(l);
}

/* The end of a level-triggered vector is news: to LINT0, and to whoever watches for the IOAPIC. */
static void eoi_level(struct lapic *l, unsigned vector, struct lapic_effect *effect)
{
	uint32_t *lvt = &l->lvt[LAPIC_LVT_LINT0];

	if (*lvt & LVT_REMOTE_IRR && (*lvt & LVT_VECTOR) == vector) {
		*lvt &= ~(uint32_t)LVT_REMOTE_IRR;
		lapic_line_evaluate(l);
	}
	if (l->watch[vector >> 6] & bit_of(vector)) {
		effect->kinds |= LAPIC_EFFECT_EOI;
		effect->eoi_vector = (uint8_t)vector;
	}
}

void lapic_eoi(struct lapic *l, struct lapic_effect *effect)
{
	unsigned vector = (unsigned)l->isr_top, word = vector >> 6;

	if (lapic_eoi_edge(l))
		return;
	l->isr[word] &= ~bit_of(vector);
	l->isr_top = lapic_highest(l->isr);
	lapic_ppr_update(l);
	eoi_level(l, vector, effect);
}

void lapic_watch(struct lapic *l, unsigned index, uint64_t vectors)
{
	ASSERT(index < ARRAY_SIZE(l->watch));
	l->watch[index] = vectors;
}

bool lapic_extint_accepted(const struct lapic *l)
{
	uint32_t lvt = l->lvt[LAPIC_LVT_LINT0];

	/* Off, LINT0 is the processor's INTR pin: SDM 3A "Enabling or Disabling the Local APIC". */
	if (l->mode == LAPIC_OFF)
		return true;
	return (lvt & (LVT_MASKED | LVT_DELIVERY)) == LAPIC_EXTINT << LVT_DELIVERY_SHIFT;
}

bool lapic_extint_pending(struct lapic *l)
{
	lapic_merge(l);
	return l->line_seen && lapic_extint_accepted(l);
}

bool lapic_take_nmi(struct lapic *l)
{
	bool nmi = l->nmi;

	l->nmi = false;
	return nmi;
}

void lapic_cr8_write(struct lapic *l, unsigned value)
{
	l->tpr = (value & 15) << 4;
	lapic_ppr_update(l);
}
