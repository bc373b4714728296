/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of kernel/lapic share: one APIC, the time, and short names for the accesses to it.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/lapic.h"
#include "lib/assert.h"

/* Offsets in the page; the MSR is 800h + offset / 16. */
enum {
	ID = 0x20,
	VERSION = 0x30,
	TPR = 0x80,
	PPR = 0xa0,
	EOI = 0xb0,
	LDR = 0xd0,
	DFR = 0xe0,
	SVR = 0xf0,
	ISR = 0x100,
	TMR = 0x180,
	IRR = 0x200,
	ESR = 0x280,
	ICR = 0x300,
	ICR_HIGH = 0x310,
	LVT_TIMER = 0x320,
	LVT_LINT0 = 0x350,
	LVT_ERROR = 0x370,
	COUNT = 0x380,
	CURRENT = 0x390,
	DIVIDE = 0x3e0,
	SELF = 0x3f0,
};

enum {
	PHYS_BITS = 40,
	DIVIDE_BY_1 = 0xb,
	MASKED = 0x10000,
	PERIODIC = 0x20000,
	TSC_DEADLINE = 0x40000,
};

#define BASE_X2APIC 0xfee00c00u

extern struct lapic apic;
extern struct lapic_clock rates;
extern struct lapic_effect effect; /* of the last write */
extern uint64_t now;

void put(unsigned offset, uint32_t value);
uint32_t get(unsigned offset);
bool put_msr(uint32_t index, uint64_t value);
bool base(uint64_t value);
void put_deadline(uint64_t value);

/* After power-up; one TSC tick is one timer tick, so the numbers are the manual's own. */
int set_up_off(void **state);
/* Software-enabled, dividing by 1. */
int set_up(void **state);
int set_up_x2apic(void **state);
