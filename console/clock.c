/* SPDX-License-Identifier: BSD-2-Clause */
/* The calendar is the Gregorian one, counted in eras of 400 years. */
#include "console/clock.h"

#include "lib/format.h"

static uint64_t tsc_hz = 1;

void clock_reset(uint64_t hz)
{
	tsc_hz = hz;
}

uint64_t clock_hz(void)
{
	return tsc_hz;
}

const char *clock_duration(char to[CLOCK_TEXT], uint64_t tsc)
{
	uint64_t seconds = tsc / tsc_hz;
	uint64_t tenths = tsc % tsc_hz * 10 / tsc_hz;

	format(to, CLOCK_TEXT, "%lu:%02lu:%02lu.%lu", seconds / 3600, seconds / 60 % 60,
	       seconds % 60, tenths);
	return to;
}

uint64_t clock_microseconds(uint64_t tsc)
{
	return tsc / tsc_hz * 1000000 + tsc % tsc_hz * 1000000 / tsc_hz;
}

enum {
	DAYS_TO_MARCH_0000 = 719468,
	DAYS_IN_ERA = 146097,
	DAYS_IN_CENTURY = 36524,
	DAYS_IN_4_YEARS = 1460
};

/* Years begin in March here, so that the leap day is the last of its year. */
const char *clock_date(char to[CLOCK_TEXT], uint64_t unix_ns)
{
	uint64_t seconds = unix_ns / 1000000000;
	uint64_t days = seconds / 86400 + DAYS_TO_MARCH_0000;
	uint64_t era = days / DAYS_IN_ERA;
	uint64_t day = days % DAYS_IN_ERA;
	uint64_t year = (day - day / DAYS_IN_4_YEARS + day / DAYS_IN_CENTURY -
			 day / (DAYS_IN_ERA - 1)) /
			365;
	uint64_t day_of_year = day - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * day_of_year + 2) / 153;
	uint64_t day_of_month = day_of_year - (153 * month + 2) / 5 + 1;

	month = month < 10 ? month + 3 : month - 9;
	format(to, CLOCK_TEXT, "%lu-%02lu-%02lu %02lu:%02lu:%02lu UTC",
	       era * 400 + year + (month <= 2), month, day_of_month, seconds / 3600 % 24,
	       seconds / 60 % 60, seconds % 60);
	return to;
}
