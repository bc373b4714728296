/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/power: which registers are written, in which order, and that each wait ends. */
/* sources: drivers/power.c drivers/pci.c drivers/tsc.c */
#include "drivers/power.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/acpi.h"

enum { PM1A = 0x604, PM1B = 0x704, PM1A_EVENT = 0x600, SMI = 0xb2 };

static struct acpi_info acpi;
static uint64_t now;
static uint16_t pm1a, pm1b;
static uint8_t keyboard_status;
static bool enters_acpi_mode;

/* What was written, in order. */
static struct write {
	uint64_t address;
	uint32_t value;
} writes[32];
static unsigned write_count;

static void record(uint64_t address, uint32_t value)
{
	assert_true(write_count < ARRAY_SIZE(writes));
	writes[write_count++] = (struct write){address, value};
}

static uint64_t tsc(void)
{
	return now += 100000;
}

static uint8_t read8(uint16_t port)
{
	assert_int_equal(port, 0x64);
	return keyboard_status;
}

static uint16_t read16(uint16_t port)
{
	assert_true(port == PM1A || port == PM1B);
	return port == PM1A ? pm1a : pm1b;
}

static uint32_t read32(uint16_t port)
{
	assert_int_equal(port, 0xcfc);
	return 0x11223344;
}

static void write8(uint16_t port, uint8_t value)
{
	record(port, value);
	if (port == SMI && enters_acpi_mode)
		pm1a |= 1;
}

static void write16(uint16_t port, uint16_t value)
{
	record(port, value);
}

static void write32(uint16_t port, uint32_t value)
{
	record(port, value);
}

static void write_memory(uint64_t address, uint8_t value)
{
	record(address, value);
}

static const struct port_ops ports = {read8, read16, read32, write8, write16, write32, tsc};

static struct acpi_gas io(uint16_t port)
{
	return (struct acpi_gas){.space = ACPI_SPACE_IO, .bit_width = 16, .address = port};
}

static int set_up(void **state)
{
	(void)state;
	memset(&acpi, 0, sizeof(acpi));
	acpi.fadt.present = acpi.s5.present = true;
	acpi.fadt.pm1a_control = io(PM1A);
	acpi.s5.sleep_type_a = 5;
	acpi.s5.sleep_type_b = 3;
	pm1a = 0x1c03;
	pm1b = 2;
	write_count = 0;
	keyboard_status = 0;
	enters_acpi_mode = true;
	return 0;
}

static void expect(unsigned at, uint64_t address, uint32_t value)
{
	assert_true(at < write_count);
	assert_true(writes[at].address == address);
	assert_int_equal(writes[at].value, value);
}

static void test_off(void **state)
{
	(void)state;
	power_off(&ports, &acpi, NULL);
	assert_int_equal(write_count, 2);
	expect(0, PM1A, 0x1403);
	expect(1, PM1A, 0x3403);
}

static void test_off_two_blocks(void **state)
{
	(void)state;
	acpi.fadt.pm1b_control = io(PM1B);
	acpi.fadt.pm1a_event = io(PM1A_EVENT);
	acpi.fadt.smi_cmd = SMI;
	acpi.fadt.acpi_enable = 0xf1;
	pm1a = 0;
	power_off(&ports, &acpi, NULL);
	assert_int_equal(write_count, 6);
	expect(0, SMI, 0xf1);
	expect(1, PM1A_EVENT, 0x8000);
	expect(2, PM1A, 0x1401);
	expect(3, PM1B, 0x0c02);
	expect(4, PM1A, 0x3401);
	expect(5, PM1B, 0x2c02);
	/* A firmware that never enters ACPI mode is not waited for without end. */
	set_up(state);
	acpi.fadt.smi_cmd = SMI;
	acpi.fadt.acpi_enable = 0xf1;
	pm1a = 0;
	enters_acpi_mode = false;
	power_off(&ports, &acpi, NULL);
	expect(2, PM1A, 0x3400);
}

static void test_off_reduced(void **state)
{
	(void)state;
	acpi.fadt.flags = ACPI_FADT_HW_REDUCED;
	acpi.fadt.sleep_control = (struct acpi_gas){.space = ACPI_SPACE_MEMORY,
						    .address = 0xfed80400};
	power_off(&ports, &acpi, write_memory);
	assert_int_equal(write_count, 1);
	expect(0, 0xfed80400, 5 << 2 | 0x20);
}

static void test_off_impossible(void **state)
{
	(void)state;
	acpi.s5.present = false;
	power_off(&ports, &acpi, write_memory);
	acpi.s5.present = true;
	acpi.fadt.present = false;
	power_off(&ports, &acpi, write_memory);
	acpi.fadt.present = true;
	acpi.fadt.pm1a_control.space = 0x7f;
	power_off(&ports, &acpi, write_memory);
	assert_int_equal(write_count, 0);
}

static void expect_legacy_reset(unsigned at)
{
	expect(at, 0xcf9, 2);
	expect(at + 1, 0xcf9, 6);
	expect(at + 2, 0x64, 0xfe);
	assert_int_equal(write_count, at + 3);
}

static void reset(power_write_memory_t memory)
{
	power_reset_acpi(&ports, &acpi, memory);
	power_reset_legacy(&ports);
}

static void test_reset(void **state)
{
	(void)state;
	reset(NULL);
	expect_legacy_reset(0);
	write_count = 0;
	acpi.fadt.reset = io(0xb0);
	acpi.fadt.reset_value = 0x9;
	reset(NULL);
	expect(0, 0xb0, 9);
	expect_legacy_reset(1);
	write_count = 0;
	acpi.fadt.reset = (struct acpi_gas){.space = ACPI_SPACE_MEMORY, .address = 0xfed00000};
	reset(write_memory);
	expect(0, 0xfed00000, 9);
	expect_legacy_reset(1);
	write_count = 0;
	reset(NULL);
	expect_legacy_reset(0);
}

/* Device 31, function 2, offset 45h of bus 0. */
static void test_reset_pci(void **state)
{
	(void)state;
	acpi.fadt.reset = (struct acpi_gas){.space = ACPI_SPACE_PCI,
					    .address = 31ULL << 32 | 2 << 16 | 0x45};
	acpi.fadt.reset_value = 0xee;
	reset(NULL);
	expect(0, 0xcf8, 0x8000fa44);
	expect(1, 0xcf8, 0x8000fa44);
	expect(2, 0xcfc, 0x1122ee44);
	expect_legacy_reset(3);
}

static void test_reset_stuck_keyboard(void **state)
{
	(void)state;
	keyboard_status = 0xff;
	reset(NULL);
	expect_legacy_reset(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_off, set_up),
		cmocka_unit_test_setup(test_off_two_blocks, set_up),
		cmocka_unit_test_setup(test_off_reduced, set_up),
		cmocka_unit_test_setup(test_off_impossible, set_up),
		cmocka_unit_test_setup(test_reset, set_up),
		cmocka_unit_test_setup(test_reset_pci, set_up),
		cmocka_unit_test_setup(test_reset_stuck_keyboard, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
