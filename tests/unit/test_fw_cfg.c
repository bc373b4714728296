/* SPDX-License-Identifier: BSD-2-Clause */
/* What a test suite reads of QEMU's fw_cfg device. */
/* sources: vmm/bus.c vmm/fw_cfg.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vmm/bus.h"
#include "vmm/fw_cfg.h"

#define RAM 0x123456000ULL

static int make(void **state)
{
	(void)state;
	bus_init();
	assert_int_equal(fw_cfg_init(RAM, 3), ERR_NONE);
	bus_seal();
	return 0;
}

static uint64_t item(uint16_t number, unsigned bytes)
{
	uint64_t value = 0;

	bus_port_write(FW_CFG_SELECT, 2, number);
	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)bus_port_read(FW_CFG_DATA, 1) << 8 * i;
	return value;
}

static void test_items(void **state)
{
	(void)state;
	assert_int_equal(item(0, 4), 0x554d4551);
	assert_int_equal(item(1, 4), 1);
	assert_int_equal(item(3, 8), RAM);
	assert_int_equal(item(5, 2), 3);
	assert_int_equal(item(15, 2), 3);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(bus_port_read(FW_CFG_DATA, 1), 0);
}

static void test_unknown(void **state)
{
	(void)state;
	assert_int_equal(item(2, 8), 0);
	assert_int_equal(item(16, 8), 0);
	assert_int_equal(item(0x8000, 8), 0);
	assert_int_equal(item(0xffff, 8), 0);
	bus_port_write(FW_CFG_SELECT, 1, 5); /* a byte selects nothing */
	assert_int_equal(bus_port_read(FW_CFG_DATA, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_items, make),
		cmocka_unit_test_setup(test_unknown, make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
