/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the local APIC share and nobody else sees: register bits and the inner steps.
 */
#pragma once

#include "kernel/lapic.h"

/*
 * Register numbers: the xAPIC offset / 16, the x2APIC MSR - 800h (SDM 3A "Local APIC Register
 * Address Map").
 */
enum lapic_reg {
	LAPIC_REG_ID = 0x02,
	LAPIC_REG_VERSION = 0x03,
	LAPIC_REG_TPR = 0x08,
	LAPIC_REG_APR = 0x09,
	LAPIC_REG_PPR = 0x0a,
	LAPIC_REG_EOI = 0x0b,
	LAPIC_REG_RRD = 0x0c,
	LAPIC_REG_LDR = 0x0d,
	LAPIC_REG_DFR = 0x0e,
	LAPIC_REG_SVR = 0x0f,
	LAPIC_REG_ISR = 0x10,
	LAPIC_REG_TMR = 0x18,
	LAPIC_REG_IRR = 0x20,
	LAPIC_REG_ESR = 0x28,
	LAPIC_REG_ICR = 0x30,
	LAPIC_REG_ICR_HIGH = 0x31,
	LAPIC_REG_LVT = 0x32, /* and on, in the order of enum lapic_lvt */
	LAPIC_REG_INITIAL_COUNT = 0x38,
	LAPIC_REG_CURRENT_COUNT = 0x39,
	LAPIC_REG_DIVIDE = 0x3e,
	LAPIC_REG_SELF_IPI = 0x3f,
};

/* SDM 3A "Error Handling", "Error Status Register". */
enum esr { ESR_SEND_VECTOR = 1 << 5, ESR_RECEIVE_VECTOR = 1 << 6, ESR_REGISTER = 1 << 7 };

/* SDM 3A "Local Vector Table". */
enum lvt_bit {
	LVT_VECTOR = 0xff,
	LVT_DELIVERY_SHIFT = 8,
	LVT_DELIVERY = 7 << 8,
	LVT_STATUS = 1 << 12, /* read-only; always idle here */
	LVT_POLARITY = 1 << 13,
	LVT_REMOTE_IRR = 1 << 14, /* read-only */
	LVT_LEVEL = 1 << 15,
	LVT_MASKED = 1 << 16,
	LVT_TIMER_SHIFT = 17,
	LVT_TIMER_MODE = 3 << 17,
};

enum lvt_timer { TIMER_ONE_SHOT, TIMER_PERIODIC, TIMER_TSC_DEADLINE, TIMER_RESERVED };

static inline uint32_t lapic_timer_mode(const struct lapic *l)
{
	return l->lvt[LAPIC_LVT_TIMER] >> LVT_TIMER_SHIFT & 3;
}

/* True if new vectors get into IRR: SDM 3A "Local APIC State After It Has Been Software Disabled". */
static inline bool lapic_accepts(const struct lapic *l)
{
	return l->mode != LAPIC_OFF && l->svr & LAPIC_SVR_ENABLED;
}

/* After a change of mode, LDR, DFR or SVR: for lapic_matches and lapic_arbitrates. */
void lapic_route_update(struct lapic *l);

/* The state after power-up of all but mode, ID and watch. */
void lapic_registers_reset(struct lapic *l);

/* Records an error, and raises LVT error unless that has happened since the last write to ESR. */
void lapic_error(struct lapic *l, enum esr error);

/* A local source fires. */
void lapic_lvt_deliver(struct lapic *l, enum lapic_lvt source);

/* LVT0 was written or unmasked: a line that is up may count now. */
void lapic_line_evaluate(struct lapic *l);

/* Does what a write to the ICR asks for. dest is 32 bits wide, LAPIC_DEST_ALL a broadcast. */
void lapic_send(struct lapic *l, uint32_t icr, uint32_t dest, struct lapic_effect *effect);

/* The registers of the timer. The caller has called lapic_timer_expire. */
uint32_t lapic_timer_count(const struct lapic *l, uint64_t now);
void lapic_timer_start(struct lapic *l, uint32_t initial_count, uint64_t now);
void lapic_timer_set_divide(struct lapic *l, uint32_t divide, uint64_t now);
void lapic_timer_disarm(struct lapic *l);

/* The bits that software sets in an LVT entry, or may write though only the APIC changes them. */
enum {
	LVT_PLAIN = LVT_VECTOR | LVT_MASKED,
	LVT_WITH_MODE = LVT_PLAIN | LVT_DELIVERY,
	LVT_PIN = LVT_WITH_MODE | LVT_POLARITY | LVT_LEVEL,
	LVT_PIN_VALID = LVT_PIN | LVT_STATUS | LVT_REMOTE_IRR,
};

/* Accesses to one register: its number, and for the timer's sake the time. */
typedef uint32_t (*lapic_reg_read_t)(struct lapic *l, unsigned reg, uint64_t now);
typedef void (*lapic_reg_write_t)(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
				  struct lapic_effect *effect);

uint32_t lapic_lvt_read(struct lapic *l, unsigned reg, uint64_t now);
uint32_t lapic_initial_count_read(struct lapic *l, unsigned reg, uint64_t now);
uint32_t lapic_current_count_read(struct lapic *l, unsigned reg, uint64_t now);
uint32_t lapic_divide_read(struct lapic *l, unsigned reg, uint64_t now);
void lapic_lvt_write(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
		     struct lapic_effect *effect);
void lapic_lvt_write_timer(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
			   struct lapic_effect *effect);
void lapic_initial_count_write(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
			       struct lapic_effect *effect);
void lapic_divide_write(struct lapic *l, unsigned reg, uint32_t value, uint64_t now,
			struct lapic_effect *effect);
