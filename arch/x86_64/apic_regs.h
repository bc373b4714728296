/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC's registers and bits: SDM 3A 11 "Advanced Programmable Interrupt Controller
 * (APIC)".
 */
#pragma once

#include "lib/types.h"

/* Offsets in the xAPIC page; the x2APIC MSR is MSR_X2APIC_BASE + offset / 16. */
enum apic_register {
	APIC_ID = 0x20,
	APIC_VERSION = 0x30,
	APIC_TPR = 0x80,
	APIC_EOI = 0xb0,
	APIC_LDR = 0xd0,
	APIC_SVR = 0xf0,
	APIC_ISR = 0x100, /* eight registers, 16 bytes apart */
	APIC_IRR = 0x200,
	APIC_ESR = 0x280,
	APIC_LVT_CMCI = 0x2f0,
	APIC_ICR_LOW = 0x300,
	APIC_ICR_HIGH = 0x310, /* xAPIC only: in x2APIC mode ICR is one 64-bit register */
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_THERMAL = 0x330,
	APIC_LVT_PERF = 0x340,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
};

enum apic_bit {
	APIC_SVR_ENABLE = BIT(8),
	APIC_LVT_MASKED = BIT(16),
	APIC_LVT_DELIVERY = 7 << 8,
	APIC_LVT_SMI = 2 << 8,
	APIC_LVT_NMI = 4 << 8,
	APIC_LVT_PERIODIC = 1 << 17,
	APIC_LVT_TSC_DEADLINE = 2 << 17,
	APIC_ICR_FIXED = 0 << 8,
	APIC_ICR_NMI = 4 << 8,
	APIC_ICR_INIT = 5 << 8,
	APIC_ICR_STARTUP = 6 << 8,
	APIC_ICR_PENDING = BIT(12),
	APIC_ICR_ASSERT = BIT(14),
	APIC_DIVIDE_BY_1 = 0xb,
};
