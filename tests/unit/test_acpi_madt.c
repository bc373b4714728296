/* SPDX-License-Identifier: BSD-2-Clause */
/* CPUs, IOAPICs, overrides and NMIs from the MADT, and the entries that cannot be true (L04). */
/* sources: drivers/acpi.c drivers/acpi_table.c drivers/acpi_rsdp.c drivers/acpi_madt.c
 *	drivers/acpi_fadt.c drivers/acpi_devices.c drivers/acpi_aml.c lib/format.c */
#include "drivers/acpi.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/acpi_image.h"

static struct fake_table *open_madt(void)
{
	struct fake_table *madt = fake_open(0x1000, "APIC", 44);

	fake_poke32(madt, 36, 0xfee00000);
	fake_poke32(madt, 40, 1);
	return madt;
}

static void put_lapic(struct fake_table *madt, uint8_t uid, uint8_t id, uint32_t flags)
{
	uint8_t entry[8] = {0, 8, uid, id, (uint8_t)flags};

	fake_append(madt, entry, sizeof(entry));
}

static void put_x2apic(struct fake_table *madt, uint32_t uid, uint32_t id, uint32_t flags)
{
	uint32_t entry[4] = {9 | 16 << 8, id, flags, uid};

	fake_append(madt, entry, sizeof(entry));
}

static void put_ioapic(struct fake_table *madt, uint8_t id, uint32_t address, uint32_t gsi)
{
	uint32_t entry[3] = {1U | 12U << 8 | (uint32_t)id << 16, address, gsi};

	fake_append(madt, entry, sizeof(entry));
}

static void put_override(struct fake_table *madt, uint8_t bus, uint8_t irq, uint8_t gsi,
			 uint8_t flags)
{
	uint8_t entry[10] = {2, 10, bus, irq, gsi, 0, 0, 0, flags, 0};

	fake_append(madt, entry, sizeof(entry));
}

static void parse_madt(struct fake_table *madt)
{
	fake_close(madt);
	fake_parse();
	assert_true(acpi.present);
}

static void test_madt(void **state)
{
	static const uint8_t nmi[6] = {4, 6, 0xff, 5, 0, 1};
	static const uint8_t x2_nmi[12] = {10, 12, 0xf, 0, 0x34, 0x12, 0, 0, 0};
	static const uint8_t address[12] = {5, 12, 0, 0, 0, 0, 0xe0, 0xfe, 1, 0, 0, 0};
	static const uint8_t unknown[3] = {0x7f, 3, 9};
	struct fake_table *madt = open_madt();

	(void)state;
	put_lapic(madt, 1, 0, 1);
	put_lapic(madt, 2, 4, 2);
	put_lapic(madt, 3, 6, 0);
	put_x2apic(madt, 0x1234, 0x10000, 1);
	fake_append(madt, unknown, sizeof(unknown));
	put_ioapic(madt, 8, 0xfec00000, 0);
	put_ioapic(madt, 9, 0xfec01000, 24);
	put_override(madt, 0, 0, 2, 0);
	put_override(madt, 0, 9, 9, 0xd);
	put_override(madt, 0, 10, 20, 0xf);
	fake_append(madt, nmi, sizeof(nmi));
	fake_append(madt, x2_nmi, sizeof(x2_nmi));
	fake_append(madt, address, sizeof(address));
	parse_madt(madt);

	assert_int_equal(acpi.note_count, 1);
	assert_true(acpi.has_8259);
	assert_int_equal(acpi.lapic_address, 0x1fee00000);
	assert_int_equal(acpi.cpu_count, 3);
	assert_int_equal(acpi.cpus[0].apic_id, 0);
	assert_int_equal(acpi.cpus[0].uid, 1);
	assert_true(acpi.cpus[0].enabled);
	assert_false(acpi.cpus[0].online_capable);
	assert_int_equal(acpi.cpus[1].apic_id, 4);
	assert_false(acpi.cpus[1].enabled);
	assert_true(acpi.cpus[1].online_capable);
	assert_int_equal(acpi.cpus[2].apic_id, 0x10000);
	assert_int_equal(acpi.cpus[2].uid, 0x1234);
	assert_int_equal(acpi.ioapic_count, 2);
	assert_int_equal(acpi.ioapics[1].id, 9);
	assert_int_equal(acpi.ioapics[1].address, 0xfec01000);
	assert_int_equal(acpi.ioapics[1].gsi_base, 24);
	assert_int_equal(acpi.override_count, 3);
	assert_int_equal(acpi.overrides[0].irq, 0);
	assert_int_equal(acpi.overrides[0].gsi, 2);
	assert_false(acpi.overrides[0].level || acpi.overrides[0].active_low);
	assert_true(acpi.overrides[1].level && !acpi.overrides[1].active_low);
	assert_true(acpi.overrides[2].level && acpi.overrides[2].active_low);
	assert_int_equal(acpi.overrides[2].gsi, 20);
	assert_int_equal(acpi.nmi_count, 2);
	assert_int_equal(acpi.nmis[0].uid, ACPI_NMI_ALL_CPUS);
	assert_int_equal(acpi.nmis[0].lint, 1);
	assert_false(acpi.nmis[0].active_low || acpi.nmis[0].level);
	assert_int_equal(acpi.nmis[1].uid, 0x1234);
	assert_true(acpi.nmis[1].active_low && acpi.nmis[1].level);
}

