/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables of arbitrary bytes. The first byte chooses: raw memory behind a raw RSDP, or a list of
 * tables whose lengths and sums are put right, so that the decoders behind the checks are reached; and
 * whether the loader gives the RSDP, or it must be searched for.
 */
/* sources: drivers/acpi.c drivers/acpi_table.c drivers/acpi_rsdp.c drivers/acpi_madt.c
 *	drivers/acpi_fadt.c drivers/acpi_devices.c drivers/acpi_aml.c lib/format.c */
#include <stdlib.h>
#include <string.h>

#include "drivers/acpi.h"

enum {
	RSDP_SIZE = 36,
	HEADER_SIZE = 36,
	MAX_TABLES = 32,
	TABLE_MAX = 65536,
	MAX_MAPPINGS = 4096,
	RAW_BASE = 0x1000,
	XSDT_ADDRESS = 0x100000,
	TABLE_BASE = 0x200000,
	TABLE_STRIDE = 0x20000,
	BIOS_BASE = 0xe0000,
	BIOS_SIZE = 0x20000,
	EBDA_WORD = 0x40e,
	EBDA_SIZE = 0x400,
	LOW_REGIONS = 3,
};

/* The first byte. */
enum choice { CHOICE_RAW = 0x01, CHOICE_IN_EBDA = 0x40, CHOICE_SEARCH = 0x80 };

/* In the order of the harness's own numbers: add at the end, or the corpus means something else. */
static const char signatures[][5] = {"APIC", "FACP", "DSDT", "SSDT", "MCFG",
				     "HPET", "SPCR", "DMAR", "IVRS", "XSDT"};

/* How a table of the list is to be wrong. */
enum flaw { FLAW_SUM = 0x10, FLAW_LENGTH = 0x20, FLAW_TWICE = 0x40 };

struct region {
	hpa_t address;
	uint32_t size;
	uint8_t *bytes;
};

static struct region regions[MAX_TABLES + 1 + LOW_REGIONS];
static size_t region_count;
static void *mappings[MAX_MAPPINGS];
static size_t mapping_count;
static struct acpi_info info;

static void check(bool promise)
{
	if (!promise)
		abort();
}

/* A copy of just that size: the sanitizer sees each byte beyond. */
static const void *map(hpa_t pa, size_t size)
{
	for (size_t i = 0; i < region_count; i++) {
		const struct region *region = &regions[i];
		void *copy;

		if (pa < region->address || pa - region->address > region->size ||
		    size > region->size - (pa - region->address))
			continue;
		if (mapping_count == MAX_MAPPINGS)
			return NULL;
		copy = malloc(size);
		memcpy(copy, region->bytes + (pa - region->address), size);
		mappings[mapping_count++] = copy;
		return copy;
	}
	return NULL;
}

static struct region *add_region(hpa_t address, uint32_t size)
{
	struct region *region = &regions[region_count++];

	region->address = address;
	region->size = size;
	region->bytes = calloc(1, size);
	return region;
}

