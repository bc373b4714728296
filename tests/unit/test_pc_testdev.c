/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines and the echo of `testdev=on`. */
/* sources: vmm/bus.c vmm/pc_testdev.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/dev_fake_irq.h"
#include "vmm/bus.h"
#include "vmm/pc_testdev.h"

static int make(void **state)
{
	(void)state;
	memset(fake_irq, 0, sizeof(fake_irq));
	bus_init();
	assert_int_equal(pc_testdev_init(), ERR_NONE);
	bus_seal();
	return 0;
}

static unsigned lines_up(void)
{
	unsigned up = 0;

	for (unsigned gsi = 0; gsi < GSI_COUNT; gsi++)
		up |= (unsigned)fake_irq[gsi].level << gsi;
	return up;
}

/* Each port its line and no other, with each size of access: one line it is even then. */
static void test_lines(void **state)
{
	static const unsigned sizes[] = {1, 2, 4};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (unsigned line = 0; line < GSI_COUNT; line += sizes[i]) {
			const uint16_t port = (uint16_t)(PC_TESTDEV_LINES + line);

			bus_port_write(port, sizes[i], 1);
			assert_int_equal(lines_up(), 1u << (line ? line : (unsigned)GSI_PIT));
			bus_port_write(port, sizes[i], 0);
			assert_int_equal(lines_up(), 0);
		}
	}
	bus_port_write(PC_TESTDEV_LINES + 14, 1, 0xa0); /* not only bit 0 */
	bus_port_write(PC_TESTDEV_LINES + 14, 1, 0xa0);
	assert_int_equal(fake_irq[14].rises, 3); /* two before */
	assert_int_equal(bus_port_read(PC_TESTDEV_LINES + 14, 1), 0xff);
}

/* The fake ends the process at a line that is not there. */
static void test_beside(void **state)
{
	(void)state;
	bus_port_write(PC_TESTDEV_LINES + GSI_COUNT, 1, 1);
	bus_port_write(PC_TESTDEV_LINES - 1, 1, 1);
	bus_port_write(PC_TESTDEV_LINES + GSI_COUNT - 1, 4, 0x01010101); /* its own byte alone */
	assert_int_equal(lines_up(), 1u << (GSI_COUNT - 1));
	assert_int_equal(bus_port_read(PC_TESTDEV_ECHO + 4, 4), UINT32_MAX);
}

static void test_port_echo(void **state)
{
	(void)state;
	bus_port_write(PC_TESTDEV_ECHO, 4, 0x12345678);
	assert_int_equal(bus_port_read(PC_TESTDEV_ECHO, 4), 0x12345678);
	assert_int_equal(bus_port_read(PC_TESTDEV_ECHO, 2), 0x5678);
	assert_int_equal(bus_port_read(PC_TESTDEV_ECHO + 1, 2), 0x3456);
	assert_int_equal(bus_port_read(PC_TESTDEV_ECHO + 3, 1), 0x12);
	bus_port_write(PC_TESTDEV_ECHO + 2, 1, 0xab);
	bus_port_write(PC_TESTDEV_ECHO + 3, 2, 0x99cd); /* the second byte is another port's */
	assert_int_equal(bus_port_read(PC_TESTDEV_ECHO, 4), 0xcdab5678);
	bus_port_write_block(PC_TESTDEV_ECHO, 1, "ab", 2);
	assert_int_equal(bus_port_read(PC_TESTDEV_ECHO, 1), 'b');
}

static uint64_t memory(uint64_t offset, unsigned size)
{
	uint64_t value;

	assert_true(bus_mmio_read(PC_TESTDEV_MMIO + offset, size, &value));
	return value;
}

static void test_memory_echo(void **state)
{
	const uint64_t pattern = 0x1122334455667788;

	(void)state;
	assert_true(bus_mmio_write(PC_TESTDEV_MMIO + 0x100, 8, pattern));
	assert_int_equal(memory(0x100, 8), pattern);
	assert_int_equal(memory(0x102, 2), 0x5566);
	assert_int_equal(memory(0x107, 1), 0x11);
	assert_int_equal(memory(PC_TESTDEV_MMIO_SIZE - PAGE_SIZE + 0x104, 4), 0x11223344);
	/* Across the end of a page it goes on at the start of the next, which is the same one. */
	assert_true(bus_mmio_write(PC_TESTDEV_MMIO + PAGE_SIZE - 3, 8, pattern));
	assert_int_equal(memory(PAGE_SIZE - 3, 8), pattern);
	assert_int_equal(memory(0, 4), 0x22334455);
	/* Nor is there more behind the last page. */
	assert_true(bus_mmio_write(PC_TESTDEV_MMIO + PC_TESTDEV_MMIO_SIZE - 1, 2, 0xeeff));
	assert_int_equal(memory(PAGE_SIZE - 1, 1), 0xff);
	assert_int_equal(memory(0, 1), 0x55);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_lines, make),
		cmocka_unit_test_setup(test_beside, make),
		cmocka_unit_test_setup(test_port_echo, make),
		cmocka_unit_test_setup(test_memory_echo, make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
