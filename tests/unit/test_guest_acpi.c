/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's ACPI tables, read the way a guest finds them: from the RSDP on. Each table must also
 * be one that the reference disassembler takes.
 */
/* sources: vmm/acpi_tables.c vmm/acpi_fadt.c vmm/acpi_madt.c vmm/acpi_dsdt.c vmm/acpi_aml.c
 * vmm/acpi_writer.c vmm/partition.c vmm/guest_mem.c vmm/memory_map.c vmm/report.c lib/format.c
 * tests/unit/vmm_fixture.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/vmm_fixture.h"
#include <cmocka.h>

#include "vmm/acpi_aml.h"
#include "vmm/acpi_tables.h"
#include "vmm/dev/wiring.h"
#include "vmm/guest_layout.h"

static uint16_t read16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t read32(const uint8_t *at)
{
	return read16(at) | (uint32_t)read16(at + 2) << 16;
}

static uint64_t read64(const uint8_t *at)
{
	return read32(at) | (uint64_t)read32(at + 4) << 32;
}

static uint8_t sum(const uint8_t *at, size_t count)
{
	uint8_t total = 0;

	while (count--)
		total = (uint8_t)(total + *at++);
	return total;
}

/* A table at an address that another table gave; it lies in the reclaimable area. */
static const uint8_t *table(gpa_t gpa, const char *signature)
{
	const uint8_t *at = fixture_ram(gpa);

	assert_in_range(gpa, GUEST_ACPI, GUEST_ACPI_NVS - 1);
	assert_memory_equal(at, signature, 4);
	assert_in_range(gpa + read32(at + 4), GUEST_ACPI, GUEST_ACPI_NVS);
	assert_int_equal(sum(at, read32(at + 4)), 0);
	return at;
}

static const uint8_t *rsdp(void)
{
	return fixture_ram(GUEST_BIOS);
}

static const uint8_t *xsdt_entry(unsigned index, const char *signature)
{
	const uint8_t *xsdt = table(read64(rsdp() + 24), "XSDT");

	assert_true(36 + 8 * (index + 1) <= read32(xsdt + 4));
	return table(read64(xsdt + 36 + 8 * index), signature);
}

static int make_tables(void **state)
{
	(void)state;
	fixture_init(MIB(16));
	fixture_config.vcpu_count = MAX_VCPUS;
	acpi_tables_put();
	return 0;
}

/* ACPI 6.5 5.2.5.1: on a 16-byte boundary between E0000h and FFFFFh. */
static void test_rsdp(void **state)
{
	(void)state;
	assert_memory_equal(rsdp(), "RSD PTR ", 8);
	assert_int_equal(sum(rsdp(), 20), 0);
	assert_int_equal(sum(rsdp(), 36), 0);
	assert_int_equal(rsdp()[15], 2);
	assert_int_equal(read32(rsdp() + 20), 36);
}

static void test_rsdt_equals_xsdt(void **state)
{
	const uint8_t *rsdt = table(read32(rsdp() + 16), "RSDT");
	const uint8_t *xsdt = table(read64(rsdp() + 24), "XSDT");
	uint32_t count = (read32(xsdt + 4) - 36) / 8;

	(void)state;
	assert_int_equal(count, 4);
	assert_int_equal((read32(rsdt + 4) - 36) / 4, count);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(read32(rsdt + 36 + 4 * i), read64(xsdt + 36 + 8 * i));
}

/* Offsets of 5.2.9 "Fixed ACPI Description Table (FADT)". */
static void test_fadt(void **state)
{
	const uint8_t *fadt = xsdt_entry(0, "FACP");
	const uint8_t *facs = fixture_ram(read32(fadt + 36));

	(void)state;
	assert_int_equal(read32(fadt + 4), 268);
	assert_memory_equal(facs, "FACS", 4);
	assert_int_equal(read32(facs + 4), 64);
	assert_int_equal(read32(fadt + 36) % 64, 0);
	table(read32(fadt + 40), "DSDT");
	assert_int_equal(read64(fadt + 140), read32(fadt + 40));
	assert_int_equal(read16(fadt + 46), 9);
	assert_int_equal(read32(fadt + 48), 0xb2);
	assert_int_equal(fadt[52], ACPI_ENABLE_VALUE);
	assert_int_equal(fadt[53], ACPI_DISABLE_VALUE);
	assert_int_equal(read32(fadt + 56), 0x600);
	assert_int_equal(read32(fadt + 64), 0x604);
	assert_int_equal(read32(fadt + 76), 0x608);
	assert_int_equal(fadt[88], 4);
	assert_int_equal(fadt[89], 2);
	assert_int_equal(fadt[91], 4);
	assert_int_equal(fadt[108], 0x32);
	assert_int_equal(fadt[116], 1); /* reset register: port CF9h, byte, value 6 */
	assert_int_equal(fadt[117], 8);
	assert_int_equal(read64(fadt + 120), 0xcf9);
	assert_int_equal(fadt[128], 6);
}

