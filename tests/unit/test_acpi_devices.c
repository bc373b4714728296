/* SPDX-License-Identifier: BSD-2-Clause */
/* MCFG, HPET, SPCR and the IOMMU tables, and their lies (L04). */
/* sources: drivers/acpi.c drivers/acpi_table.c drivers/acpi_rsdp.c drivers/acpi_madt.c
 *	drivers/acpi_fadt.c drivers/acpi_devices.c drivers/acpi_aml.c lib/format.c */
#include "drivers/acpi.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/acpi_image.h"

static void assert_gas(const struct acpi_gas *gas, uint8_t space, uint64_t address)
{
	assert_int_equal(gas->space, space);
	assert_int_equal(gas->address, address);
}

static void put_segment(struct fake_table *mcfg, uint64_t base, uint16_t segment, uint8_t first,
			uint8_t last)
{
	struct {
		uint64_t base;
		uint16_t segment;
		uint8_t first, last;
		uint32_t reserved;
	} entry = {base, segment, first, last, 0};

	fake_append(mcfg, &entry, sizeof(entry));
}

static void test_mcfg(void **state)
{
	struct fake_table *mcfg = fake_open(0x1000, "MCFG", 44);

	(void)state;
	put_segment(mcfg, 0xb0000000, 0, 0, 255);
	put_segment(mcfg, 0x4000000000, 1, 16, 31);
	put_segment(mcfg, 0xc0000000, 0, 255, 255);
	put_segment(mcfg, 0xc0000000, 2, 5, 4);
	put_segment(mcfg, 0xc0000800, 3, 0, 4);
	put_segment(mcfg, 0, 4, 0, 4);
	put_segment(mcfg, 0xfffffffffff00000, 5, 0, 4);
	put_segment(mcfg, BIT(52) - MIB(1), 6, 0, 1);
	fake_append(mcfg, "tail", 4);
	fake_close(mcfg);
	fake_parse();
	assert_int_equal(acpi.segment_count, 2);
	assert_int_equal(acpi.segments[0].base, 0xb0000000);
	assert_int_equal(acpi.segments[0].last_bus, 255);
	assert_int_equal(acpi.segments[1].base, 0x4000000000);
	assert_int_equal(acpi.segments[1].segment, 1);
	assert_int_equal(acpi.segments[1].first_bus, 16);
	assert_int_equal(acpi.segments[1].last_bus, 31);
	assert_true(fake_has_note("MCFG: segment 0 buses 255-255 at 0xc0000000 overlaps"));
	assert_true(fake_has_note("MCFG: segment 2 buses 5-4"));
	assert_true(fake_has_note("MCFG: 4 bytes behind the last entry"));
	assert_int_equal(acpi.note_count, 8);
}

static void test_mcfg_is_bounded(void **state)
{
	struct fake_table *mcfg = fake_open(0x1000, "MCFG", 44);

	(void)state;
	for (uint16_t i = 0; i < 1000; i++)
		put_segment(mcfg, 0xb0000000, i, 0, 255);
	fake_close(mcfg);
	fake_parse();
	assert_int_equal(acpi.segment_count, ACPI_MAX_SEGMENTS);
}

static void test_hpet(void **state)
{
	struct fake_table *hpet = fake_open(0x1000, "HPET", 56);

	(void)state;
	fake_poke32(hpet, 36, 0x8086a201);
	fake_poke_gas(hpet, 40, 0, 0xfed00000);
	fake_poke8(hpet, 52, 3);
	fake_poke16(hpet, 53, 0x80);
	fake_close(hpet);
	fake_parse();
	assert_int_equal(acpi.hpet.address, 0xfed00000);
	assert_int_equal(acpi.hpet.block_id, 0x8086a201);
	assert_int_equal(acpi.hpet.number, 3);
	assert_int_equal(acpi.hpet.min_tick, 0x80);
}

