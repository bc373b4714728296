/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast the TSC runs, measured against a clock of known rate, and the conversions that follow.
 */
#pragma once

#include "drivers/port.h"

enum tsc_reference { TSC_PM_TIMER, TSC_PIT, TSC_NONE };

/*
 * Measures against the ACPI PM timer at pm_timer_port (0: there is none), or if that does not
 * count, against the PIT's channel 2. Takes 12 ms, up to 36 if it is disturbed. Stores the result for the
 * conversions and says which clock it is from; TSC_NONE: neither counted, and 1 GHz is assumed. CPU
 * 0, boot.
 */
enum tsc_reference tsc_calibrate(const struct port_ops *ports, uint16_t pm_timer_port);

/* For tests, and for who knows better. */
void tsc_set_khz(uint32_t khz);

uint32_t tsc_khz(void);

/* Durations, rounded down; too large a result becomes the greatest number. */
uint64_t tsc_to_ns(uint64_t tsc);
uint64_t tsc_to_us(uint64_t tsc);
uint64_t ns_to_tsc(uint64_t ns);
uint64_t us_to_tsc(uint64_t us);