/*
 * Table 5-10: power button fixed (4 clear), TMR_VAL_EXT 8, RESET_REG_SUP 10, not hardware-reduced.
 */
static void test_fadt_flags(void **state)
{
	uint32_t flags = read32(xsdt_entry(0, "FACP") + 112);

	(void)state;
	assert_false(flags & 1 << 4);
	assert_true(flags & 1 << 8);
	assert_true(flags & 1 << 10);
	assert_false(flags & 1 << 20);
}

static void check_madt_entry(const uint8_t *entry, unsigned counts[5])
{
	assert_in_range(entry[0], 0, 4);
	counts[entry[0]]++;
	if (entry[0] == 0) {
		assert_int_equal(entry[1], 8);
		assert_int_equal(entry[3], counts[0] - 1); /* APIC ids in order */
		assert_int_equal(read32(entry + 4), 1);
	} else if (entry[0] == 1) {
		assert_int_equal(entry[1], 12);
		assert_int_equal(read32(entry + 4), 0xfec00000);
		assert_int_equal(read32(entry + 8), 0);
	} else if (entry[0] == 2) {
		assert_int_equal(entry[1], 10);
		assert_int_equal(read32(entry + 4), entry[3] == 0 ? 2 : 9);
		assert_int_equal(read16(entry + 8), entry[3] == 0 ? 0 : 0xd);
	} else {
		assert_int_equal(entry[0], 4);
		assert_int_equal(entry[1], 6);
		assert_int_equal(entry[2], 0xff);
		assert_int_equal(entry[5], 1);
	}
}

static void test_madt(void **state)
{
	const uint8_t *madt = xsdt_entry(1, "APIC"), *end = madt + read32(madt + 4);
	unsigned counts[5] = {0};

	(void)state;
	assert_int_equal(read32(madt + 36), 0xfee00000);
	assert_int_equal(read32(madt + 40), 1);
	for (madt += 44; madt < end; madt += madt[1])
		check_madt_entry(madt, counts);
	assert_ptr_equal(madt, end);
	assert_int_equal(counts[0], MAX_VCPUS);
	assert_int_equal(counts[1], 1);
	assert_int_equal(counts[2], 2);
	assert_int_equal(counts[4], 1);
}

static void test_spcr(void **state)
{
	const uint8_t *spcr = xsdt_entry(2, "SPCR");

	(void)state;
	assert_int_equal(read32(spcr + 4), 80);
	assert_int_equal(spcr[36], 0); /* 16550 */
	assert_int_equal(read64(spcr + 44), 0x3f8);
	assert_int_equal(spcr[53], 4);
	assert_int_equal(spcr[58], 7);
	assert_int_equal(read16(spcr + 64), 0xffff);
}

/* One segment with one bus; and no HPET, whose place answers nothing. */
static void test_mcfg(void **state)
{
	const uint8_t *mcfg = xsdt_entry(3, "MCFG");

	(void)state;
	assert_int_equal(read32(mcfg + 4), 60);
	assert_int_equal(read64(mcfg + 44), PCI_ECAM_BASE);
	assert_int_equal(read16(mcfg + 52), 0);
	assert_int_equal(mcfg[54], 0);
	assert_int_equal(mcfg[55], 0);
}

