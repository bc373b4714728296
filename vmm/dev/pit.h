/* SPDX-License-Identifier: BSD-2-Clause */
/* The 8254 of a PC: three counters, IRQ 0 from the first, and port 61h around the third. */
#pragma once

#include "abi/errors.h"
#include "lib/types.h"
#include "vmm/dev/pit_counter.h"
#include "vmm/device.h"
#include "vmm/timers.h"

enum { PIT_COUNTERS = 3 };

/* IRQ 0 comes at most once in this time; shorter periods lose interrupts, as on a slow machine. */
#define PIT_MIN_PERIOD_NS 100000ULL

struct pit {
	struct device dev;
	struct pit_counter counter[PIT_COUNTERS];
	uint8_t port_b; /* bits 3:0 of port 61h as written; bit 0 is gate 2 */
	struct device_timer timer;
	uint64_t rise_at;   /* the tick that the timer waits for, or PIT_NEVER */
	uint64_t last_rise; /* ns: when IRQ 0 last rose by the timer */
	bool line;	    /* IRQ 0 */
};

/* Clears the model and claims its ports. */
enum err must_check pit_init(struct pit *pit);
