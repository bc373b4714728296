/* SPDX-License-Identifier: BSD-2-Clause */
/* TSC ticks and wall-clock time as people read them. */
#pragma once

#include "lib/types.h"

enum { CLOCK_TEXT = 40 };

/* hz: the host's TSC in a second, not 0. */
void clock_reset(uint64_t hz);
uint64_t clock_hz(void);

/* "1:02:03.4"; hours are not cut at a day. Return to. */
const char *clock_duration(char to[CLOCK_TEXT], uint64_t tsc);

uint64_t clock_microseconds(uint64_t tsc);

/* "2026-01-31 23:59:59 UTC" from Unix nanoseconds. */
const char *clock_date(char to[CLOCK_TEXT], uint64_t unix_ns);
