/* SPDX-License-Identifier: BSD-2-Clause */
/* The RTC and CMOS against the MC146818A's data sheet, and its calendar against the C library's. */
/* sources: vmm/bus.c vmm/timers.c vmm/dev/rtc.c vmm/dev/rtc_time.c vmm/dev/rtc_alarm.c vmm/dev/rtc_cmos.c */
#include <time.h>

#include "tests/unit/dev_fakes.h"

#include "tests/unit/dev_fake_irq.h"
#include "tests/unit/random.h"
#include "vmm/dev/rtc.h"
#include "vmm/dev/rtc_alarm.h"
#include "vmm/dev/rtc_time.h"

#define MS     1000000ULL
#define SECOND 1000000000ULL

enum { A = 0x0a, B = 0x0b, C = 0x0c, D = 0x0d };
enum { SET = 0x80, PIE = 0x40, AIE = 0x20, UIE = 0x10, BINARY = 4, H24 = 2 };

/* 2026-01-01 00:00:00 UTC, a Thursday. */
enum { NEW_YEAR = 1767225600 };

static struct rtc rtc;

static uint8_t get(unsigned index)
{
	out8(0x70, index);
	return in8(0x71);
}

static void set(unsigned index, unsigned value)
{
	out8(0x70, index);
	out8(0x71, value);
}

static int setup(void **state)
{
	const struct rtc_config config = {
		.wall_clock = NEW_YEAR, .memory_below_4g = GIB(3), .memory_above_4g = GIB(5)};

	(void)state;
	fake_start();
	memset(fake_irq, 0, sizeof(fake_irq));
	assert_int_equal(rtc_init(&rtc, &config), ERR_NONE);
	bus_seal();
	return 0;
}

/* Reads the time as drivers do, in whatever format B says. */
static void assert_time(unsigned century, unsigned year, unsigned month, unsigned day,
			unsigned hour, unsigned minute, unsigned second)
{
	assert_int_equal(get(0x32), century);
	assert_int_equal(get(9), year);
	assert_int_equal(get(8), month);
	assert_int_equal(get(7), day);
	assert_int_equal(get(4), hour);
	assert_int_equal(get(2), minute);
	assert_int_equal(get(0), second);
}

static void the_calendar_equals_the_c_librarys(void **state)
{
	int64_t at = -62000000000LL; /* year 5 */

	(void)state;
	for (; at < 253402300800LL; at += 86399LL * 13 + 7) {
		struct rtc_time t;
		time_t c = (time_t)at;
		struct tm tm;

		gmtime_r(&c, &tm);
		rtc_time_from_seconds(at, &t);
		assert_int_equal(t.year, tm.tm_year + 1900);
		assert_int_equal(t.month, tm.tm_mon + 1);
		assert_int_equal(t.day, tm.tm_mday);
		assert_int_equal(t.hour, tm.tm_hour);
		assert_int_equal(t.minute, tm.tm_min);
		assert_int_equal(t.second, tm.tm_sec);
		assert_int_equal(rtc_time_weekday(at), tm.tm_wday + 1);
		assert_true(rtc_time_to_seconds(&t) == at);
	}
}

static void every_day_of_400_years_is_there(void **state)
{
	struct rtc_time before = {0};

	(void)state;
	for (int64_t day = 0; day < 146097 + 366; day++) {
		struct rtc_time t;

		rtc_time_from_seconds(day * 86400, &t);
		assert_true(rtc_time_to_seconds(&t) == day * 86400);
		assert_in_range(t.month, 1, 12);
		assert_in_range(t.day, 1, 31);
		assert_true(t.day == before.day + 1 || t.day == 1);
		before = t;
	}
}

/* A machine whose wall clock is 0.75 s into a second: the RTC's next second begins a quarter later. */
static void a_second_begins_when_the_wall_clocks_does(void **state)
{
	const struct rtc_config config = {.wall_clock = NEW_YEAR, .wall_ns = 750 * MS};
	static struct rtc other;

	(void)state;
	fake_start();
	assert_int_equal(rtc_init(&other, &config), ERR_NONE);
	bus_seal();
	assert_int_equal(get(0), 0);
	set(A, 0x2f); /* 2 Hz: its phase is the second's */
	get(C);
	fake_go(250 * MS - 1);
	assert_int_equal(get(0), 0);
	assert_int_equal(get(C) & PIE, 0);
	fake_go(1);
	assert_int_equal(get(0), 1);
	assert_int_equal(get(C) & PIE, PIE);
	fake_go(SECOND - 1);
	assert_int_equal(get(0), 1);
	fake_go(1);
	assert_int_equal(get(0), 2);
}

