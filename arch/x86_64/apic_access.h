/* SPDX-License-Identifier: BSD-2-Clause */
/* Register access for the files that together are the local APIC's driver, and for nobody else. */
#pragma once

#include "arch/x86_64/apic_regs.h"

uint32_t apic_read(enum apic_register reg);
void apic_write(enum apic_register reg, uint32_t value);

/* Part of apic_init_cpu: the timer is ready and stopped. */
void apic_timer_init_cpu(void);
