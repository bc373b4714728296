/* SPDX-License-Identifier: BSD-2-Clause */
/* Time as a tiny guest knows it: the TSC. */
#pragma once

#include "lib/types.h"

/* Told by the hypervisor's CPUID leaf 40000010h, else measured against the ACPI PM timer. */
uint64_t clock_khz(void);
void clock_init(void);

/* The TSC, ms from now. */
uint64_t clock_after_ms(uint64_t ms);
bool clock_is_past(uint64_t tsc);
void clock_spin_us(uint64_t us);

/* A moment of a loop that waits; interrupts are taken meanwhile. */
void clock_relax(void);

/* A one-shot interrupt of the local APIC, by TSC-deadline if CPUID has it. Then wait with HLT. */
void clock_arm(unsigned vector, uint64_t tsc);

uint32_t clock_pm_timer(void);