static void the_clock_starts_at_the_wall_clock_in_bcd(void **state)
{
	(void)state;
	assert_int_equal(get(B), H24);
	assert_int_equal(get(D), 0x80);
	assert_time(0x20, 0x26, 1, 1, 0, 0, 0);
	assert_int_equal(get(6), 5); /* Thursday */
	fake_go((86400 + 13 * 3600 + 45 * 60 + 59) * SECOND);
	assert_time(0x20, 0x26, 0x01, 0x02, 0x13, 0x45, 0x59);
	assert_int_equal(get(6), 6);
}

static void formats_show_the_same_time(void **state)
{
	(void)state;
	fake_go(13 * 3600 * SECOND);
	set(B, H24 | BINARY);
	assert_time(20, 26, 1, 1, 13, 0, 0);
	set(B, BINARY);
	assert_int_equal(get(4), 0x81);
	set(B, 0);
	assert_int_equal(get(4), 0x81);
	fake_go(9 * 3600 * SECOND);
	assert_int_equal(get(4), 0x90); /* 10 pm in BCD */
	fake_go(2 * 3600 * SECOND);
	assert_int_equal(get(4), 0x12); /* midnight is 12 am */
	fake_go(12 * 3600 * SECOND);
	assert_int_equal(get(4), 0x92); /* noon is 12 pm */
}

static void all_hours_round_trip(void **state)
{
	(void)state;
	for (unsigned format = 0; format < 8; format += 2) {
		for (unsigned hour = 0; hour < 24; hour++)
			assert_int_equal(
				rtc_time_decode_hour(rtc_time_encode_hour(hour, format), format),
				hour);
	}
}

static void set_stops_the_time_and_sets_it(void **state)
{
	(void)state;
	set(B, H24 | SET);
	fake_go(5 * SECOND);
	assert_time(0x20, 0x26, 1, 1, 0, 0, 0);
	set(0x32, 0x19);
	set(9, 0x99);
	set(8, 0x12);
	set(7, 0x31);
	set(6, 6);
	set(4, 0x23);
	set(2, 0x59);
	set(0, 0x58);
	assert_time(0x19, 0x99, 0x12, 0x31, 0x23, 0x59, 0x58);
	set(B, H24);
	assert_time(0x19, 0x99, 0x12, 0x31, 0x23, 0x59, 0x58);
	fake_go(2 * SECOND);
	assert_time(0x20, 0x00, 1, 1, 0, 0, 0);
	assert_int_equal(get(6), 7);
}

static void the_weekday_is_what_the_guest_says(void **state)
{
	(void)state;
	set(6, 1);
	assert_int_equal(get(6), 1);
	for (unsigned day = 1; day < 20; day++) {
		fake_go(86400 * SECOND);
		assert_int_equal(get(6), day % 7 + 1);
	}
}

/* The first update comes 500 ms after the divider is released: what setting a clock relies on. */
static void the_divider_reset_aligns_the_second(void **state)
{
	(void)state;
	fake_go(777 * MS);
	set(A, 0x76);
	fake_go(10 * SECOND);
	assert_int_equal(get(0), 0x00);
	set(A, 0x26);
	fake_go(499 * MS);
	assert_int_equal(get(0), 0x00);
	fake_go(1 * MS);
	assert_int_equal(get(0), 0x01);
	fake_go(999 * MS);
	assert_int_equal(get(0), 0x01);
	fake_go(1 * MS);
	assert_int_equal(get(0), 0x02);
}

static void uip_announces_the_update(void **state)
{
	(void)state;
	fake_go(SECOND - 2229000);
	assert_int_equal(get(A), 0x26);
	fake_go(1000);
	assert_int_equal(get(A), 0xa6);
	assert_int_equal(get(0), 0);
	fake_go(2227999);
	assert_int_equal(get(A), 0xa6);
	assert_int_equal(get(0), 0);
	fake_go(1);
	assert_int_equal(get(A), 0x26);
	assert_int_equal(get(0), 1);
	fake_go(SECOND - 1);
	assert_int_equal(get(A), 0xa6);
	set(B, H24 | SET);
	assert_int_equal(get(A), 0x26); /* no update under SET */
	set(A, 0xff);
	assert_int_equal(get(A), 0x7f); /* UIP is read-only */
}