static void parse_sci(uint8_t flags)
{
	struct fake_table *madt = open_madt(), *fadt;

	put_override(madt, 0, 9, 9, flags);
	put_override(madt, 0, 11, 11, 0);
	fake_close(madt);
	fadt = fake_open(0x4000, "FACP", 116);
	fake_poke16(fadt, 46, 9);
	fake_close(fadt);
	fake_parse();
}

/*
 * An override of the SCI that says "as the bus does" means level, active low; of others it does not.
 */
static void test_madt_sci(void **state)
{
	(void)state;
	parse_sci(0);
	assert_true(acpi.overrides[0].level && acpi.overrides[0].active_low);
	assert_false(acpi.overrides[1].level || acpi.overrides[1].active_low);
	parse_sci(0xd);
	assert_true(acpi.overrides[0].level && !acpi.overrides[0].active_low);
	parse_sci(0x7);
	assert_true(!acpi.overrides[0].level && acpi.overrides[0].active_low);
	parse_sci(0x5);
	assert_false(acpi.overrides[0].level || acpi.overrides[0].active_low);
}

static void test_madt_entry_length(void **state)
{
	static const uint8_t lengths[] = {0, 1, 9, 0xff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct fake_table *madt = open_madt();

		put_lapic(madt, 1, 1, 1);
		put_lapic(madt, 2, 2, 1);
		fake_poke8(madt, 53, lengths[i]);
		parse_madt(madt);
		assert_int_equal(acpi.cpu_count, 1);
		assert_true(fake_has_note("APIC: entry at offset 52 has an impossible length"));
	}
}

static void test_madt_short_entries_are_skipped(void **state)
{
	static const uint8_t types[] = {0, 1, 2, 4, 5, 9, 10};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct fake_table *madt = open_madt();
		uint8_t entry[5] = {types[i], 5, 1, 1, 1};

		fake_append(madt, entry, sizeof(entry));
		put_lapic(madt, 2, 2, 1);
		parse_madt(madt);
		assert_true(fake_has_note("is too short, ignored"));
		assert_int_equal(acpi.cpu_count, 1);
		assert_int_equal(acpi.ioapic_count + acpi.override_count + acpi.nmi_count, 0);
		assert_int_equal(acpi.lapic_address, 0xfee00000);
	}
}

/* A table cut at each byte: no read beyond, and what was before the cut is kept. */
static void test_madt_cut_everywhere(void **state)
{
	(void)state;
	for (uint32_t size = 36; size < 44 + 3 * 8; size++) {
		struct fake_table *madt = open_madt();

		put_lapic(madt, 1, 1, 1);
		put_lapic(madt, 2, 2, 1);
		put_lapic(madt, 3, 3, 1);
		madt->size = size;
		parse_madt(madt);
		assert_int_equal(acpi.cpu_count, size < 44 ? 0 : (size - 44) / 8);
	}
}

static void test_madt_10000_cpus(void **state)
{
	struct fake_table *madt = open_madt();

	(void)state;
	for (uint32_t i = 0; i < 10000; i++)
		put_x2apic(madt, i, i * 2, 1);
	parse_madt(madt);
	assert_int_equal(acpi.cpu_count, MAX_CPUS);
	assert_int_equal(acpi.cpus_lost, 10000 - MAX_CPUS);
	assert_int_equal(acpi.cpus[255].apic_id, 510);
	assert_true(fake_has_note("APIC: 9744 CPUs more than"));
}

