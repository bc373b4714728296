/* SPDX-License-Identifier: BSD-2-Clause */
/* The MC146818's time registers, in whatever of its formats the firmware chose. */
#include "drivers/rtc.h"

#include "drivers/calendar.h"

enum { CMOS_INDEX = 0x70, CMOS_DATA = 0x71 };

enum rtc_reg {
	RTC_SECONDS = 0x00,
	RTC_MINUTES = 0x02,
	RTC_HOURS = 0x04,
	RTC_DAY = 0x07,
	RTC_MONTH = 0x08,
	RTC_YEAR = 0x09,
	RTC_STATUS_A = 0x0a,
	RTC_STATUS_B = 0x0b,
};

enum { A_UPDATING = BIT(7), B_24_HOURS = BIT(1), B_BINARY = BIT(2), HOURS_PM = BIT(7) };

enum {
	/* An update takes 2.2 ms at most; two port accesses take 2 us or more. */
	UPDATE_READS = 15 * 1000,
	/* Two equal readings in a row: the second fails only if a second passed in between. */
	TRIES = 5,
};

/* Bit 7 of the index would mask NMIs. */
static uint8_t cmos_read(const struct port_ops *ports, uint8_t reg)
{
	ports->write8(CMOS_INDEX, reg & 0x7f);
	return ports->read8(CMOS_DATA);
}

/* As in the registers, not yet decoded. */
struct raw_time {
	uint8_t second, minute, hour, day, month, year, century;
};

static bool wait_for_update(const struct port_ops *ports)
{
	for (unsigned i = 0; i < UPDATE_READS; i++)
		if (!(cmos_read(ports, RTC_STATUS_A) & A_UPDATING))
			return true;
	return false;
}

static bool read_raw(const struct port_ops *ports, uint8_t century, struct raw_time *raw)
{
	if (!wait_for_update(ports))
		return false;
	*raw = (struct raw_time){
		.second = cmos_read(ports, RTC_SECONDS),
		.minute = cmos_read(ports, RTC_MINUTES),
		.hour = cmos_read(ports, RTC_HOURS),
		.day = cmos_read(ports, RTC_DAY),
		.month = cmos_read(ports, RTC_MONTH),
		.year = cmos_read(ports, RTC_YEAR),
		.century = century ? cmos_read(ports, century) : 0,
	};
	return true;
}

static bool same(const struct raw_time *a, const struct raw_time *b)
{
	return a->second == b->second && a->minute == b->minute && a->hour == b->hour &&
	       a->day == b->day && a->month == b->month && a->year == b->year &&
	       a->century == b->century;
}

static bool read_stable(const struct port_ops *ports, uint8_t century, struct raw_time *raw)
{
	struct raw_time before;

	if (!read_raw(ports, century, &before))
		return false;
	for (unsigned i = 0; i < TRIES; i++) {
		if (!read_raw(ports, century, raw))
			return false;
		if (same(&before, raw))
			return true;
		before = *raw;
	}
	return false;
}

/* 100 and above: not a number of two digits. */
static unsigned decode(uint8_t value, uint8_t status_b)
{
	if (status_b & B_BINARY)
		return value;
	return (value & 15) < 10 && value >> 4 < 10 ? (value >> 4) * 10u + (value & 15) : 100;
}

static unsigned decode_hour(uint8_t value, uint8_t status_b)
{
	unsigned hour;

	if (status_b & B_24_HOURS)
		return decode(value, status_b);
	hour = decode(value & 0x7f, status_b);
	if (hour < 1 || hour > 12)
		return 100;
	return hour % 12 + (value & HOURS_PM ? 12 : 0);
}

/* A century byte that makes no sense (many boards keep something else there) is as good as none. */
static unsigned decode_year(const struct raw_time *raw, uint8_t status_b)
{
	unsigned year = decode(raw->year, status_b), century = decode(raw->century, status_b);

	if (century < 19 || century > 21)
		century = year < 70 ? 20 : 19;
	return century * 100 + year;
}

bool rtc_read(const struct port_ops *ports, uint8_t century, uint64_t *seconds)
{
	uint8_t status_b = cmos_read(ports, RTC_STATUS_B);
	struct calendar time;
	struct raw_time raw;

	if (!read_stable(ports, century, &raw))
		return false;
	time = (struct calendar){
		.year = decode_year(&raw, status_b),
		.month = decode(raw.month, status_b),
		.day = decode(raw.day, status_b),
		.hour = decode_hour(raw.hour, status_b),
		.minute = decode(raw.minute, status_b),
		.second = decode(raw.second, status_b),
	};
	return decode(raw.year, status_b) <= 99 && calendar_seconds(&time, seconds);
}