static void the_update_interrupt_comes_each_second(void **state)
{
	(void)state;
	set(B, H24 | UIE);
	assert_false(fake_irq[GSI_RTC].level);
	for (unsigned i = 1; i <= 5; i++) {
		fake_go(SECOND);
		assert_int_equal(fake_irq[GSI_RTC].rises, i);
		assert_int_equal(get(0), i);
		assert_int_equal(get(C), 0xd0); /* the periodic flag comes without its enable */
		assert_false(fake_irq[GSI_RTC].level);
		assert_int_equal(get(C), 0);
	}
}

static void set_clears_the_update_enable(void **state)
{
	(void)state;
	set(B, H24 | UIE | AIE | PIE | SET);
	assert_int_equal(get(B), H24 | AIE | PIE | SET);
}

static void unread_interrupts_cost_no_timers(void **state)
{
	(void)state;
	set(A, 0x23); /* 8192 Hz */
	set(B, H24 | UIE | AIE | PIE);
	set(1, 0xff);
	set(3, 0xff);
	set(5, 0xff); /* an alarm each second */
	fake_go(100 * SECOND);
	assert_int_equal(fake_irq[GSI_RTC].rises, 1);
	assert_true(fake.expiries <= 3);
	assert_int_equal(get(C), 0xf0);
}

static void the_periodic_interrupt_has_all_rates(void **state)
{
	static const unsigned hz[16] = {0,   256, 128, 8192, 4096, 2048, 1024, 512,
					256, 128, 64,  32,   16,   8,	 4,    2};

	(void)state;
	for (unsigned rate = 0; rate < 16; rate++) {
		unsigned before = fake_irq[GSI_RTC].rises;
		uint64_t end;

		set(A, 0x20 | rate);
		set(B, H24 | PIE);
		get(C);
		end = fake.now + SECOND;
		while (fake.now < end) {
			fake_go(MIN(61000, end - fake.now));
			if (fake_irq[GSI_RTC].level)
				assert_int_equal(get(C) & 0xc0, 0xc0);
		}
		assert_in_range(fake_irq[GSI_RTC].rises - before + 1, hz[rate], hz[rate] + 2);
	}
}

static void flags_are_set_without_enables(void **state)
{
	(void)state;
	set(1, 0x05);
	set(3, 0x00);
	set(5, 0x00);
	get(C);
	fake_go(5 * SECOND);
	assert_int_equal(fake.expiries, 0);
	assert_false(fake_irq[GSI_RTC].level);
	assert_int_equal(get(C), 0x70);
	/* A flag that stands when its enable comes interrupts at once. */
	fake_go(SECOND);
	set(B, H24 | UIE);
	assert_true(fake_irq[GSI_RTC].level);
}

static void the_alarm_matches_its_three_registers(void **state)
{
	(void)state;
	set(1, 0x30);
	set(3, 0x15);
	set(5, 0x07);
	set(B, H24 | AIE);
	get(C);
	fake_go((7 * 3600 + 15 * 60 + 30) * SECOND - 1);
	assert_false(fake_irq[GSI_RTC].level);
	fake_go(1);
	assert_true(fake_irq[GSI_RTC].level);
	assert_int_equal(get(C) & 0xa0, 0xa0);
	fake_go(86400 * SECOND - 1);
	assert_false(fake_irq[GSI_RTC].level);
	fake_go(1);
	assert_true(fake_irq[GSI_RTC].level);
	assert_true(fake.expiries < 4);
}

static void dont_care_alarms_repeat(void **state)
{
	(void)state;
	set(1, 0x10);
	set(3, 0xc0); /* each minute */
	set(5, 0xff);
	set(B, H24 | AIE);
	for (unsigned i = 0; i < 180; i++) {
		fake_go(60 * SECOND);
		assert_int_equal(get(C) & 0xa0, 0xa0);
	}
	assert_int_equal(fake_irq[GSI_RTC].rises, 180);
}

