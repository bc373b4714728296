/* SPDX-License-Identifier: BSD-2-Clause */
/* The fixed registers from the FADT, and the sleep type of S5 from AML (L04). */
/* sources: drivers/acpi.c drivers/acpi_table.c drivers/acpi_rsdp.c drivers/acpi_madt.c
 *	drivers/acpi_fadt.c drivers/acpi_devices.c drivers/acpi_aml.c lib/format.c */
#include "drivers/acpi.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/acpi_image.h"

static struct fake_table *open_fadt(uint32_t size)
{
	struct fake_table *fadt = fake_open(0x1000, "FACP", size);

	fake_poke32(fadt, 40, 0x5000);
	fake_poke16(fadt, 46, 9);
	fake_poke32(fadt, 48, 0xb2);
	fake_poke8(fadt, 52, 0xf1);
	fake_poke8(fadt, 53, 0xf0);
	fake_poke32(fadt, 56, 0x600);
	fake_poke32(fadt, 64, 0x604);
	fake_poke32(fadt, 76, 0x608);
	fake_poke8(fadt, 88, 4);
	fake_poke8(fadt, 89, 2);
	fake_poke8(fadt, 91, 4);
	fake_poke8(fadt, 108, 0x32);
	fake_poke16(fadt, 109, 3);
	fake_poke32(fadt, 112, 1 << 10 | 1 << 8);
	return fadt;
}

static void assert_gas(const struct acpi_gas *gas, uint8_t space, uint64_t address)
{
	assert_int_equal(gas->space, space);
	assert_int_equal(gas->address, address);
}

static void test_fadt_of_acpi_1(void **state)
{
	(void)state;
	fake_close(open_fadt(116));
	fake_parse();
	assert_true(acpi.fadt.present);
	assert_int_equal(acpi.fadt.sci_irq, 9);
	assert_int_equal(acpi.fadt.smi_cmd, 0xb2);
	assert_int_equal(acpi.fadt.acpi_enable, 0xf1);
	assert_int_equal(acpi.fadt.acpi_disable, 0xf0);
	assert_int_equal(acpi.fadt.century, 0x32);
	assert_int_equal(acpi.fadt.boot_arch, ACPI_BOOT_LEGACY_DEVICES | ACPI_BOOT_8042);
	assert_int_equal(acpi.fadt.flags, ACPI_FADT_RESET_REG_SUP | ACPI_FADT_TMR_VAL_EXT);
	assert_int_equal(acpi.fadt.pm1_event_size, 4);
	assert_int_equal(acpi.fadt.dsdt, 0x5000);
	assert_gas(&acpi.fadt.pm1a_event, ACPI_SPACE_IO, 0x600);
	assert_gas(&acpi.fadt.pm1a_control, ACPI_SPACE_IO, 0x604);
	assert_gas(&acpi.fadt.pm_timer, ACPI_SPACE_IO, 0x608);
	assert_int_equal(acpi.fadt.pm_timer.bit_width, 32);
	assert_gas(&acpi.fadt.pm1b_event, 0, 0);
	assert_gas(&acpi.fadt.pm1b_control, 0, 0);
	/* The flag is set, but this old table has no such field. */
	assert_gas(&acpi.fadt.reset, 0, 0);
}

