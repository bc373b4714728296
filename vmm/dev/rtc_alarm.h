/* SPDX-License-Identifier: BSD-2-Clause */
/* When an MC146818's alarm comes next. A pure function, of constant cost whatever a guest wrote. */
#pragma once

#include "lib/types.h"

/* The alarm registers as written. */
struct rtc_alarm {
	uint8_t second, minute, hour;
};

/*
 * The first time after seconds (since 1970) that matches all three, as registers in this format
 * (enum rtc_format) would show it; values from C0h match all. False: some value is no time, so it
 * never does.
 */
bool rtc_alarm_next(const struct rtc_alarm *alarm, unsigned format, int64_t seconds, int64_t *at);
