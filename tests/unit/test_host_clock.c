/* SPDX-License-Identifier: BSD-2-Clause */
/* Deadlines: never before their time and at once when it has come, at any rate and after years. */
/* sources: vmm/host_clock.c vmm/partition.c vmm/guest_mem.c tests/unit/vmm_fixture.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/vmm_fixture.h"
#include <cmocka.h>

#include "tests/unit/random.h"
#include "vmm/host.h"
#include "vmm/host_clock.h"

#define NS_PER_YEAR (365ULL * 24 * 3600 * 1000000000)

static void set_rate(uint32_t khz, uint64_t start)
{
	fixture_config.tsc_khz = khz;
	fixture_config.start_tsc = start;
	host_clock_init();
}

static void expect_exact(uint64_t when)
{
	uint64_t ticks;

	host_set_deadline(when);
	ticks = fake_calls.deadline - fixture_config.start_tsc;
	assert_true(host_clock_ns(ticks) >= when);
	assert_true(ticks == 0 || host_clock_ns(ticks - 1) < when);
}

static void test_exact(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		set_rate(100000 + pick(9900000), next_random() >> (8 + pick(40)));
		expect_exact(next_random() % (10 * NS_PER_YEAR) >> pick(60));
	}
	set_rate(2100000, 1);
	expect_exact(0);
	expect_exact(1);
}

/* 0 is no deadline to the kernel, and UINT64_MAX none to devices. */
static void test_ends(void **state)
{
	(void)state;
	set_rate(3000000, 0);
	host_set_deadline(0);
	assert_int_equal(fake_calls.deadline, 1);
	/* Whatever the rate: and no time is too large for the division. */
	for (uint64_t khz = 1; khz < UINT32_MAX; khz = khz * 3 + 1) {
		set_rate((uint32_t)khz, 0);
		for (unsigned bit = 0; bit < 64; bit++)
			host_set_deadline(BIT(bit));
		host_set_deadline(1);
		assert_int_not_equal(fake_calls.deadline, 0);
		host_set_deadline(UINT64_MAX);
		assert_int_equal(fake_calls.deadline, 0);
	}
}

static int setup(void **state)
{
	(void)state;
	fixture_init(MIB(1));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_exact, setup),
		cmocka_unit_test_setup(test_ends, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