static void test_hpet_lies(void **state)
{
	static const struct {
		uint8_t space;
		uint64_t address;
	} cases[] = {{1, 0x400}, {0, 0}, {0, 0xfed00001}, {0, ~0ULL - 7}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_table *hpet = fake_open(0x1000, "HPET", 56);

		fake_poke_gas(hpet, 40, cases[i].space, cases[i].address);
		fake_close(hpet);
		fake_parse();
		assert_int_equal(acpi.hpet.address, 0);
		assert_true(fake_has_note("HPET: its address is impossible"));
	}
}

static struct fake_table *open_spcr(uint8_t baud, uint64_t address)
{
	struct fake_table *spcr = fake_open(0x1000, "SPCR", 80);

	fake_poke8(spcr, 36, 0x12);
	fake_poke_gas(spcr, 40, 1, address);
	fake_poke8(spcr, 52, 3);
	fake_poke8(spcr, 53, 4);
	fake_poke32(spcr, 54, 20);
	fake_poke8(spcr, 58, baud);
	fake_poke16(spcr, 64, 0x1234);
	fake_poke16(spcr, 66, 0x8086);
	fake_poke8(spcr, 68, 1);
	fake_poke8(spcr, 69, 2);
	fake_poke8(spcr, 70, 3);
	fake_poke8(spcr, 75, 4);
	return spcr;
}

static void test_spcr(void **state)
{
	(void)state;
	fake_close(open_spcr(7, 0x3f8));
	fake_parse();
	assert_true(acpi.spcr.present);
	assert_int_equal(acpi.spcr.kind, 0x12);
	assert_int_equal(acpi.spcr.irq, 4);
	assert_int_equal(acpi.spcr.gsi, 20);
	assert_int_equal(acpi.spcr.baud, 115200);
	assert_gas(&acpi.spcr.address, ACPI_SPACE_IO, 0x3f8);
	assert_int_equal(acpi.spcr.pci_device, 0x1234);
	assert_int_equal(acpi.spcr.pci_vendor, 0x8086);
	assert_int_equal(acpi.spcr.pci_bus, 1);
	assert_int_equal(acpi.spcr.pci_slot, 2);
	assert_int_equal(acpi.spcr.pci_function, 3);
	assert_int_equal(acpi.spcr.pci_segment, 4);
}

static void test_spcr_baud(void **state)
{
	static const struct {
		uint8_t code;
		uint32_t precise, baud;
	} cases[] = {{0, 0, 0},	    {3, 0, 9600}, {4, 0, 19200},      {5, 0, 0},
		     {6, 0, 57600}, {0xff, 0, 0}, {7, 921600, 921600}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_table *spcr = open_spcr(cases[i].code, 0x3f8);

		fake_poke8(spcr, 52, 0);
		fake_append(spcr, &cases[i].precise, 4);
		fake_close(spcr);
		fake_parse();
		assert_int_equal(acpi.spcr.baud, cases[i].baud);
		assert_int_equal(acpi.spcr.irq, 0);
		assert_int_equal(acpi.spcr.gsi, 0);
	}
	fake_close(open_spcr(7, 0));
	fake_parse();
	assert_false(acpi.spcr.present);
}

static void test_iommu_tables(void **state)
{
	(void)state;
	fake_close(fake_open(0x1000, "DMAR", 48));
	fake_close(fake_open(0x2000, "IVRS", 52));
	fake_parse();
	assert_int_equal(acpi.dmar.address, 0x1000);
	assert_int_equal(acpi.dmar.size, 48);
	assert_int_equal(acpi.ivrs.address, 0x2000);
	assert_int_equal(acpi.ivrs.size, 52);
}

/* Only together with interrupt remapping. */
static void test_x2apic_opt_out(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 8; flags++) {
		struct fake_table *table = fake_open(0x1000, "DMAR", 48);

		fake_poke8(table, 37, (uint8_t)flags);
		fake_close(table);
		fake_parse();
		assert_int_equal(acpi.x2apic_opt_out, (flags & 3) == 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mcfg),	     cmocka_unit_test(test_mcfg_is_bounded),
		cmocka_unit_test(test_hpet),	     cmocka_unit_test(test_hpet_lies),
		cmocka_unit_test(test_spcr),	     cmocka_unit_test(test_spcr_baud),
		cmocka_unit_test(test_iommu_tables), cmocka_unit_test(test_x2apic_opt_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
