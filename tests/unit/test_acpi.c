/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding the ACPI tables: RSDP, root table, bounds, sums, and what leads nowhere (L04). */
/* sources: drivers/acpi.c drivers/acpi_table.c drivers/acpi_rsdp.c drivers/acpi_madt.c
 *	drivers/acpi_fadt.c drivers/acpi_devices.c drivers/acpi_aml.c lib/format.c */
#include "drivers/acpi.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/acpi_image.h"

/* A table whose arrival is easy to see. */
static struct fake_table *put_hpet(hpa_t address, uint64_t hpet)
{
	struct fake_table *table = fake_open(address, "HPET", 56);

	fake_poke_gas(table, 40, 0, hpet);
	fake_close(table);
	return table;
}

static struct fake_table *put_rsdt(hpa_t address, uint32_t entry)
{
	struct fake_table *table = fake_open(address, "RSDT", 36);

	fake_append(table, &entry, 4);
	fake_close(table);
	return table;
}

static void parse_given(void)
{
	fake_parse_rsdp(fake_rsdp, sizeof(fake_rsdp));
	fake_reset();
}

static void test_xsdt(void **state)
{
	(void)state;
	put_hpet(0x1234567000, 0xfed00000);
	fake_parse();
	assert_true(acpi.present);
	assert_int_equal(acpi.revision, 2);
	assert_int_equal(acpi.hpet.address, 0xfed00000);
	/* It has no DSDT, and nothing else is wrong. */
	assert_int_equal(acpi.note_count, 1);
}

static void test_rsdt_of_acpi_1(void **state)
{
	(void)state;
	put_hpet(0x1000, 0xfed00000);
	put_rsdt(0x2000, 0x1000);
	fake_make_rsdp(0x2000, 0);
	fake_rsdp[15] = 0;
	fake_sum_rsdp();
	fake_parse_rsdp(fake_rsdp, 20);
	fake_reset();
	assert_int_equal(acpi.hpet.address, 0xfed00000);
	assert_int_equal(acpi.revision, 0);
	assert_int_equal(acpi.note_count, 1);
}

/* The RSDT is what is left when the XSDT cannot be used, for whatever reason. */
static void test_falls_back_to_rsdt(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 5; round++) {
		struct fake_table *xsdt;

		put_hpet(0x1000, 0xfed00000);
		put_rsdt(0x2000, 0x1000);
		xsdt = fake_open(0x3000, "XSDT", 44);
		fake_close(xsdt);
		fake_make_rsdp(0x2000, round == 0 ? 0x5000 : 0x3000);
		switch (round) {
		case 1:
			fake_poke8(xsdt, 40, 1);
			break;
		case 2:
			fake_poke32(xsdt, 4, 35);
			fake_sum(xsdt, 9, 35);
			break;
		case 3:
			fake_poke32(xsdt, 4, 0xffffffff);
			break;
		case 4:
			fake_rsdp[32] ^= 1;
			break;
		}
		parse_given();
		assert_true(acpi.present);
		assert_int_equal(acpi.hpet.address, 0xfed00000);
		assert_int_equal(acpi.note_count, 2);
		assert_true(fake_has_note(round == 4 ? "ACPI 2.0 part" : "XSDT at 0x"));
	}
}

static void test_no_root(void **state)
{
	(void)state;
	fake_make_rsdp(0, 0);
	parse_given();
	assert_false(acpi.present);
	assert_true(fake_has_note("RSDP: leads to no root table"));

	fake_make_rsdp(0x1000, 0xfffffffffffff000);
	parse_given();
	assert_false(acpi.present);
}

static void test_bad_rsdp_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < 20; i++) {
		put_hpet(0x1000, 0xfed00000);
		fake_xsdt(0x3000);
		fake_make_rsdp(0, 0x3000);
		fake_rsdp[i] ^= 0x10;
		parse_given();
		assert_false(acpi.present);
		assert_true(fake_has_note("RSDP: the loader's copy is wrong"));
		assert_true(fake_has_note("RSDP: not found"));
		assert_int_equal(acpi.hpet.address, 0);
	}
}

static void test_short_rsdp_is_refused(void **state)
{
	(void)state;
	fake_make_rsdp(0, 0x3000);
	for (uint32_t size = 0; size < 20; size++) {
		uint8_t *copy = malloc(size + 1);

		assert_non_null(copy);
		memcpy(copy, fake_rsdp, size);
		fake_parse_rsdp(copy, size);
		assert_false(acpi.present);
		free(copy);
	}
}

