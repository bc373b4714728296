/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/rtc against a fake MC146818 in all its formats, compared with the host's own calendar. */
/* sources: drivers/rtc.c drivers/calendar.c */
#include "drivers/rtc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static struct {
	uint8_t reg[128], index;
	unsigned updating, reads; /* updating: for how many more reads of status A */
	unsigned tick_after;	  /* reads until the seconds move on; 0: never */
} fake;

static uint8_t read8(uint16_t port)
{
	assert_int_equal(port, 0x71);
	fake.reads++;
	if (fake.tick_after && --fake.tick_after == 0) {
		/* 23:59:59 becomes 00:00:00 of the next day. */
		fake.reg[0] = fake.reg[2] = fake.reg[4] = 0;
		fake.reg[7]++;
	}
	if (fake.index == 0x0a && fake.updating) {
		fake.updating--;
		return 0x80 | 0x26;
	}
	return fake.reg[fake.index];
}

static void write8(uint16_t port, uint8_t value)
{
	assert_int_equal(port, 0x70);
	assert_true(value < 128);
	fake.index = value;
}

static const struct port_ops ports = {.read8 = read8, .write8 = write8};

static uint8_t coded(int value, bool binary)
{
	return (uint8_t)(binary ? value : value / 10 * 16 + value % 10);
}

static uint8_t coded_hour(int hour, bool binary, bool full_day)
{
	if (full_day)
		return coded(hour, binary);
	return (uint8_t)(coded(hour % 12 ? hour % 12 : 12, binary) | (hour >= 12 ? 0x80 : 0));
}

static void set_time(const struct tm *tm, bool binary, bool full_day)
{
	int year = tm->tm_year + 1900;

	fake.reg[0x00] = coded(tm->tm_sec, binary);
	fake.reg[0x02] = coded(tm->tm_min, binary);
	fake.reg[0x04] = coded_hour(tm->tm_hour, binary, full_day);
	fake.reg[0x07] = coded(tm->tm_mday, binary);
	fake.reg[0x08] = coded(tm->tm_mon + 1, binary);
	fake.reg[0x09] = coded(year % 100, binary);
	fake.reg[0x0a] = 0x26;
	fake.reg[0x0b] = (uint8_t)((binary ? 4 : 0) | (full_day ? 2 : 0));
	fake.reg[0x32] = coded(year / 100, binary);
}

static int set_up(void **state)
{
	struct tm tm = {.tm_year = 126, .tm_mday = 1, .tm_hour = 12};

	(void)state;
	fake.updating = fake.tick_after = fake.reads = 0;
	set_time(&tm, false, true);
	return 0;
}

/* Every hour and minute pattern, every month's ends, in all four formats, 1970 to 2199. */
static void test_dates(void **state)
{
	(void)state;
	for (int64_t time = 0; time < 7258118400; time += 86400 * 3 + 3661) {
		time_t host = (time_t)time;
		struct tm tm;
		uint64_t seconds;

		gmtime_r(&host, &tm);
		for (unsigned format = 0; format < 4; format++) {
			set_time(&tm, format & 1, format & 2);
			assert_true(rtc_read(&ports, 0x32, &seconds));
			assert_true(seconds == (uint64_t)time);
		}
	}
}

static void test_no_century(void **state)
{
	struct tm tm = {
		.tm_year = 126, .tm_mon = 1, .tm_mday = 28, .tm_hour = 23, .tm_min = 59, .tm_sec = 59};
	uint64_t seconds;

	(void)state;
	set_time(&tm, false, true);
	assert_true(rtc_read(&ports, 0, &seconds));
	assert_true(seconds == (uint64_t)timegm(&tm));
	fake.reg[0x32] = 0xff;
	assert_true(rtc_read(&ports, 0x32, &seconds));
	assert_true(seconds == (uint64_t)timegm(&tm));
	fake.reg[9] = 0x99;
	assert_true(rtc_read(&ports, 0, &seconds));
	tm.tm_year = 99;
	assert_true(seconds == (uint64_t)timegm(&tm));
}

/* The clock ticks between two of our reads: never a mixture of both times. */
static void test_tick_between(void **state)
{
	struct tm tm = {
		.tm_year = 126, .tm_mon = 4, .tm_mday = 8, .tm_hour = 23, .tm_min = 59, .tm_sec = 59};
	uint64_t before = (uint64_t)timegm(&tm), seconds;

	(void)state;
	for (unsigned after = 1; after < 30; after++) {
		set_time(&tm, false, true);
		fake.tick_after = after;
		assert_true(rtc_read(&ports, 0x32, &seconds));
		assert_true(seconds == before || seconds == before + 1);
	}
}

static void test_update(void **state)
{
	uint64_t seconds = 5;

	(void)state;
	fake.updating = 1000;
	assert_true(rtc_read(&ports, 0x32, &seconds));
	fake.updating = UINT32_MAX;
	fake.reads = 0;
	seconds = 5;
	assert_false(rtc_read(&ports, 0x32, &seconds));
	assert_true(seconds == 5 && fake.reads < 40000);
}

/* Garbage gives no time rather than a wrong one. */
static void test_garbage(void **state)
{
	static const struct {
		uint8_t reg, value;
	} bad[] = {{0, 0x60}, {0, 0x0a}, {2, 0x99}, {4, 0x24}, {7, 0},
		   {7, 0x32}, {8, 0},	 {8, 0x13}, {9, 0xff}, {9, 0xa0}};
	uint64_t seconds;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		set_up(state);
		fake.reg[bad[i].reg] = bad[i].value;
		assert_false(rtc_read(&ports, 0x32, &seconds));
	}
	for (unsigned i = 0; i < 128; i++)
		fake.reg[i] = 0xff;
	assert_false(rtc_read(&ports, 0x32, &seconds));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_dates, set_up),
		cmocka_unit_test_setup(test_no_century, set_up),
		cmocka_unit_test_setup(test_tick_between, set_up),
		cmocka_unit_test_setup(test_update, set_up),
		cmocka_unit_test_setup(test_garbage, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
