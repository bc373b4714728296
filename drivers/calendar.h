/* SPDX-License-Identifier: BSD-2-Clause */
/* What clocks show, as seconds. */
#pragma once

#include "lib/types.h"

struct calendar {
	unsigned year, month, day; /* from 1 */
	unsigned hour, minute, second;
};

/*
 * Unix seconds. False, and *seconds untouched, if no clock shows that: no such day, before 1970, after
 * 9999.
 */
bool must_check calendar_seconds(const struct calendar *time, uint64_t *seconds);
