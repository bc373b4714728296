/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's local APIC, in x2APIC mode where the machine has it. Every function acts on the
 * running CPU's own. It is never switched off by APIC_BASE.EN: one that was does not come back
 * under QEMU.
 */
#pragma once

#include "lib/types.h"

/*
 * CPU 0, once, after kernel_space_init: finds the registers. False: there is no local APIC. opt_out: the
 * firmware asks that x2APIC mode is not switched on, since it cannot do with it.
 */
bool must_check apic_init(bool opt_out);

/*
 * Each CPU: enables it, spurious and error vectors, NMI on LINT1, timer stopped, all else masked.
 */
void apic_init_cpu(void);

/* True once CPU 0 has done that: for code that may run before. */
bool apic_is_ready(void);

bool apic_is_x2apic(void);
/* In xAPIC mode: where the registers are mapped, and their physical address; else NULL. */
const volatile void *apic_page(hpa_t *pa);
uint32_t apic_id(void);
void apic_eoi(void);

/* To one CPU, by its APIC id. IF=0; returns when the APIC has taken it. */
void apic_send_fixed(uint32_t id, uint8_t vector);
void apic_send_nmi(uint32_t id);
/*
 * To all that are online, one by one: QEMU's CPUs that never got a SIPI would run off at a
 * broadcast.
 */
void apic_send_nmi_all_but_self(void);
void apic_send_init(uint32_t id);
void apic_send_sipi(uint32_t id, uint8_t page);

/* VECTOR_ERROR arrived: counts it in struct arch_cpu. The caller sends the EOI. */
void apic_error_interrupt(void);

/*
 * The timer interrupts once, with VECTOR_TIMER, when the TSC has reached a value. Without
 * TSC-deadline it is a one-shot count, and may come early: by rounding, or if the value is far
 * away. Look at the TSC and arm it again. A value in the past interrupts at once. CPU 0 calibrates
 * once: between begin and end lie milliseconds, not seconds; tsc_khz is the TSC's own frequency.
 */
void apic_timer_calibrate_begin(void);
void apic_timer_calibrate_end(uint64_t tsc_khz);
void apic_timer_arm(uint64_t tsc);
void apic_timer_stop(void);
/* 0 with TSC-deadline: there is no count. */
uint64_t apic_timer_khz(void);

/* An interrupt of this vector is requested or in service. */
bool apic_vector_requested(uint8_t vector);
bool apic_vector_in_service(uint8_t vector);
