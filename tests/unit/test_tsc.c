/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/tsc against fake clocks: a PM timer, a PIT, ones that stand still, and interruptions. */
/* sources: drivers/tsc.c */
#include "drivers/tsc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PM_PORT = 0x608 };

/* Time in picoseconds; each access to anything takes a while. */
static struct {
	uint64_t ps, access_ps;
	uint64_t tsc_khz;
	bool pm_dead, pit_dead, pit_gate, tsc_dead;
	unsigned pm_reads, stalls; /* stalls: how many long interruptions are still to come */
	uint16_t latched;
	bool high_next;
	uint8_t speaker;
} fake;

static uint64_t ticks(uint64_t hz)
{
	return (uint64_t)((unsigned __int128)fake.ps * hz / 1000000000000);
}

static void step(void)
{
	fake.ps += fake.access_ps;
}

static uint64_t fake_tsc(void)
{
	step();
	return fake.tsc_dead ? 42 : ticks(fake.tsc_khz * 1000);
}

/* A management interrupt between the two clocks' reads. */
static void maybe_stall(void)
{
	if (fake.stalls && rand() % 200 == 0) {
		fake.stalls--;
		fake.ps += 3000000000;
	}
}

static uint32_t fake_read32(uint16_t port)
{
	uint32_t value;

	assert_int_equal(port, PM_PORT);
	fake.pm_reads++;
	step();
	value = fake.pm_dead ? 0xffffffff : (uint32_t)ticks(3579545) & 0xffffff;
	/* The upper byte is reserved where the timer has 24 bits. */
	value |= 0xa5000000;
	maybe_stall();
	return value;
}

static uint8_t fake_read8(uint16_t port)
{
	step();
	if (port == 0x61)
		return fake.speaker;
	assert_int_equal(port, 0x42);
	fake.high_next = !fake.high_next;
	return (uint8_t)(fake.high_next ? fake.latched : fake.latched >> 8);
}

static void fake_write8(uint16_t port, uint8_t value)
{
	step();
	if (port == 0x61) {
		assert_int_equal(value & 2, 0);
		fake.pit_gate = value & 1;
	} else if (port == 0x43 && value == 0x80) {
		fake.latched = fake.pit_dead || !fake.pit_gate ? 0x1234
							       : (uint16_t)(0 - ticks(1193182));
		fake.high_next = false;
	}
}

static const struct port_ops ports = {
	.read8 = fake_read8, .read32 = fake_read32, .write8 = fake_write8, .tsc = fake_tsc};

static int set_up(void **state)
{
	(void)state;
	srand(3);
	fake.ps = 77777777777;
	fake.access_ps = 700000;
	fake.tsc_khz = 2400000;
	fake.pm_dead = fake.pit_dead = fake.pit_gate = fake.tsc_dead = fake.high_next = false;
	fake.pm_reads = fake.stalls = 0;
	fake.speaker = 0xfe;
	return 0;
}

static void expect_near(uint64_t khz, uint64_t parts_per_million)
{
	uint64_t is = tsc_khz(), error = is > khz ? is - khz : khz - is;

	assert_true(error * 1000000 <= khz * parts_per_million);
}

static void test_pm_timer(void **state)
{
	static const uint64_t rates[] = {50000, 400000, 1000000, 2399987, 3500000, 6000000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		uint64_t start = fake.ps;

		fake.tsc_khz = rates[i];
		assert_int_equal(tsc_calibrate(&ports, PM_PORT), TSC_PM_TIMER);
		expect_near(rates[i], 50);
		assert_true(fake.ps - start < 13000000000);
	}
	/* Fast accesses, as where an emulator counts instructions. */
	fake.access_ps = 100000;
	fake.tsc_khz = 1000000;
	assert_int_equal(tsc_calibrate(&ports, PM_PORT), TSC_PM_TIMER);
	expect_near(1000000, 25);
}

/* The 24-bit counter wraps every 4.7 s. */
static void test_pm_timer_wraps(void **state)
{
	(void)state;
	fake.ps = 1000000000000ULL * 0xffff00 / 3579545 - 5000000000;
	assert_int_equal(tsc_calibrate(&ports, PM_PORT), TSC_PM_TIMER);
	expect_near(2400000, 50);
}

static void test_pit(void **state)
{
	(void)state;
	assert_int_equal(tsc_calibrate(&ports, 0), TSC_PIT);
	expect_near(2400000, 100);
	assert_int_equal(fake.pm_reads, 0);
	fake.pm_dead = true;
	assert_int_equal(tsc_calibrate(&ports, PM_PORT), TSC_PIT);
	expect_near(2400000, 100);
}

static void test_nothing(void **state)
{
	uint64_t start = fake.ps;

	(void)state;
	fake.pm_dead = fake.pit_dead = true;
	assert_int_equal(tsc_calibrate(&ports, PM_PORT), TSC_NONE);
	assert_int_equal(tsc_khz(), 1000000);
	assert_true(fake.ps - start < 2000000000000);
	set_up(state);
	fake.tsc_dead = true;
	assert_int_equal(tsc_calibrate(&ports, PM_PORT), TSC_NONE);
	assert_int_equal(tsc_khz(), 1000000);
}

/*
 * Interruptions of 3 ms between the reads of the two clocks: the rounds that they spoil are
 * measured again.
 */
static void test_stalls(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		fake.stalls = 1 + i % 2;
		assert_int_equal(tsc_calibrate(&ports, PM_PORT), TSC_PM_TIMER);
		expect_near(2400000, 100);
		fake.stalls = 0;
	}
}

static void test_conversions(void **state)
{
	(void)state;
	tsc_set_khz(2500000);
	assert_true(tsc_to_ns(2500000000) == 1000000000 || tsc_to_ns(2500000000) == 999999999);
	assert_true(ns_to_tsc(1000000000) >= 2499999999 && ns_to_tsc(1000000000) <= 2500000000);
	assert_true(us_to_tsc(100) >= 249999 && us_to_tsc(100) <= 250000);
	assert_true(tsc_to_us(2500) <= 1 && tsc_to_us(2501) == 1);
	assert_true(ns_to_tsc(UINT64_MAX) == UINT64_MAX);
	tsc_set_khz(1000000);
	assert_true(tsc_to_ns(123456789) == 123456789);
	assert_true(ns_to_tsc(123456789) == 123456789);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_pm_timer, set_up),
		cmocka_unit_test_setup(test_pm_timer_wraps, set_up),
		cmocka_unit_test_setup(test_pit, set_up),
		cmocka_unit_test_setup(test_nothing, set_up),
		cmocka_unit_test_setup(test_stalls, set_up),
		cmocka_unit_test_setup(test_conversions, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
