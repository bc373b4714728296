/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns calendar arithmetic and the register formats of the RTC. */
#include "vmm/dev/rtc_time.h"

enum { DAY_SECONDS = 86400, CYCLE_YEARS = 400, CYCLE_DAYS = 146097, HOUR_PM = 0x80 };

/* Days from 0000-03-01 to 1970-01-01. Years are counted from March, so that leap days come last. */
enum { EPOCH_DAY = 719468 };

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

/* Days before the month-th (from 0) month of a year that begins in March: 0, 31, 61, 92, ... */
static int64_t days_before_month(int64_t month)
{
	return (153 * month + 2) / 5;
}

static int64_t days_before_year(int64_t year)
{
	return 365 * year + floor_div(year, 4) - floor_div(year, 100) + floor_div(year, 400);
}

int64_t rtc_time_to_seconds(const struct rtc_time *time)
{
	int64_t months = (int64_t)time->year * 12 + (int64_t)time->month -
			 3; /* since March of year 0 */
	int64_t year = floor_div(months, 12);
	int64_t days = days_before_year(year) + days_before_month(months - 12 * year) + time->day -
		       1;

	return (days - EPOCH_DAY) * DAY_SECONDS + (int64_t)time->hour * 3600 +
	       (int64_t)time->minute * 60 + (int64_t)time->second;
}

void rtc_time_from_seconds(int64_t seconds, struct rtc_time *time)
{
	int64_t days = floor_div(seconds, DAY_SECONDS);
	unsigned left = (unsigned)(seconds - days * DAY_SECONDS);
	int64_t cycle = floor_div(days + EPOCH_DAY, CYCLE_DAYS);
	int64_t day = days + EPOCH_DAY - cycle * CYCLE_DAYS;
	int64_t year = day / 365; /* at most one too many: leap days */
	int64_t month;

	if (days_before_year(year) > day)
		year--;
	day -= days_before_year(year);
	month = (5 * day + 2) / 153;
	year += cycle * CYCLE_YEARS + (month >= 10 ? 1 : 0);

	time->second = left % 60;
	time->minute = left / 60 % 60;
	time->hour = left / 3600;
	time->day = (unsigned)(day - days_before_month(month)) + 1;
	time->month = (unsigned)(month < 10 ? month + 3 : month - 9);
	time->year = (unsigned)(year - 10000 * floor_div(year, 10000));
}

unsigned rtc_time_weekday(int64_t seconds)
{
	int64_t days = floor_div(seconds, DAY_SECONDS) + 4; /* 1970-01-01 was a Thursday */

	return (unsigned)(days - 7 * floor_div(days, 7)) + 1;
}

uint8_t rtc_time_encode(unsigned number, unsigned format)
{
	if ((format & RTC_BINARY) != 0)
		return (uint8_t)number;
	return (uint8_t)(number / 10 % 10 << 4 | number % 10);
}

unsigned rtc_time_decode(uint8_t raw, unsigned format)
{
	return (format & RTC_BINARY) != 0 ? raw : (raw >> 4) * 10U + (raw & 15);
}

uint8_t rtc_time_encode_hour(unsigned hour, unsigned format)
{
	if ((format & RTC_24_HOURS) != 0)
		return rtc_time_encode(hour, format);
	return rtc_time_encode((hour + 11) % 12 + 1, format) | (hour >= 12 ? HOUR_PM : 0);
}

unsigned rtc_time_decode_hour(uint8_t raw, unsigned format)
{
	if ((format & RTC_24_HOURS) != 0)
		return rtc_time_decode(raw, format);
	return rtc_time_decode(raw & 0x7f, format) % 12 + ((raw & HOUR_PM) != 0 ? 12 : 0);
}
