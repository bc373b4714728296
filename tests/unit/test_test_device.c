/* SPDX-License-Identifier: BSD-2-Clause */
/* The devices of `testdev=on`: what each port does with each size of access. */
/* sources: vmm/bus.c vmm/test_device.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/bus.h"
#include "vmm/host_end.h"
#include "vmm/ring.h"
#include "vmm/test_device.h"

static struct {
	unsigned ends;
	uint32_t code;
	char output[64];
	size_t used;
} seen;

void guest_exit(uint32_t code)
{
	seen.ends++;
	seen.code = code;
}

size_t ring_put(const void *data, size_t size)
{
	assert_true(size <= sizeof(seen.output) - seen.used);
	memcpy(seen.output + seen.used, data, size);
	seen.used += size;
	return size;
}

static int make(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	bus_init();
	assert_int_equal(test_device_init(), ERR_NONE);
	bus_seal();
	return 0;
}

/* The value is as wide as the access. */
static void test_exit(void **state)
{
	static const struct {
		unsigned size;
		uint32_t code;
	} cases[] = {{1, 0x21}, {2, 0x4321}, {4, 0x87654321}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		bus_port_write(TEST_PORT_EXIT, cases[i].size, 0x87654321);
		assert_int_equal(seen.ends, i + 1);
		assert_int_equal(seen.code, cases[i].code);
	}
	bus_port_write_block(TEST_PORT_EXIT, 1, "\x07\x08", 2);
	assert_int_equal(seen.code, 7);
}

/* The ports beside it belong to the device, and do nothing. */
static void test_beside(void **state)
{
	(void)state;
	bus_port_write(TEST_PORT_EXIT + 1, 1, 1);
	bus_port_write(TEST_PORT_EXIT - 1, 1, 1);
	bus_port_write(TEST_PORT_OUTPUT + 1, 1, 'x');
	assert_int_equal(seen.ends + seen.used, 0);
	assert_int_equal(bus_port_read(TEST_PORT_EXIT, 4), UINT32_MAX);
}

static void test_output(void **state)
{
	(void)state;
	assert_int_equal(bus_port_read(TEST_PORT_OUTPUT, 1), 0xe9);
	bus_port_write(TEST_PORT_OUTPUT, 1, 'a');
	bus_port_write_block(TEST_PORT_OUTPUT, 1, "bcd", 3);
	assert_memory_equal(seen.output, "abcd", 4);
	assert_int_equal(seen.used, 4);
	assert_int_equal(seen.ends, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_exit, make),
		cmocka_unit_test_setup(test_beside, make),
		cmocka_unit_test_setup(test_output, make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