static void test_fadt_extended(void **state)
{
	struct fake_table *fadt = open_fadt(276);

	(void)state;
	fake_poke_gas(fadt, 116, 1, 0xcf9);
	fake_poke8(fadt, 128, 6);
	fake_poke64(fadt, 140, 0x123456000);
	fake_poke_gas(fadt, 148, 1, 0x1800);
	fake_poke_gas(fadt, 184, 0, 0xfed80000);
	fake_poke_gas(fadt, 208, 3, 0x1808);
	fake_poke_gas(fadt, 172, 1, 0x10000);
	fake_poke_gas(fadt, 244, 1, 0x3d0);
	fake_poke_gas(fadt, 256, 1, 0x3d1);
	fake_close(fadt);
	fake_parse();
	assert_gas(&acpi.fadt.reset, ACPI_SPACE_IO, 0xcf9);
	assert_int_equal(acpi.fadt.reset_value, 6);
	assert_int_equal(acpi.fadt.dsdt, 0x123456000);
	assert_gas(&acpi.fadt.pm1a_event, ACPI_SPACE_IO, 0x1800);
	assert_gas(&acpi.fadt.pm1b_control, ACPI_SPACE_MEMORY, 0xfed80000);
	assert_gas(&acpi.fadt.pm_timer, ACPI_SPACE_IO, 0x608);
	assert_true(fake_has_note("FACP: X_PM_TMR_BLK cannot be used"));
	assert_gas(&acpi.fadt.pm1a_control, ACPI_SPACE_IO, 0x604);
	assert_true(fake_has_note("FACP: X_PM1a_CNT_BLK cannot be used"));
	assert_gas(&acpi.fadt.sleep_control, ACPI_SPACE_IO, 0x3d0);
	assert_gas(&acpi.fadt.sleep_status, ACPI_SPACE_IO, 0x3d1);
}

static void test_fadt_lies(void **state)
{
	struct fake_table *fadt = open_fadt(276);

	(void)state;
	fake_poke32(fadt, 48, 0x10000);
	fake_poke32(fadt, 56, 0xffff0000);
	fake_poke8(fadt, 89, 1);
	fake_poke_gas(fadt, 116, 9, 0xcf9);
	fake_close(fadt);
	fake_parse();
	assert_int_equal(acpi.fadt.smi_cmd, 0);
	assert_gas(&acpi.fadt.pm1a_event, 0, 0);
	assert_gas(&acpi.fadt.pm1a_control, 0, 0);
	assert_gas(&acpi.fadt.reset, 0, 0);
	assert_true(fake_has_note("FACP: SMI_CMD"));
	assert_true(fake_has_note("FACP: PM1a_EVT_BLK"));
	assert_true(fake_has_note("FACP: PM1a_CNT_BLK"));
	assert_true(fake_has_note("FACP: RESET_REG"));
}

static void test_fadt_without_reset_flag(void **state)
{
	struct fake_table *fadt = open_fadt(276);

	(void)state;
	fake_poke32(fadt, 112, 0);
	fake_poke_gas(fadt, 116, 1, 0xcf9);
	fake_close(fadt);
	fake_parse();
	assert_gas(&acpi.fadt.reset, 0, 0);
}

static void test_fadt_cut_everywhere(void **state)
{
	(void)state;
	for (uint32_t size = 36; size < 276; size++) {
		struct fake_table *fadt = open_fadt(size);

		fake_poke64(fadt, 140, 0x123456000);
		fake_close(fadt);
		fake_parse();
		assert_int_equal(acpi.fadt.dsdt, size < 44 ? 0 : size < 148 ? 0x5000 : 0x123456000);
	}
}

/* Parses a DSDT, and an SSDT if there is one, of these bytes. */
static void parse_aml(const void *dsdt_bytes, uint32_t dsdt_size, const void *ssdt_bytes,
		      uint32_t ssdt_size)
{
	struct fake_table *table;

	fake_close(open_fadt(116));
	if (ssdt_size > 0) {
		table = fake_open(0x6000, "SSDT", 36);
		fake_append(table, ssdt_bytes, ssdt_size);
		fake_close(table);
	}
	table = fake_open(0x5000, "DSDT", 36);
	fake_append(table, dsdt_bytes, dsdt_size);
	fake_close(table);
	fake_parse();
}

/* The literal's terminator is not part of the AML. */
#define AML(text) text, sizeof(text) - 1

