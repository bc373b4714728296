/* SPDX-License-Identifier: BSD-2-Clause */
#include "drivers/calendar.h"

/* Days since 1970-01-01: years begin in March here, so that the leap day is the last. */
static uint64_t days_since_epoch(unsigned year, unsigned month, unsigned day)
{
	unsigned y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
	unsigned days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1;

	return days - 719468;
}

bool calendar_seconds(const struct calendar *time, uint64_t *seconds)
{
	if (time->second > 59 || time->minute > 59 || time->hour > 23 || time->day < 1 ||
	    time->day > 31 || time->month < 1 || time->month > 12 || time->year < 1970 ||
	    time->year > 9999)
		return false;
	*seconds = ((days_since_epoch(time->year, time->month, time->day) * 24 + time->hour) * 60 +
		    time->minute) *
			   60 +
		   time->second;
	return true;
}
