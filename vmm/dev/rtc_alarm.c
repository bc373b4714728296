/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the search for the RTC's next alarm (MC146818A data sheet, "Time, Calendar, and Alarm
 * Locations").
 */
#include "vmm/dev/rtc_alarm.h"

#include "vmm/dev/rtc_time.h"

enum { DONT_CARE = 0xc0, HOURS = 24, SIXTY = 60 };
enum { ANY = -1, NEVER = -2 };

/*
 * The number that a register has to show: the chip compares bytes, so only a true encoding matches.
 */
static int wanted(uint8_t raw, unsigned number, uint8_t encoded, unsigned limit)
{
	if (raw >= DONT_CARE)
		return ANY;
	return number < limit && encoded == raw ? (int)number : NEVER;
}

static int wanted_sixtieth(uint8_t raw, unsigned format)
{
	unsigned number = rtc_time_decode(raw, format);

	return wanted(raw, number, rtc_time_encode(number, format), SIXTY);
}

static int wanted_hour(uint8_t raw, unsigned format)
{
	unsigned number = rtc_time_decode_hour(raw, format);

	return wanted(raw, number, rtc_time_encode_hour(number, format), HOURS);
}

/* How many steps until a counter of limit values shows want. */
static int64_t steps(int want, unsigned now, unsigned limit)
{
	return ((unsigned)want + limit - now) % limit;
}

bool rtc_alarm_next(const struct rtc_alarm *alarm, unsigned format, int64_t seconds, int64_t *at)
{
	int second = wanted_sixtieth(alarm->second, format);
	int minute = wanted_sixtieth(alarm->minute, format);
	int hour = wanted_hour(alarm->hour, format);

	if (second == NEVER || minute == NEVER || hour == NEVER)
		return false;
	/* Each step ends where a larger unit begins, and may carry into it: two rounds at most. */
	for (*at = seconds + 1;;) {
		struct rtc_time t;

		rtc_time_from_seconds(*at, &t);
		if (hour != ANY && t.hour != (unsigned)hour)
			*at += steps(hour, t.hour, HOURS) * 3600 -
			       (int64_t)(t.minute * 60 + t.second);
		else if (minute != ANY && t.minute != (unsigned)minute)
			*at += steps(minute, t.minute, SIXTY) * 60 - (int64_t)t.second;
		else if (second != ANY && t.second != (unsigned)second)
			*at += steps(second, t.second, SIXTY);
		else
			return true;
	}
}
