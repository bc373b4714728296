/* SPDX-License-Identifier: BSD-2-Clause */
/* The calendar, and how an MC146818 writes it into its registers. Pure functions. */
#pragma once

#include "lib/types.h"

/* Register B's bits that say how the others are written. */
enum rtc_format { RTC_24_HOURS = 1 << 1, RTC_BINARY = 1 << 2 };

struct rtc_time {
	unsigned second, minute, hour;
	unsigned day, month; /* from 1 */
	unsigned year;	     /* 0 to 9999 */
};

/*
 * Seconds since 1970-01-01. A field beyond its range carries into the next (day 0 is the day
 * before).
 */
int64_t rtc_time_to_seconds(const struct rtc_time *time);

/* The calendar in force is the Gregorian, also before its time. Years are modulo 10000. */
void rtc_time_from_seconds(int64_t seconds, struct rtc_time *time);

/* 1 is Sunday. */
unsigned rtc_time_weekday(int64_t seconds);

/* A number as its register shows it: BCD or binary. */
uint8_t rtc_time_encode(unsigned number, unsigned format);

/* The same backward. Digits above 9 count for what they are. */
unsigned rtc_time_decode(uint8_t raw, unsigned format);

/* The hours' register: with 12 hours 1 to 12, bit 7 for PM. */
uint8_t rtc_time_encode_hour(unsigned hour, unsigned format);
unsigned rtc_time_decode_hour(uint8_t raw, unsigned format);