/* Where the search looks: each place, at its first and last slot, and nowhere else. */
static void test_search(void **state)
{
	static const struct {
		hpa_t address;
		bool found;
	} cases[] = {
		{0x9fc00, true}, {0x9fff0 - 16, true}, {0xe0000, true},	 {0xf5a20, true},
		{0xfffe0, true}, {0xe0008, false},     {0xd0000, false}, {0x9f000, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_table *low = fake_memory(0, 0x100000);
		struct fake_table *rom;

		put_hpet(0x200000, 0xfed00000);
		put_rsdt(0x201000, 0x200000);
		fake_make_rsdp(0x201000, 0);
		fake_rsdp[15] = 0;
		fake_sum_rsdp();
		low->size = 0x1000;
		fake_poke16(low, 0x40e, 0x9fc0);
		rom = fake_memory(0x9f000, 0x1000);
		if (cases[i].address < 0xa0000)
			fake_poke(rom, (uint32_t)cases[i].address - 0x9f000, fake_rsdp, 36);
		rom = fake_memory(0xd0000, 0x30000);
		if (cases[i].address >= 0xa0000)
			fake_poke(rom, (uint32_t)cases[i].address - 0xd0000, fake_rsdp, 20);
		fake_parse_rsdp(NULL, 0);
		fake_reset();
		assert_int_equal(acpi.present, cases[i].found);
		assert_int_equal(acpi.rsdp, cases[i].found ? cases[i].address : 0);
	}
}

static void test_impossible_ebda_is_not_searched(void **state)
{
	struct fake_table *low, *high;

	(void)state;
	low = fake_memory(0, 0x1000);
	high = fake_memory(0xa0000, 0x1000);
	put_rsdt(0x200000, 0);
	fake_make_rsdp(0x200000, 0);
	fake_rsdp[15] = 0;
	fake_sum_rsdp();
	fake_poke(low, 0x410, fake_rsdp, 20);
	fake_poke(high, 0, fake_rsdp, 20);
	fake_poke16(low, 0x40e, 0x0040);
	fake_parse_rsdp(NULL, 0);
	assert_false(acpi.present);
	fake_poke16(low, 0x40e, 0xa000);
	fake_parse_rsdp(NULL, 0);
	assert_false(acpi.present);
	fake_reset();
}

static void test_entries_that_lead_nowhere(void **state)
{
	static const uint64_t holes[] = {0,	  0x5000,     ~0ULL, 0xfffffffffffffff0,
					 BIT(52), BIT(52) - 1};
	struct fake_table *xsdt;
	hpa_t hpet = 0x1000;

	(void)state;
	put_hpet(hpet, 0xfed00000);
	xsdt = fake_open(0x3000, "XSDT", 36);
	fake_append(xsdt, holes, sizeof(holes));
	fake_append(xsdt, &hpet, 8);
	fake_append(xsdt, "tail", 4);
	fake_close(xsdt);
	fake_make_rsdp(0, 0x3000);
	parse_given();
	assert_int_equal(acpi.hpet.address, 0xfed00000);
	assert_true(fake_has_note("XSDT: 6 entries lead nowhere"));
}

static void test_cycles_and_duplicates(void **state)
{
	struct fake_table *xsdt, *fadt;
	hpa_t entries[] = {0x3000, 0x1000, 0x1000, 0x2000, 0x4000, 0x3000};

	(void)state;
	put_hpet(0x1000, 0xfed00000);
	put_hpet(0x2000, 0xfed10000);
	fadt = fake_open(0x4000, "FACP", 116);
	fake_poke32(fadt, 40, 0x4000);
	fake_close(fadt);
	xsdt = fake_open(0x3000, "XSDT", 36);
	fake_append(xsdt, entries, sizeof(entries));
	fake_close(xsdt);
	fake_make_rsdp(0, 0x3000);
	parse_given();
	assert_int_equal(acpi.hpet.address, 0xfed00000);
	assert_true(fake_has_note("XSDT: 2 entries occur twice"));
	assert_true(fake_has_note("HPET at 0x2000 ignored: not the first"));
	assert_true(fake_has_note("DSDT at 0x4000 refused: it has another signature"));
}

/* The second of two is taken if the first is damaged. */
static void test_second_table_after_a_damaged_one(void **state)
{
	struct fake_table *first;

	(void)state;
	first = put_hpet(0x1000, 0xfed00000);
	fake_poke8(first, 50, 1);
	put_hpet(0x2000, 0xfed10000);
	fake_parse();
	assert_true(fake_has_note("HPET at 0x1000 refused: its checksum is wrong"));
	assert_int_equal(acpi.hpet.address, 0xfed10000);
}

static void test_too_many_tables(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ACPI_MAX_TABLES; i++)
		fake_close(fake_open(0x10000 + i * 0x100, "UEFI", 36));
	put_hpet(0x1000, 0xfed00000);
	fake_parse();
	assert_true(acpi.present);
	assert_true(fake_has_note("XSDT: 1 entries too many"));
	assert_int_equal(acpi.hpet.address, 0);
}

static void test_table_length(void **state)
{
	static const struct {
		uint32_t size;
		const char *why;
	} cases[] = {
		{0, "its length is impossible"},
		{1, "its length is impossible"},
		{8, "its length is impossible"},
		{35, "its length is impossible"},
		{57, "it is longer than the memory there"},
		{0x400000, "it is longer than the memory there"},
		{0x400001, "its length is impossible"},
		{0x7fffffff, "its length is impossible"},
		{0xffffffff, "its length is impossible"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_table *hpet = put_hpet(0x1000, 0xfed00000);

		fake_poke32(hpet, 4, cases[i].size);
		fake_parse();
		assert_true(acpi.present);
		assert_int_equal(acpi.hpet.address, 0);
		assert_true(fake_has_note("HPET at 0x1000 refused"));
		assert_true(fake_has_note(cases[i].why));
	}
}

static void test_notes_are_bounded(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		struct fake_table *hpet = put_hpet(0x10000 + i * 0x100, 0xfed00000);

		fake_poke8(hpet, 55, 1);
	}
	fake_parse();
	assert_int_equal(acpi.note_count, ACPI_MAX_NOTES);
	assert_int_equal(acpi.note_count + acpi.notes_lost, 101);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xsdt),
		cmocka_unit_test(test_rsdt_of_acpi_1),
		cmocka_unit_test(test_falls_back_to_rsdt),
		cmocka_unit_test(test_no_root),
		cmocka_unit_test(test_bad_rsdp_is_refused),
		cmocka_unit_test(test_short_rsdp_is_refused),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_impossible_ebda_is_not_searched),
		cmocka_unit_test(test_entries_that_lead_nowhere),
		cmocka_unit_test(test_cycles_and_duplicates),
		cmocka_unit_test(test_second_table_after_a_damaged_one),
		cmocka_unit_test(test_too_many_tables),
		cmocka_unit_test(test_table_length),
		cmocka_unit_test(test_notes_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