static void put_sum(uint8_t *bytes, uint32_t at, uint32_t size)
{
	uint8_t sum = 0;

	bytes[at] = 0;
	for (uint32_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[at] = (uint8_t)-sum;
}

/* What a list of tables is being made of. */
struct list {
	const uint8_t *data;
	size_t size;
	uint64_t entries[2 * MAX_TABLES];
	uint32_t entry_count;
	hpa_t dsdt;
	struct region *fadt;
};

/* A record: kind and flaws, two bytes of length, the table's bytes behind the header. */
static bool take_record(struct list *list)
{
	uint8_t kind;
	uint32_t size;
	struct region *region;

	if (list->size < 3 || region_count == MAX_TABLES)
		return false;
	kind = list->data[0];
	size = (uint32_t)list->data[1] | (uint32_t)list->data[2] << 8;
	size = MIN(size, (uint32_t)list->size - 3);
	region = add_region(TABLE_BASE + region_count * TABLE_STRIDE, HEADER_SIZE + size);
	memcpy(region->bytes + HEADER_SIZE, list->data + 3, size);
	memcpy(region->bytes, signatures[(kind & 0xf) % ARRAY_SIZE(signatures)], 4);
	memcpy(region->bytes + 4, &region->size, 4);
	if (kind & FLAW_LENGTH)
		memcpy(region->bytes + 4, list->data, 2);
	put_sum(region->bytes, 9, region->size);
	if (kind & FLAW_SUM)
		region->bytes[9]++;
	if (memcmp(region->bytes, "DSDT", 4) == 0)
		list->dsdt = region->address;
	if (memcmp(region->bytes, "FACP", 4) == 0)
		list->fadt = region;
	list->entries[list->entry_count++] = region->address;
	if (kind & FLAW_TWICE)
		list->entries[list->entry_count++] = region->address;
	list->data += 3 + size;
	list->size -= 3 + size;
	return true;
}

/* Lets the last FADT lead to the last DSDT, where it has room for that. */
static void link_dsdt(struct list *list)
{
	uint32_t dsdt = (uint32_t)list->dsdt;

	if (!list->fadt || !dsdt || list->fadt->size < 44)
		return;
	memcpy(list->fadt->bytes + 40, &dsdt, sizeof(dsdt));
	put_sum(list->fadt->bytes, 9, list->fadt->size);
}

static void make_tables(const uint8_t *data, size_t size, uint8_t rsdp[RSDP_SIZE])
{
	struct list list = {.data = data, .size = size};
	uint64_t xsdt_address = XSDT_ADDRESS;
	struct region *xsdt;
	uint32_t length = RSDP_SIZE;

	while (take_record(&list))
		;
	link_dsdt(&list);
	xsdt = add_region(XSDT_ADDRESS, HEADER_SIZE + list.entry_count * 8);
	memcpy(xsdt->bytes, "XSDT", 4);
	memcpy(xsdt->bytes + 4, &xsdt->size, 4);
	memcpy(xsdt->bytes + HEADER_SIZE, list.entries, list.entry_count * 8);
	put_sum(xsdt->bytes, 9, xsdt->size);
	memset(rsdp, 0, RSDP_SIZE);
	memcpy(rsdp, "RSD PTR ", 8);
	rsdp[15] = 2;
	memcpy(rsdp + 20, &length, 4);
	memcpy(rsdp + 24, &xsdt_address, 8);
	put_sum(rsdp, 8, 20);
	put_sum(rsdp, 32, RSDP_SIZE);
}

static void make_raw(const uint8_t *data, size_t size, uint8_t rsdp[RSDP_SIZE])
{
	uint32_t taken = (uint32_t)MIN(size, (size_t)RSDP_SIZE);
	struct region *region;

	memset(rsdp, 0, RSDP_SIZE);
	memcpy(rsdp, data, taken);
	region = add_region(RAW_BASE, (uint32_t)(size - taken));
	memcpy(region->bytes, data + taken, size - taken);
}

/* Where a BIOS has it: two bytes are the segment of the EBDA, two the place there or in the ROM. */
static void hide_rsdp(const uint8_t where[4], bool in_ebda, const uint8_t rsdp[RSDP_SIZE])
{
	uint32_t segment = (uint32_t)where[0] | (uint32_t)where[1] << 8;
	uint32_t at = ((uint32_t)where[2] | (uint32_t)where[3] << 8) * 16;
	struct region *ebda, *area = add_region(BIOS_BASE, BIOS_SIZE);

	memcpy(add_region(EBDA_WORD, 2)->bytes, where, 2);
	if (segment * 16 < BIOS_BASE) {
		ebda = add_region(segment * 16, EBDA_SIZE);
		area = in_ebda ? ebda : area;
	}
	at %= area->size;
	memcpy(area->bytes + at, rsdp, MIN(area->size - at, (uint32_t)RSDP_SIZE));
}

static void check_cpus(void)
{
	check(info.cpu_count <= MAX_CPUS && (info.present || info.cpu_count == 0));
	for (uint32_t i = 0; i < info.cpu_count; i++) {
		check(info.cpus[i].enabled || info.cpus[i].online_capable);
		check(info.cpus[i].apic_id != 0xffffffff);
		for (uint32_t j = 0; j < i; j++)
			check(info.cpus[j].apic_id != info.cpus[i].apic_id);
	}
}

static void check_info(void)
{
	check_cpus();
	check(info.ioapic_count <= ACPI_MAX_IOAPICS && info.nmi_count <= ACPI_MAX_NMIS);
	check(info.override_count <= ACPI_MAX_OVERRIDES);
	check(info.segment_count <= ACPI_MAX_SEGMENTS && info.note_count <= ACPI_MAX_NOTES);
	for (uint32_t i = 0; i < info.override_count; i++)
		check(info.overrides[i].irq < 16);
	for (uint32_t i = 0; i < info.nmi_count; i++)
		check(info.nmis[i].lint < 2);
	for (uint32_t i = 0; i < info.segment_count; i++)
		check(info.segments[i].first_bus <= info.segments[i].last_bus);
	for (uint32_t i = 0; i < info.note_count; i++)
		check(strnlen(info.notes[i], ACPI_NOTE_SIZE) < ACPI_NOTE_SIZE);
	check(!info.s5.present || (info.s5.sleep_type_a < 8 && info.s5.sleep_type_b < 8));
	check(info.fadt.pm_timer.space != ACPI_SPACE_IO || info.fadt.pm_timer.address < 0x10000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t rsdp[RSDP_SIZE];
	struct acpi_source source = {.map = map, .rsdp = rsdp, .rsdp_size = RSDP_SIZE};
	uint8_t choice;

	if (size < 5 || size > TABLE_MAX)
		return 0;
	choice = *data++;
	size--;
	if (choice & CHOICE_RAW)
		make_raw(data, size, rsdp);
	else
		make_tables(data, size, rsdp);
	if (choice & CHOICE_SEARCH) {
		hide_rsdp(data + size - 4, choice & CHOICE_IN_EBDA, rsdp);
		source.rsdp = NULL;
	}
	acpi_parse(&source, &info);
	check_info();
	while (mapping_count > 0)
		free(mappings[--mapping_count]);
	while (region_count > 0)
		free(regions[--region_count].bytes);
	return 0;
}