static void test_s5(void **state)
{
	static const struct {
		const char *bytes;
		uint32_t size;
		uint8_t a, b;
	} cases[] = {
		{AML("\x08_S5_\x12\x06\x04\x00\x00\x00\x00"), 0, 0},
		{AML("\x08\\_S5_\x12\x06\x04\x01\x01\x00\x00"), 1, 1},
		{AML("\x08_S5_\x12\x08\x04\x0a\x05\x0a\x07\x00\x00"), 5, 7},
		{AML("\x08_S5_\x12\x0a\x02\x0b\x05\x00\x0c\x03\x00\x00\x00"), 5, 3},
		{AML("\x08_S5_\x12\x47\x00\x02\x0a\x05\x0a\x05"), 5, 5},
		{AML("\x08_S5_\x12\x04\x01\x0a\x06"), 6, 6},
		{AML("_S5_ \x08_S5_\x12\x7f\x02\x00\x00 \x08_S5_\x12\x06\x04\x0a\x03\x01\x00"), 3, 1},
		{AML("\x0d\\_S5_\x12\x06\x04\x00 \x08_S5_\x12\x06\x04\x0a\x03\x01\x00"), 3, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		parse_aml(cases[i].bytes, cases[i].size, NULL, 0);
		assert_true(acpi.s5.present);
		assert_int_equal(acpi.s5.sleep_type_a, cases[i].a);
		assert_int_equal(acpi.s5.sleep_type_b, cases[i].b);
	}
}

static void test_s5_refused(void **state)
{
	static const struct {
		const char *bytes;
		uint32_t size;
	} cases[] = {
		{AML("")},
		{AML("_S5_")},
		{AML("\x08_S5_")},
		{AML("\x08_S5_\x12")},
		{AML("\x08_S5_\x12\xff")},
		{AML("\x08_S5_\x12\xff\xff\xff\xff\x02\x00\x00")},
		{AML("\x08_S5_\x12\x06\x00\x00\x00")},
		{AML("\x08_S5_\x12\x02\x04\x0a\x05\x0a\x05")},
		{AML("\x08_S5_\x12\x06\x04\x0a\x08\x0a\x05")},
		{AML("\x08_S5_\x12\x08\x04\x0a\x05\x0a\x80\x00\x00")},
		{AML("\x08_S5_\x12\x06\x04XXXX")},
		{AML("\x08_S5_\x12\x06\x04\x0c\x05\x00")},
		{AML("\x08_S5_\x12\x08\x04\x0c\x05\x00\x00\x01\x00\x00")},
		{AML("\x10_S5_\x12\x06\x04\x00\x00\x00\x00")},
		{AML("\x11\\_S5_\x12\x06\x04\x00\x00\x00\x00")},
		{AML("\x08_S4_\x12\x06\x04\x00\x00\x00\x00")},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		parse_aml(cases[i].bytes, cases[i].size, NULL, 0);
		assert_false(acpi.s5.present);
		assert_true(fake_has_note("no \\_S5"));
	}
}

static void test_s5_in_ssdt(void **state)
{
	(void)state;
	parse_aml("", 0, AML("\x08_S5_\x12\x06\x04\x01\x00\x00\x00"));
	assert_true(acpi.s5.present);
	assert_int_equal(acpi.s5.sleep_type_a, 1);
	/* The DSDT goes before it. */
	parse_aml(AML("\x08_S5_\x12\x06\x04\x00\x01\x00\x00"),
		  AML("\x08_S5_\x12\x06\x04\x01\x00\x00\x00"));
	assert_int_equal(acpi.s5.sleep_type_a, 0);
	assert_int_equal(acpi.s5.sleep_type_b, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fadt_of_acpi_1),
		cmocka_unit_test(test_fadt_extended),
		cmocka_unit_test(test_fadt_lies),
		cmocka_unit_test(test_fadt_without_reset_flag),
		cmocka_unit_test(test_fadt_cut_everywhere),
		cmocka_unit_test(test_s5),
		cmocka_unit_test(test_s5_refused),
		cmocka_unit_test(test_s5_in_ssdt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
