/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's local APIC, xAPIC and x2APIC, as SDM 3A "Advanced Programmable Interrupt Controller
 * (APIC)" and APM2 "Advanced Programmable Interrupt Controller (APIC)" describe it. It belongs to
 * the CPU that runs the vCPU; any other CPU may only post vectors and lines, and ask where it
 * listens. Pure logic: what has to happen outside comes back in a struct lapic_effect.
 *
 * Decided: the page may be moved anywhere, but where the guest has RAM it goes on to see RAM; APIC
 * IDs are read-only; no CMCI, no EOI broadcast suppression, no focus; SMI does nothing; a
 * level-triggered IPI is sent as an edge (SDM 3A "Valid Combinations for the Pentium 4 and Intel
 * Xeon Processors' Local xAPIC ICR"). All times are the guest's TSC.
 */
#pragma once

#include "lib/scale.h"
#include "lib/types.h"

#define LAPIC_PAGE     0xfee00000ULL /* after a reset */
#define LAPIC_DEST_ALL 0xffffffffu

/* Periodic interrupts come no faster: shorter periods are stretched and their ticks coalesce. */
enum { LAPIC_PERIOD_MIN_US = 100 };

enum lapic_mode { LAPIC_OFF, LAPIC_XAPIC, LAPIC_X2APIC };

enum lapic_lvt {
	LAPIC_LVT_TIMER,
	LAPIC_LVT_THERMAL,
	LAPIC_LVT_PERF,
	LAPIC_LVT_LINT0,
	LAPIC_LVT_LINT1,
	LAPIC_LVT_ERROR,
	LAPIC_LVTS
};

/* Vectors 0-15 are the processor's own: SDM 3A "Valid Interrupt Vectors". */
enum { LAPIC_FIRST_VECTOR = 16 };

/* SDM 3A "Spurious-Interrupt Vector Register" */
enum { LAPIC_SVR_ENABLED = 1 << 8 };

/* ICR and LVT delivery modes; the reserved numbers are never reported. */
enum lapic_delivery {
	LAPIC_FIXED = 0,
	LAPIC_LOWEST = 1,
	LAPIC_SMI = 2,
	LAPIC_NMI = 4,
	LAPIC_INIT = 5,
	LAPIC_SIPI = 6,
	LAPIC_EXTINT = 7,
};

enum lapic_shorthand { LAPIC_TO_DEST, LAPIC_TO_SELF, LAPIC_TO_ALL, LAPIC_TO_OTHERS };

/* The rates of one partition, the same for all its vCPUs; constant once a guest runs. */
struct lapic_clock {
	struct scale tsc_to_ticks; /* TSC to ticks of the timer's input clock */
	struct scale ticks_to_tsc;
	uint64_t period_min; /* LAPIC_PERIOD_MIN_US in TSC */
};

/* tick_khz is the rate of the timer's input clock, before the divider. */
struct lapic_clock lapic_clock_make(uint32_t tsc_khz, uint32_t tick_khz);

/*
 * o: owner only. a: atomic, any CPU. r: the owner writes it with one atomic store, any CPU reads
 * it. c: constant.
 */
struct lapic {
	int32_t irr_top;       /* o: highest vector in irr, or -1 */
	int32_t isr_top;       /* o: highest vector in isr, or -1 */
	uint32_t posted;       /* a: not 0: pir or line changed since the last merge */
	uint32_t ppr;	       /* r: processor priority */
	uint64_t irr[4];       /* o */
	uint64_t isr[4];       /* o */
	uint64_t tmr[4];       /* o */
	uint64_t watch[4];     /* o: level vectors whose EOI is told */
	uint64_t pir[4];       /* a: posted and not yet merged */
	uint64_t pir_level[4]; /* a: of these, level-triggered */
	uint64_t route;	       /* r: mode, DFR, LDR and whether it accepts, for other CPUs */
	uint64_t page;	       /* o: guest-physical, where the registers are in xAPIC mode */

	const struct lapic_clock *clock; /* c */
	uint32_t id;			 /* c */
	uint32_t mode;			 /* o: enum lapic_mode */
	bool is_bsp;			 /* c */
	bool line;			 /* a: what drives LINT0 */
	bool line_rose;			 /* a: and whether it went up since the last merge */
	bool line_seen;			 /* o: what the last merge saw of it */
	bool nmi;			 /* o: an LVT delivered an NMI; see lapic_take_nmi */
	bool error_armed;		 /* o: the next error may raise LVT error */
	uint32_t tpr, ldr, dfr, svr, esr, esr_next, icr, icr_high, divide; /* o */
	uint32_t lvt[LAPIC_LVTS];					   /* o */

	/* The timer, o. In TSC-deadline mode only deadline counts. */
	uint32_t initial_count;
	bool timer_runs;       /* a one-shot or periodic count is under way */
	uint64_t timer_anchor; /* TSC when the count that timer_ticks refers to began */
	uint64_t timer_ticks;  /* undivided ticks after the anchor at which it reaches 0 */
	uint64_t deadline;     /* TSC when it reaches 0; 0: not armed */
};

enum lapic_effect_kind {
	LAPIC_EFFECT_IPI = 1 << 0,   /* effect.ipi is to be sent */
	LAPIC_EFFECT_TIMER = 1 << 1, /* lapic_timer_remaining may have changed */
	LAPIC_EFFECT_EOI = 1 << 2,   /* effect.eoi_vector, a watched level vector, was ended */
	LAPIC_EFFECT_MODE = 1 << 3,  /* off, xAPIC or x2APIC changed: so do CPUID and the page */
};

/*
 * An IPI as it goes over the bus. A fixed one to self was handled inside and is not reported.
 * LAPIC_TO_ALL includes the sender. For LAPIC_LOWEST the caller picks, of those that match and
 * lapic_arbitrates, one of the least lapic_arbitration_priority, and posts a fixed interrupt.
 */
struct lapic_ipi {
	uint32_t dest; /* counts for LAPIC_TO_DEST; LAPIC_DEST_ALL: everybody */
	uint8_t mode;  /* enum lapic_delivery: fixed, lowest, NMI, INIT, SIPI */
	uint8_t vector;
	uint8_t shorthand; /* enum lapic_shorthand */
	bool logical;
};

/* The functions below add kinds to it; the caller clears it. */
struct lapic_effect {
	uint32_t kinds;
	uint8_t eoi_vector;
	struct lapic_ipi ipi;
};

/* --- Life --- */

/*
 * The state after power-up; xAPIC mode, software-disabled. watch is cleared. Nobody else may know l
 * yet.
 */
void lapic_reset(struct lapic *l, uint32_t id, bool is_bsp, const struct lapic_clock *clock);

/*
 * What INIT does: as power-up, but mode and page (IA32_APIC_BASE), the ID and watch stay. What was
 * posted is gone; so is the timer.
 */
void lapic_init(struct lapic *l);

/* --- From any CPU --- */

/*
 * Posts a vector. True if it was not posted already: then the owner has to be told to look, if it
 * does not by itself. What becomes of it (a disabled APIC drops it, vector < 16 is an error) the
 * merge decides.
 */
bool lapic_post(struct lapic *l, unsigned vector, bool level_triggered);

/*
 * The 8259's output, wired to LINT0. True if the owner has to look: it sees the last level, and one edge
 * however often the line went up meanwhile.
 */
bool lapic_post_line(struct lapic *l, bool level);

/*
 * True if this APIC is a destination of an interrupt message. 8-bit destinations (an MSI's, an
 * IOAPIC's) that mean everybody are given as they are: FFh is understood. An APIC that is off
 * matches nothing.
 */
bool lapic_matches(const struct lapic *l, uint32_t dest, bool logical);

/* Whether it takes part in the choice for a lowest-priority message. A moment's view. */
bool lapic_arbitrates(const struct lapic *l);

/* Lower is chosen first. A moment's view. */
unsigned lapic_arbitration_priority(const struct lapic *l);

/* --- The owner: delivery. What every interrupt passes through is inline. --- */

static inline int32_t lapic_top_bit(uint64_t word)
{
	return 63 - __builtin_clzll(word);
}

/* The highest vector that is set, or -1. */
static inline int32_t lapic_highest(const uint64_t words[4])
{
	if (words[3])
		return 192 + lapic_top_bit(words[3]);
	if (words[2])
		return 128 + lapic_top_bit(words[2]);
	if (words[1])
		return 64 + lapic_top_bit(words[1]);
	return words[0] ? lapic_top_bit(words[0]) : -1;
}

/* PPR from TPR and ISR: SDM 3A "Task and Processor Priorities". */
static inline void lapic_ppr_update(struct lapic *l)
{
	uint32_t service = l->isr_top >= 0 ? (uint32_t)l->isr_top & 0xf0 : 0;

	__atomic_store_n(&l->ppr, (l->tpr & 0xf0) >= service ? l->tpr : service, __ATOMIC_RELAXED);
}

void lapic_merge_posted(struct lapic *l);

/* Takes over what others posted. */
static inline void lapic_merge(struct lapic *l)
{
	if (__atomic_load_n(&l->posted, __ATOMIC_RELAXED))
		lapic_merge_posted(l);
}

/* The vector that the processor would take now if IF were 1, or -1. Merges. */
static inline int lapic_pending_vector(struct lapic *l)
{
	lapic_merge(l);
	return l->irr_top >= 0 && ((unsigned)l->irr_top >> 4) > l->ppr >> 4 ? l->irr_top : -1;
}

/* Whether there may be one; true means look. */
static inline bool lapic_may_deliver(const struct lapic *l)
{
	return __atomic_load_n(&l->posted, __ATOMIC_RELAXED) ||
	       l->irr_top >> 4 > (int32_t)(l->ppr >> 4);
}

/* The processor takes that vector: IRR to ISR. It must be what lapic_pending_vector gave. */
static inline void lapic_accept(struct lapic *l, unsigned vector)
{
	uint64_t bit = BIT(vector & 63);

	l->irr[vector >> 6] &= ~bit;
	l->isr[vector >> 6] |= bit;
	l->irr_top = lapic_highest(l->irr);
	/* It was above PPR, so it is now the highest in service, and above TPR. */
	l->isr_top = (int32_t)vector;
	__atomic_store_n(&l->ppr, vector & 0xf0, __ATOMIC_RELAXED);
}

/* An accepted vector never reached the guest (its delivery faulted): back from ISR to IRR. */
void lapic_unaccept(struct lapic *l, unsigned vector);

/*
 * True if the 8259's output reaches the processor: LVT0 is an unmasked ExtINT, or the APIC is off.
 */
bool lapic_extint_accepted(const struct lapic *l);

/*
 * True if so and the line is up: the processor, once IF is 1, asks the 8259 for a vector. Merges.
 */
bool lapic_extint_pending(struct lapic *l);

/* True once if LINT0, set to NMI, delivered one. Ask after a merge. */
bool lapic_take_nmi(struct lapic *l);

/* Raises a vector as the owner: as lapic_post, but at once. */
void lapic_raise(struct lapic *l, unsigned vector, bool level_triggered);

/* The same for a vector to oneself, at once; false: it is not valid or not accepted, and nothing was done. */
static inline bool lapic_raise_self(struct lapic *l, uint64_t vector)
{
	uint64_t bit = BIT(vector & 63);

	if (vector - LAPIC_FIRST_VECTOR > 0xff - LAPIC_FIRST_VECTOR || !(l->svr & LAPIC_SVR_ENABLED))
		return false;
	l->irr[vector >> 6] |= bit;
	l->tmr[vector >> 6] &= ~bit;
	l->irr_top = MAX(l->irr_top, (int32_t)vector);
	return true;
}

/* An EOI, of xAPIC or x2APIC alike. Nothing happens if nothing is in service. */
void lapic_eoi(struct lapic *l, struct lapic_effect *effect);

/* The same for all but a level-triggered vector; false: it is one, and nothing was done. */
static inline bool lapic_eoi_edge(struct lapic *l)
{
	unsigned vector = (unsigned)l->isr_top, word = vector >> 6;
	uint64_t bit = BIT(vector & 63);

	if (l->isr_top < 0)
		return true;
	if (l->tmr[word] & bit)
		return false;
	l->isr[word] &= ~bit;
	l->isr_top = lapic_highest(l->isr);
	lapic_ppr_update(l);
	return true;
}

/*
 * Bits 64 * index up of the vectors whose EOI, if they were level-triggered, is told. index is
 * 0..3.
 */
void lapic_watch(struct lapic *l, unsigned index, uint64_t vectors);

/* --- The owner: registers --- */

/*
 * The xAPIC page. offset is 0..FF0h and a multiple of 16; all other offsets in the page read 0 and
 * ignore writes. If the page is not enabled (lapic_page_enabled), reads give all ones.
 */
uint32_t lapic_read(struct lapic *l, unsigned offset, uint64_t now);
void lapic_write(struct lapic *l, unsigned offset, uint32_t value, uint64_t now,
		 struct lapic_effect *effect);

static inline bool lapic_page_enabled(const struct lapic *l)
{
	return l->mode == LAPIC_XAPIC;
}

/* By number: where in struct lapic a register is that reads as a plain word, in words; 0: it does not. */
enum { LAPIC_MSR_BASE = 0x800, LAPIC_REGS = 0x40 };
extern const uint8_t lapic_plain[LAPIC_REGS];

/* lapic_msr_read of such a register; false says nothing. */
static inline bool lapic_msr_read_plain(const struct lapic *l, uint32_t index, uint64_t *value)
{
	uint32_t number = index - LAPIC_MSR_BASE;

	if (number >= LAPIC_REGS || !lapic_plain[number] || l->mode != LAPIC_X2APIC)
		return false;
	*value = ((const uint32_t *)(const void *)l)[lapic_plain[number]];
	return true;
}

/* MSRs 800h..8FFh. False: #GP(0), and nothing has changed. */
bool must_check lapic_msr_read(struct lapic *l, uint32_t index, uint64_t now, uint64_t *value);
bool must_check lapic_msr_write(struct lapic *l, uint32_t index, uint64_t value, uint64_t now,
				struct lapic_effect *effect);

/* IA32_APIC_BASE. phys_bits is the guest's MAXPHYADDR. False: #GP(0), and nothing has changed. */
uint64_t lapic_base_read(const struct lapic *l);
bool must_check lapic_base_write(struct lapic *l, uint64_t value, unsigned phys_bits,
				 struct lapic_effect *effect);

/* CR8, which is TPR[7:4]. value is 0..15. */
static inline unsigned lapic_cr8_read(const struct lapic *l)
{
	return l->tpr >> 4;
}

void lapic_cr8_write(struct lapic *l, unsigned value);

/* --- The owner: timer --- */

/*
 * IA32_TSC_DEADLINE: reads 0 and ignores writes unless LVT timer is in that mode. A time that has
 * come fires at once.
 */
uint64_t lapic_tsc_deadline_read(const struct lapic *l);
void lapic_tsc_deadline_write(struct lapic *l, uint64_t value, uint64_t now,
			      struct lapic_effect *effect);

/*
 * In how many TSC ticks lapic_timer_expire has to be called: 0 for at once, UINT64_MAX for never. A
 * masked timer counts, but asks for no call. A duration, because a guest's TSC may be anything: add
 * it to the host's now, saturating.
 */
uint64_t lapic_timer_remaining(const struct lapic *l, uint64_t now);

/* The same as a guest's TSC; 0 for never. */
uint64_t lapic_timer_deadline(const struct lapic *l);

/*
 * Fires what is due at now: once, however many periods have passed. Too early a call does nothing.
 * The deadline may have changed after it.
 */
void lapic_timer_expire(struct lapic *l, uint64_t now);

/*
 * The guest's TSC was set by delta: a running count does not feel it (its deadline moves along), a
 * TSC-deadline does. Call with the deadline's host timer re-armed afterwards.
 */
void lapic_tsc_moved(struct lapic *l, int64_t delta, struct lapic_effect *effect);