static void the_alarm_obeys_12_hours_and_binary(void **state)
{
	(void)state;
	set(B, BINARY | AIE);
	set(1, 0);
	set(3, 30);
	set(5, 0x80 | 3); /* 3 pm */
	get(C);
	fake_go((15 * 3600 + 30 * 60) * SECOND - 1);
	assert_false(fake_irq[GSI_RTC].level);
	fake_go(1);
	assert_true(fake_irq[GSI_RTC].level);
}

static void an_impossible_alarm_never_comes(void **state)
{
	(void)state;
	set(1, 0x7f);
	set(3, 0xaa);
	set(5, 0x99);
	set(B, H24 | AIE);
	fake_go(3 * 86400 * SECOND);
	assert_int_equal(get(C) & 0x20, 0);
	assert_int_equal(fake_irq[GSI_RTC].rises, 0);
}

/* Every alarm of a sample against a search second by second. */
static void the_alarm_search_equals_a_slow_one(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x12, 0x23, 0x59, 0x81,
					 0x92, 0xc0, 0xff, 0x5a, 0x60};

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		struct rtc_alarm alarm;
		uint32_t draw = (uint32_t)next_random();
		int64_t from, at, slow;
		unsigned format;
		bool found = false;

		alarm.second = values[(draw >> 8) % ARRAY_SIZE(values)];
		alarm.minute = values[(draw >> 13) % ARRAY_SIZE(values)];
		alarm.hour = values[(draw >> 18) % ARRAY_SIZE(values)];
		format = draw >> 28 & 6;
		from = NEW_YEAR + (draw >> 4) % 100000;
		for (slow = from + 1; slow <= from + 86400 && !found; slow++) {
			struct rtc_time t;

			rtc_time_from_seconds(slow, &t);
			found = (alarm.second >= 0xc0 ||
				 alarm.second == rtc_time_encode(t.second, format)) &&
				(alarm.minute >= 0xc0 ||
				 alarm.minute == rtc_time_encode(t.minute, format)) &&
				(alarm.hour >= 0xc0 ||
				 alarm.hour == rtc_time_encode_hour(t.hour, format));
		}
		assert_int_equal(rtc_alarm_next(&alarm, format, from, &at), found);
		if (found)
			assert_true(at == slow - 1);
	}
}

static void c_and_d_are_read_only(void **state)
{
	(void)state;
	set(B, H24 | UIE);
	fake_go(SECOND);
	set(C, 0);
	set(D, 0);
	assert_int_equal(get(D), 0x80);
	assert_int_equal(get(C), 0xd0);
	set(C, 0xff);
	assert_int_equal(get(C), 0);
}

static void garbage_times_carry_over(void **state)
{
	(void)state;
	set(B, H24 | SET);
	set(8, 0x00); /* month 0 of 2026 is December 2025, and day 0 the day before its 1st */
	set(7, 0x00);
	set(4, 0x24);
	set(2, 0x60);
	set(0, 0x60);
	set(B, H24);
	assert_int_equal(get(8), 0x00);
	fake_go(SECOND);
	assert_time(0x20, 0x25, 0x12, 0x01, 0x01, 0x01, 0x01);
	for (unsigned value = 0; value < 256; value++) {
		for (unsigned index = 0; index < 10; index++)
			set(index, value);
		set(0x32, value);
		fake_go(SECOND);
		for (unsigned index = 0; index < 14; index++)
			get(index);
	}
}

/* Windows and ReactOS write the bytes one by one, without SET, and the day before the month. */
static void a_day_stands_until_its_month_is_written(void **state)
{
	(void)state;
	set(B, H24 | SET);
	set(8, 0x02);
	set(7, 0x10);
	set(B, H24);
	fake_go(SECOND);
	set(7, 0x31);
	assert_int_equal(get(7), 0x31);
	assert_int_equal(get(8), 0x02);
	set(B, H24 | UIE);
	assert_int_equal(get(7), 0x31);
	set(8, 0x03);
	assert_int_equal(get(7), 0x31);
	assert_int_equal(get(8), 0x03);
	fake_go(SECOND);
	assert_int_equal(get(7), 0x31);
	assert_int_equal(get(8), 0x03);
	/* Nor is it lost where interrupts or the format are asked for meanwhile, or SET is taken. */
	set(8, 0x02);
	set(B, H24 | SET);
	assert_int_equal(get(7), 0x31);
	set(8, 0x05);
	set(B, H24);
	assert_int_equal(get(7), 0x31);
	set(8, 0x02);
	set(B, H24 | BINARY); /* in binary: 3 March */
	assert_int_equal(get(7), 3);
	assert_int_equal(get(8), 3);
}

