/* SPDX-License-Identifier: BSD-2-Clause */
/* The SVM permission maps, bit by bit, against the list that they are to say (THREATS B18). */
/* sources: arch/x86_64/svm/maps.c */
#include "arch/x86_64/svm/maps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arch/x86_64/kernel_space.h"
#include "lib/assert.h"

noreturn void assert_failed(const char *expression, const char *file, int line)
{
	mock_assert(0, expression, file, line);
	abort();
}

hpa_t kernel_image_pa(const void *va)
{
	return (hpa_t)va;
}

/* As the manual counts: two bits an MSR, read below write, 2 KiB for each range. */
static unsigned raw(uint32_t index)
{
	const uint8_t *map = (const uint8_t *)svm_msrpm_pa();
	uint32_t base = index < 0x2000 ? 0 : index - 0xc0000000 < 0x2000 ? 0x800 : 0x1000;
	uint32_t offset = index & 0x1fff;

	return map[base + offset / 4] >> offset % 4 * 2 & 3;
}

/* What VMLOAD and VMSAVE switch: APM2 15.5.2 "VMSAVE and VMLOAD Instructions". */
static bool listed(uint32_t index)
{
	static const uint32_t list[] = {0x174,	    0x175,	0x176,	    0xc0000081, 0xc0000082,
					0xc0000083, 0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		if (list[i] == index)
			return true;
	return false;
}

static void test_msrs(void **state)
{
	static const uint32_t bases[] = {0, 0xc0000000, 0xc0010000};
	unsigned open = 0;
	(void)state;

	for (size_t r = 0; r < ARRAY_SIZE(bases); r++)
		for (uint32_t i = bases[r]; i < bases[r] + 0x2000; i++) {
			assert_int_equal(raw(i), listed(i) ? 0 : 3);
			assert_int_equal(svm_msr_open(i), listed(i) ? 3 : 0);
			open += listed(i);
		}
	assert_int_equal(open, 10);
}

static void test_msrs_beyond_the_map_are_closed(void **state)
{
	static const uint32_t indexes[] = {0x2000,     0x40000000, 0xbfffffff, 0xc0002000,
					   0xc000ffff, 0xc0012000, 0xffffffff};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(indexes); i++)
		assert_int_equal(svm_msr_open(indexes[i]), 0);
}

/* Also what a 4-byte access to FFFFh looks at: APM2 15.10.1 "I/O Permissions Map". */
static void test_ports(void **state)
{
	const uint8_t *map = (const uint8_t *)svm_iopm_pa();
	(void)state;

	for (unsigned i = 0; i < 0x2003; i++)
		assert_int_equal(map[i], 0xff);
	for (uint32_t port = 0; port <= 0xffff; port++)
		assert_false(svm_port_open((uint16_t)port));
}

static int set_up(void **state)
{
	(void)state;
	svm_maps_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_msrs),
		cmocka_unit_test(test_msrs_beyond_the_map_are_closed),
		cmocka_unit_test(test_ports),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
