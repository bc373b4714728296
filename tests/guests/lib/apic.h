/* SPDX-License-Identifier: BSD-2-Clause */
/* The local APIC as a guest uses it, through the page or through MSRs. */
#pragma once

#include "lib/types.h"

#define APIC_PAGE 0xfee00000ULL

enum {
	MSR_APIC = 0x1b,
	MSR_X2APIC = 0x800,
	MSR_DEADLINE = 0x6e0,
	APIC_BASE_X2 = 1 << 10,
	APIC_BASE_ENABLE = 1 << 11,
};

enum apic_register {
	APIC_ID = 0x20,
	APIC_VERSION = 0x30,
	APIC_TPR = 0x80,
	APIC_PPR = 0xa0,
	APIC_EOI = 0xb0,
	APIC_LDR = 0xd0,
	APIC_DFR = 0xe0,
	APIC_SVR = 0xf0,
	APIC_ISR = 0x100,
	APIC_IRR = 0x200,
	APIC_ESR = 0x280,
	APIC_ICR = 0x300,
	APIC_ICR_HIGH = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_INITIAL = 0x380,
	APIC_CURRENT = 0x390,
	APIC_DIVIDE = 0x3e0,
	APIC_SELF = 0x3f0,
};

enum apic_bit {
	SVR_ENABLE = 1 << 8,
	LVT_MASKED = 1 << 16,
	LVT_PERIODIC = 1 << 17,
	LVT_DEADLINE = 1 << 18,
	DIVIDE_BY_1 = 0xb,
	ICR_LOWEST = 1 << 8,
	ICR_NMI = 4 << 8,
	ICR_INIT = 5 << 8,
	ICR_SIPI = 6 << 8,
	ICR_LOGICAL = 1 << 11,
	ICR_BUSY = 1 << 12,
	ICR_ASSERT = 1 << 14,
	ICR_SELF = 1 << 18,
	ICR_ALL = 2 << 18,
	ICR_OTHERS = 3 << 18,
};

/* True on this CPU: x2APIC mode. */
bool apic_is_x2(void);

/* Switches this CPU to x2APIC mode. */
void apic_use_x2(void);

uint32_t apic_read(unsigned offset);
void apic_write(unsigned offset, uint32_t value);

/* Enables it, everything masked, priority 0. */
void apic_enable(void);

void apic_eoi(void);

/* bits: vector, delivery mode, shorthand. Waits until it is sent. */
void apic_send(uint32_t destination, uint32_t bits);

uint32_t apic_id(void);
