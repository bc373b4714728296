/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine's firmware tables for tests: a few tables at physical addresses, read through a mapping
 * that hands out copies of exactly the size that was asked for, so that the sanitizer sees each byte
 * read beyond it.
 */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "drivers/acpi.h"

enum { FAKE_TABLES = 400, FAKE_TABLE_MAX = 1 << 18, FAKE_MAPPINGS = 20000 };

struct fake_table {
	hpa_t address;
	uint32_t size;
	uint8_t *bytes;
};

static struct fake_table fake_tables[FAKE_TABLES];
static size_t fake_count;
static void *fake_mappings[FAKE_MAPPINGS];
static size_t fake_mapping_count;
static struct acpi_info acpi;

static inline void fake_reset(void)
{
	while (fake_count > 0)
		free(fake_tables[--fake_count].bytes);
}

static inline const void *fake_map(hpa_t pa, size_t size)
{
	for (size_t i = 0; i < fake_count; i++) {
		const struct fake_table *table = &fake_tables[i];
		void *copy;

		if (pa < table->address || pa - table->address > table->size ||
		    size > table->size - (pa - table->address) || size == 0)
			continue;
		if (fake_mapping_count == FAKE_MAPPINGS)
			abort();
		copy = malloc(size);
		if (!copy)
			abort();
		memcpy(copy, table->bytes + (pa - table->address), size);
		fake_mappings[fake_mapping_count++] = copy;
		return copy;
	}
	return NULL;
}

static inline struct fake_table *fake_memory(hpa_t address, uint32_t size)
{
	struct fake_table *table = &fake_tables[fake_count++];

	if (fake_count > FAKE_TABLES)
		abort();
	table->address = address;
	table->size = size;
	table->bytes = calloc(1, FAKE_TABLE_MAX);
	if (!table->bytes)
		abort();
	return table;
}

static inline void fake_poke(struct fake_table *table, uint32_t at, const void *data, uint32_t size)
{
	if (at + size > FAKE_TABLE_MAX)
		abort();
	memcpy(table->bytes + at, data, size);
}

static inline void fake_poke8(struct fake_table *table, uint32_t at, uint8_t value)
{
	fake_poke(table, at, &value, 1);
}

static inline void fake_poke16(struct fake_table *table, uint32_t at, uint16_t value)
{
	fake_poke(table, at, &value, 2);
}

static inline void fake_poke32(struct fake_table *table, uint32_t at, uint32_t value)
{
	fake_poke(table, at, &value, 4);
}

static inline void fake_poke64(struct fake_table *table, uint32_t at, uint64_t value)
{
	fake_poke(table, at, &value, 8);
}

/* Makes bytes[from, to) sum up to 0 by the byte at offset at. */
static inline void fake_sum(struct fake_table *table, uint32_t at, uint32_t to)
{
	uint8_t sum = 0;

	table->bytes[at] = 0;
	for (uint32_t i = 0; i < to; i++)
		sum = (uint8_t)(sum + table->bytes[i]);
	table->bytes[at] = (uint8_t)-sum;
}

/* An empty table of this size; fake_close sets its length and its sum. */
static inline struct fake_table *fake_open(hpa_t address, const char *signature, uint32_t size)
{
	struct fake_table *table = fake_memory(address, size);

	fake_poke(table, 0, signature, 4);
	return table;
}

static inline void fake_append(struct fake_table *table, const void *data, uint32_t size)
{
	fake_poke(table, table->size, data, size);
	table->size += size;
}

static inline void fake_close(struct fake_table *table)
{
	fake_poke32(table, 4, table->size);
	fake_sum(table, 9, table->size);
}

static inline void fake_poke_gas(struct fake_table *table, uint32_t at, uint8_t space,
				 uint64_t address)
{
	fake_poke8(table, at, space);
	fake_poke8(table, at + 1, 32);
	fake_poke64(table, at + 4, address);
}

/* An XSDT that leads to all tables there are. */
static inline struct fake_table *fake_xsdt(hpa_t address)
{
	struct fake_table *xsdt = fake_open(address, "XSDT", 36);

	for (size_t i = 0; i + 1 < fake_count; i++)
		fake_append(xsdt, &fake_tables[i].address, 8);
	fake_close(xsdt);
	return xsdt;
}

static uint8_t fake_rsdp[36];

static inline void fake_sum_rsdp(void)
{
	struct fake_table bytes = {.bytes = fake_rsdp};

	fake_sum(&bytes, 8, 20);
	fake_sum(&bytes, 32, 36);
}

static inline void fake_make_rsdp(hpa_t rsdt, hpa_t xsdt)
{
	struct fake_table bytes = {.bytes = fake_rsdp};

	memset(fake_rsdp, 0, sizeof(fake_rsdp));
	fake_poke(&bytes, 0, "RSD PTR ", 8);
	fake_poke8(&bytes, 15, 2);
	fake_poke32(&bytes, 16, (uint32_t)rsdt);
	fake_poke32(&bytes, 20, 36);
	fake_poke64(&bytes, 24, xsdt);
	fake_sum_rsdp();
}

static inline void fake_parse_rsdp(const uint8_t *rsdp, uint32_t size)
{
	struct acpi_source source = {.map = fake_map, .rsdp = rsdp, .rsdp_size = size};

	acpi_parse(&source, &acpi);
	while (fake_mapping_count > 0)
		free(fake_mappings[--fake_mapping_count]);
}

/* Parses all tables there are, through an XSDT. */
static inline void fake_parse(void)
{
	fake_xsdt(0x7f000000);
	fake_make_rsdp(0, 0x7f000000);
	fake_parse_rsdp(fake_rsdp, sizeof(fake_rsdp));
	fake_reset();
}

static inline bool fake_has_note(const char *text)
{
	for (uint32_t i = 0; i < acpi.note_count; i++) {
		if (strstr(acpi.notes[i], text))
			return true;
	}
	return false;
}
