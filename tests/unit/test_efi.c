/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/efi: the way to the runtime services through the firmware's tables, and what it does not follow. */
/* sources: drivers/efi.c drivers/calendar.c */
#include "drivers/efi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Physical memory from BASE on: data, of it the last page code. */
#define BASE 0x7f000000ULL
enum { SYSTEM = 0x100, RUNTIME = 0x400, SIZE = 0x3000, CODE = 0x2000 };

static uint8_t memory[SIZE];
static struct efi_services services;

static const void *map(hpa_t pa, size_t size)
{
	assert_true(pa >= BASE && size <= SIZE && pa - BASE <= SIZE - size);
	return memory + (pa - BASE);
}

static bool is_runtime(hpa_t pa, size_t size, bool code)
{
	uint64_t start = code ? BASE + CODE : BASE, end = code ? BASE + SIZE : BASE + CODE;

	return pa >= start && pa < end && size <= end - pa;
}

static const struct efi_source source = {.map = map, .is_runtime = is_runtime};

static void put(uint32_t at, uint64_t value, size_t size)
{
	memcpy(memory + at, &value, size);
}

/* The sum, by a way of its own: polynomial division of the reversed bits. */
static void seal(uint32_t at, uint32_t size)
{
	uint32_t crc = 0xffffffff;

	put(at + 16, 0, 4);
	for (uint32_t bit = 0; bit < size * 8; bit++) {
		uint32_t in = memory[at + bit / 8] >> bit % 8 & 1;

		crc = (crc >> 1) ^ ((crc ^ in) & 1 ? 0xedb88320 : 0);
	}
	put(at + 16, ~crc, 4);
}

static int set_up(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	memcpy(memory + SYSTEM, "IBI SYST", 8);
	put(SYSTEM + 8, 2 << 16 | 70, 4);
	put(SYSTEM + 12, 120, 4);
	put(SYSTEM + 88, BASE + RUNTIME, 8);
	memcpy(memory + RUNTIME, "RUNTSERV", 8);
	put(RUNTIME + 12, 136, 4);
	put(RUNTIME + 24, BASE + CODE + 0x10, 8);
	put(RUNTIME + 104, BASE + CODE + 0x20, 8);
	seal(SYSTEM, 120);
	seal(RUNTIME, 136);
	return 0;
}

static const char *find(void)
{
	return efi_find_services(&source, BASE + SYSTEM, &services);
}

static void test_found(void **state)
{
	(void)state;
	assert_null(find());
	assert_int_equal(services.major, 2);
	assert_int_equal(services.minor, 70);
	assert_int_equal(services.get_time, BASE + CODE + 0x10);
	assert_int_equal(services.reset_system, BASE + CODE + 0x20);
	/* A later version's table is longer. */
	put(RUNTIME + 12, 4096, 4);
	seal(RUNTIME, 4096);
	assert_null(find());
}

static void refuse(const char *part)
{
	const char *wrong = find();

	assert_non_null(wrong);
	assert_non_null(strstr(wrong, part));
}

static void test_refused(void **state)
{
	/* What is put where, in which table of which size. */
	static const struct {
		uint32_t table, size, at;
		uint64_t value;
		size_t bytes;
		const char *part;
	} wrong[] = {
		{SYSTEM, 120, 0, 'X', 1, "no system table"},
		{SYSTEM, 120, 12, 119, 4, "no system table"},
		{SYSTEM, 120, 12, 4097, 4, "no system table"},
		{SYSTEM, 120, 12, UINT32_MAX, 4, "no system table"},
		{SYSTEM, 120, 88, 0, 8, "no table of services"},
		{SYSTEM, 120, 88, UINT64_MAX, 8, "no table of services"},
		{SYSTEM, 120, 88, BASE + CODE, 8, "no table of services"},
		{SYSTEM, 120, 88, BASE + CODE - 135, 8, "no table of services"},
		{RUNTIME, 136, 0, 'X', 1, "no table of services"},
		{RUNTIME, 136, 12, 135, 4, "no table of services"},
		{RUNTIME, 136, 24, 0, 8, "a service is outside"},
		{RUNTIME, 136, 24, BASE + CODE - 1, 8, "a service is outside"},
		{RUNTIME, 136, 104, BASE + SIZE, 8, "a service is outside"},
		{RUNTIME, 136, 104, UINT64_MAX, 8, "a service is outside"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		set_up(state);
		put(wrong[i].table + wrong[i].at, wrong[i].value, wrong[i].bytes);
		seal(wrong[i].table, wrong[i].size);
		refuse(wrong[i].part);
	}
}

/* Each bit of both tables counts, the sum's own, too. */
static void test_damaged(void **state)
{
	(void)state;
	for (uint32_t bit = 0; bit < 120 * 8; bit++) {
		memory[SYSTEM + bit / 8] ^= (uint8_t)(1 << bit % 8);
		refuse("no system table");
		memory[SYSTEM + bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (uint32_t bit = 0; bit < 136 * 8; bit++) {
		memory[RUNTIME + bit / 8] ^= (uint8_t)(1 << bit % 8);
		refuse("no table of services");
		memory[RUNTIME + bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_null(find());
}

static void test_time(void **state)
{
	struct efi_time time = {
		.year = 2031, .month = 2, .day = 3, .hour = 4, .minute = 5, .second = 6};
	struct tm tm = {
		.tm_year = 131, .tm_mon = 1, .tm_mday = 3, .tm_hour = 4, .tm_min = 5, .tm_sec = 6};
	uint64_t utc = (uint64_t)timegm(&tm), seconds;

	(void)state;
	time.time_zone = EFI_UNSPECIFIED_ZONE;
	assert_true(efi_time_seconds(&time, &seconds));
	assert_int_equal(seconds, utc);
	time.time_zone = 60; /* an hour west */
	assert_true(efi_time_seconds(&time, &seconds));
	assert_int_equal(seconds, utc + 3600);
	time.time_zone = -1440;
	assert_true(efi_time_seconds(&time, &seconds));
	assert_int_equal(seconds, utc - 86400);
	time.time_zone = 1441;
	assert_false(efi_time_seconds(&time, &seconds));
	time.time_zone = 0;
	time.month = 13;
	assert_false(efi_time_seconds(&time, &seconds));
	time = (struct efi_time){.year = 1970, .month = 1, .day = 1, .time_zone = -1};
	assert_false(efi_time_seconds(&time, &seconds));
	time.year = 10000;
	assert_false(efi_time_seconds(&time, &seconds));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_found, set_up),
		cmocka_unit_test_setup(test_refused, set_up),
		cmocka_unit_test_setup(test_damaged, set_up),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