/* CPUs that are not there must not take the places of those that are. */
static void test_madt_enabled_cpus_first(void **state)
{
	struct fake_table *madt = open_madt();
	uint32_t enabled = 0;

	(void)state;
	for (uint32_t i = 0; i < 300; i++)
		put_x2apic(madt, i, i, 2);
	for (uint32_t i = 300; i < 500; i++)
		put_x2apic(madt, i, i, 1);
	put_x2apic(madt, 500, 500, 2);
	parse_madt(madt);
	assert_int_equal(acpi.cpu_count, MAX_CPUS);
	assert_int_equal(acpi.cpus_lost, 0);
	for (uint32_t i = 0; i < MAX_CPUS; i++)
		enabled += acpi.cpus[i].enabled;
	assert_int_equal(enabled, 200);
	for (uint32_t i = 0; i < 56; i++)
		assert_int_equal(acpi.cpus[i].apic_id, i);
}

static void test_madt_duplicates(void **state)
{
	static const uint8_t nmi[6] = {4, 6, 1, 0, 0, 1};
	static const uint8_t bad_nmi[6] = {4, 6, 2, 0, 0, 2};
	struct fake_table *madt = open_madt();

	(void)state;
	put_lapic(madt, 1, 7, 1);
	put_lapic(madt, 2, 7, 1);
	put_x2apic(madt, 3, 7, 1);
	put_lapic(madt, 4, 0xff, 1);
	put_x2apic(madt, 5, 0xffffffff, 1);
	put_lapic(madt, 6, 7, 0);
	put_x2apic(madt, 7, 0xff, 1);
	put_ioapic(madt, 1, 0xfec00000, 0);
	put_ioapic(madt, 2, 0xfec00000, 24);
	put_ioapic(madt, 3, 0xfec10000, 0);
	put_ioapic(madt, 4, 0, 48);
	put_override(madt, 0, 3, 4, 0);
	put_override(madt, 0, 3, 5, 0);
	put_override(madt, 1, 4, 5, 0);
	put_override(madt, 0, 16, 5, 0);
	fake_append(madt, nmi, sizeof(nmi));
	fake_append(madt, nmi, sizeof(nmi));
	fake_append(madt, bad_nmi, sizeof(bad_nmi));
	parse_madt(madt);
	assert_int_equal(acpi.cpu_count, 2);
	assert_int_equal(acpi.cpus[0].uid, 1);
	assert_int_equal(acpi.cpus[1].apic_id, 0xff);
	assert_true(fake_has_note("APIC: 2 impossible CPUs ignored"));
	assert_true(fake_has_note("APIC: 2 CPUs occur twice"));
	assert_int_equal(acpi.ioapic_count, 1);
	assert_true(fake_has_note("APIC: 1 impossible IOAPICs ignored"));
	assert_true(fake_has_note("APIC: 2 IOAPICs occur twice"));
	assert_int_equal(acpi.override_count, 1);
	assert_int_equal(acpi.overrides[0].gsi, 4);
	assert_true(fake_has_note("APIC: 2 impossible overrides ignored"));
	assert_true(fake_has_note("APIC: 1 overrides occur twice"));
	assert_int_equal(acpi.nmi_count, 1);
	assert_true(fake_has_note("APIC: 1 impossible NMIs ignored"));
	assert_true(fake_has_note("APIC: 1 NMIs occur twice"));
}

static void test_madt_arrays_are_bounded(void **state)
{
	struct fake_table *madt = open_madt();

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t nmi[3] = {10 | 12 << 8, i, 0};

		put_ioapic(madt, (uint8_t)i, 0xfec00000 + i * 0x1000, i * 24);
		put_override(madt, 0, (uint8_t)i, 1, 0);
		fake_append(madt, nmi, sizeof(nmi));
	}
	parse_madt(madt);
	assert_int_equal(acpi.ioapic_count, ACPI_MAX_IOAPICS);
	assert_int_equal(acpi.override_count, ACPI_MAX_OVERRIDES);
	assert_int_equal(acpi.nmi_count, ACPI_MAX_NMIS);
	assert_true(fake_has_note("APIC: 936 IOAPICs more than"));
	assert_true(fake_has_note("APIC: 744 NMIs more than"));
	assert_true(fake_has_note("APIC: no CPU"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_madt),
		cmocka_unit_test(test_madt_sci),
		cmocka_unit_test(test_madt_entry_length),
		cmocka_unit_test(test_madt_short_entries_are_skipped),
		cmocka_unit_test(test_madt_cut_everywhere),
		cmocka_unit_test(test_madt_10000_cpus),
		cmocka_unit_test(test_madt_enabled_cpus_first),
		cmocka_unit_test(test_madt_duplicates),
		cmocka_unit_test(test_madt_arrays_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
