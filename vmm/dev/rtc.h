/* SPDX-License-Identifier: BSD-2-Clause */
/* The MC146818 real-time clock and the CMOS memory behind it: ports 70h to 73h, IRQ 8. */
#pragma once

#include "abi/errors.h"
#include "lib/types.h"
#include "vmm/device.h"
#include "vmm/timers.h"

/* What the clock and the memory say at the start. */
struct rtc_config {
	int64_t wall_clock;	  /* seconds since 1970, of now */
	uint32_t wall_ns;	  /* and what has passed of the next one */
	uint64_t memory_below_4g; /* bytes of RAM from 0 */
	uint64_t memory_above_4g; /* bytes of RAM from 4 GiB */
};

struct rtc {
	struct device dev;
	struct rtc_config config;
	uint8_t index[2]; /* ports 70h and 72h */
	uint8_t ram[256]; /* registers and memory; the time is here only while it stands still */

	/* At ns boundary a second began, or will; the divider's phase. */
	uint64_t boundary;
	int64_t seconds; /* the time at boundary, while the clock runs */
	bool held;	 /* until then the registers are as they were written, calendar or not */
	unsigned weekday_shift; /* what a guest's day of the week is ahead of the calendar's */

	uint64_t seen; /* ns up to which register C's flags are evaluated */
	struct device_timer timer;
	bool line; /* IRQ 8 */
};

/* Clears the model and claims its ports. */
enum err must_check rtc_init(struct rtc *rtc, const struct rtc_config *config);