/* The disassembly in text; the test fails if there is none. */
static void disassemble(const uint8_t *at, const char *name, char *text, size_t size)
{
	char path[] = "/tmp/freehold-acpi-XXXXXX", command[200], file[64];
	char *folder = mkdtemp(path);
	FILE *out;
	size_t length;

	assert_non_null(folder);
	snprintf(file, sizeof(file), "%s/%s.aml", folder, name);
	out = fopen(file, "wb");
	assert_non_null(out);
	assert_int_equal(fwrite(at, 1, read32(at + 4), out), read32(at + 4));
	assert_int_equal(fclose(out), 0);
	snprintf(command, sizeof(command), "cd %s && iasl -d %s.aml >log 2>&1", folder, name);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), "cat %s/log %s/%s.dsl; rm -r %s", folder, folder, name,
		 folder);
	out = popen(command, "r");
	assert_non_null(out);
	length = fread(text, 1, size - 1, out);
	text[length] = 0;
	assert_int_equal(pclose(out), 0);
	assert_null(strstr(text, "rror"));
	assert_null(strstr(text, "arning"));
	assert_null(strstr(text, "Invalid"));
}

static void test_disassembler_takes_them(void **state)
{
	static const char *const names[] = {"FACP", "APIC", "SPCR", "MCFG"};
	static char text[1 << 18];

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		disassemble(xsdt_entry(i, names[i]), names[i], text, sizeof(text));
		assert_non_null(strstr(text, names[i]));
	}
	disassemble(table(read32(rsdp() + 16), "RSDT"), "RSDT", text, sizeof(text));
	disassemble(table(read64(rsdp() + 24), "XSDT"), "XSDT", text, sizeof(text));
}

/* What the AML says, as the disassembler understands it. */
static void test_dsdt(void **state)
{
	static const char *const wanted[] = {
		"Name (\\_S5, Package (0x04)",
		"Device (PCI0)",
		"Device (ISA)",
		"Device (COM2)",
		"Name (_HID, EisaId (\"PNP0A03\")",
		"Name (_HID, EisaId (\"PNP0501\")",
		"Name (_HID, EisaId (\"PNP0B00\")",
		"Name (_HID, EisaId (\"PNP0100\")",
		"Name (_HID, EisaId (\"PNP0000\")",
		"Name (_HID, EisaId (\"PNP0C02\")",
		"WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,",
		"DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite",
		"0xE0100000,         // Range Minimum",
		"0xFEBFFFFF,         // Range Maximum",
		"0x1EB00000,         // Length",
		"0x03F8,             // Range Minimum",
		"Memory32Fixed (ReadWrite,\n                    0xFEE00000",
		"Memory32Fixed (ReadWrite,\n                    0xE0000000",
	};
	static char text[1 << 18];

	(void)state;
	disassemble(table(read32(xsdt_entry(0, "FACP") + 40), "DSDT"), "DSDT", text, sizeof(text));
	for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!strstr(text, wanted[i]))
			fail_msg("not in the DSDT: %s\n%s", wanted[i], text);
}

/* ACPI 6.5 20.2.4 "Package Length Encoding", for a length that needs all of its three bytes. */
static void test_package_length(void **state)
{
	static uint8_t area[8192];
	struct acpi_writer writer = {.to = area, .size = sizeof(area)};
	aml_mark_t mark = aml_scope_begin(&writer, "\\_SB_");

	(void)state;
	while (writer.used < 1 + 5000)
		acpi_put8(&writer, 0);
	aml_end(&writer, mark);
	assert_int_equal(area[0], 0x10);
	assert_int_equal(area[1], 2 << 6 | (5000 & 0xf));
	assert_int_equal(area[2], 5000 >> 4 & 0xff);
	assert_int_equal(area[3], 5000 >> 12);
}

static void test_overflow_is_told(void **state)
{
	uint8_t area[100];
	struct acpi_writer writer = {.to = area, .size = sizeof(area)};

	(void)state;
	acpi_put_madt(&writer, 3);
	assert_true(writer.overflow);
	assert_in_range(writer.used, 0, sizeof(area));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rsdp),
		cmocka_unit_test(test_rsdt_equals_xsdt),
		cmocka_unit_test(test_fadt),
		cmocka_unit_test(test_fadt_flags),
		cmocka_unit_test(test_madt),
		cmocka_unit_test(test_spcr),
		cmocka_unit_test(test_mcfg),
		cmocka_unit_test(test_disassembler_takes_them),
		cmocka_unit_test(test_dsdt),
		cmocka_unit_test(test_package_length),
		cmocka_unit_test(test_overflow_is_told),
	};

	return cmocka_run_group_tests(tests, make_tables, NULL);
}