static void all_128_bytes_and_the_extended_bank(void **state)
{
	(void)state;
	for (unsigned index = 0x0e; index < 0x80; index++) {
		if (index != 0x32)
			set(index, index ^ 0x5a);
	}
	for (unsigned index = 0; index < 0x80; index++) {
		out8(0x72, index);
		out8(0x73, index ^ 0xa5);
	}
	for (unsigned index = 0x0e; index < 0x80; index++) {
		if (index == 0x32)
			continue;
		assert_int_equal(get(index), index ^ 0x5a);
		assert_int_equal(get(index | 0x80), index ^ 0x5a); /* bit 7 masks NMIs */
	}
	for (unsigned index = 0; index < 0x80; index++) {
		out8(0x72, index | 0x80);
		assert_int_equal(in8(0x73), index ^ 0xa5);
	}
	assert_int_equal(in8(0x70), 0xff);
	assert_int_equal(in8(0x72), 0xff);
}

static void the_memory_sizes_are_a_pcs(void **state)
{
	unsigned sum = 0;

	(void)state;
	assert_int_equal(get(0x15) | get(0x16) << 8, 640);
	assert_int_equal(get(0x17) | get(0x18) << 8, 65535);
	assert_int_equal(get(0x30) | get(0x31) << 8, 65535);
	assert_int_equal(get(0x34) | get(0x35) << 8, (3 * 1024 - 16) * 16);
	assert_int_equal(get(0x5b) | get(0x5c) << 8 | get(0x5d) << 16, 5 * 1024 * 16);
	for (unsigned index = 0x10; index <= 0x2d; index++)
		sum += get(index);
	assert_int_equal(get(0x2e) << 8 | get(0x2f), sum);
}

static void reset_keeps_the_battery_and_stops_interrupts(void **state)
{
	(void)state;
	set(0x40, 0x77);
	set(0x34, 0); /* firmware's: filled in again */
	set(B, H24 | UIE | PIE | AIE | 8);
	fake_go(3 * SECOND);
	assert_true(fake_irq[GSI_RTC].level);
	rtc.dev.ops->reset(&rtc.dev);
	assert_false(fake_irq[GSI_RTC].level);
	assert_int_equal(get(B), H24);
	assert_int_equal(get(C), 0);
	assert_int_equal(get(0x40), 0x77);
	assert_int_equal(get(0x35), (3 * 1024 - 16) * 16 >> 8);
	assert_int_equal(get(0), 3);
	assert_true(fake.deadline == UINT64_MAX);
}

static void a_stopped_divider_has_no_periodic_interrupt(void **state)
{
	(void)state;
	set(A, 0x66);
	set(B, H24 | PIE | UIE);
	fake_go(5 * SECOND);
	assert_int_equal(fake_irq[GSI_RTC].rises, 0);
	assert_int_equal(get(0), 0);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_calendar_equals_the_c_librarys),
		T(every_day_of_400_years_is_there),
		T(a_second_begins_when_the_wall_clocks_does),
		T(the_clock_starts_at_the_wall_clock_in_bcd),
		T(formats_show_the_same_time),
		T(all_hours_round_trip),
		T(set_stops_the_time_and_sets_it),
		T(the_weekday_is_what_the_guest_says),
		T(the_divider_reset_aligns_the_second),
		T(uip_announces_the_update),
		T(the_update_interrupt_comes_each_second),
		T(set_clears_the_update_enable),
		T(unread_interrupts_cost_no_timers),
		T(the_periodic_interrupt_has_all_rates),
		T(flags_are_set_without_enables),
		T(the_alarm_matches_its_three_registers),
		T(dont_care_alarms_repeat),
		T(the_alarm_obeys_12_hours_and_binary),
		T(an_impossible_alarm_never_comes),
		T(the_alarm_search_equals_a_slow_one),
		T(c_and_d_are_read_only),
		T(garbage_times_carry_over),
		T(a_day_stands_until_its_month_is_written),
		T(all_128_bytes_and_the_extended_bank),
		T(the_memory_sizes_are_a_pcs),
		T(reset_keeps_the_battery_and_stops_interrupts),
		T(a_stopped_divider_has_no_periodic_interrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
