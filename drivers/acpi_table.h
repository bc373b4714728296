/* SPDX-License-Identifier: BSD-2-Clause */
/* Bounded reading of ACPI tables: for the files that decode them, and nobody else. */
#pragma once

#include "drivers/acpi.h"

/* ACPI 5.2.6 "System Description Table Header" */
enum acpi_header {
	ACPI_HEADER_LENGTH = 4,
	ACPI_HEADER_REVISION = 8,
	ACPI_HEADER_SIZE = 36,
};

/* Far more than a table of 10,000 CPUs or the largest DSDT takes. */
#define ACPI_TABLE_MAX MIB(4)

/* A table that is mapped, bounded and summed. */
struct acpi_table {
	const uint8_t *data;
	uint32_t size;
	char signature[5];
	hpa_t address;
};

/* What the decoders share while acpi_parse runs. */
struct acpi_parser {
	const struct acpi_source *source;
	struct acpi_info *info;
};

/* Adds a note, or counts it if there are too many. */
void acpi_note(struct acpi_parser *parser, const char *text, ...) printf_like(2, 3);

/*
 * Reads a little-endian number. What lies beyond the table's end reads as 0, which is what ACPI
 * means by a field that a table's older revision does not have.
 */
uint8_t acpi_u8(const struct acpi_table *table, uint32_t offset);
uint16_t acpi_u16(const struct acpi_table *table, uint32_t offset);
uint32_t acpi_u32(const struct acpi_table *table, uint32_t offset);
uint64_t acpi_u64(const struct acpi_table *table, uint32_t offset);
struct acpi_gas acpi_gas(const struct acpi_table *table, uint32_t offset);

/* True if the bytes sum up to 0. */
bool acpi_sum_is_zero(const uint8_t *data, size_t size);

/* True for an address at which a table of this size can lie. */
bool acpi_address_ok(hpa_t address, uint64_t size);

/* Reads a table's signature alone, '?' for what is not printable. */
bool must_check acpi_peek(struct acpi_parser *parser, hpa_t address, char signature[5]);

/*
 * Maps and checks the table at address. False, with a note, if it is not there, has not this
 * signature, or lies about its size or its sum.
 */
bool must_check acpi_open(struct acpi_parser *parser, hpa_t address, const char *signature,
			  struct acpi_table *table);

/* One variable-sized entry of a table, as bounded as the table itself: offsets are the entry's. */
struct acpi_entry {
	struct acpi_table bytes;
	uint8_t type;
};

/*
 * Steps through entries that begin with a type byte and a length byte. *at is the offset of the
 * next. False at the table's end, or with a note where a length is impossible.
 */
bool must_check acpi_next_entry(struct acpi_parser *parser, const struct acpi_table *table,
				uint32_t *at, struct acpi_entry *entry);

/* The decoders, one for each table. They write their part of parser->info. */
void acpi_decode_madt(struct acpi_parser *parser, const struct acpi_table *table);
void acpi_decode_fadt(struct acpi_parser *parser, const struct acpi_table *table);
void acpi_decode_mcfg(struct acpi_parser *parser, const struct acpi_table *table);
void acpi_decode_hpet(struct acpi_parser *parser, const struct acpi_table *table);
void acpi_decode_spcr(struct acpi_parser *parser, const struct acpi_table *table);

/* Looks for the object \_S5 in a definition block (DSDT or SSDT), unless it is known already. */
void acpi_find_s5(struct acpi_parser *parser, const struct acpi_table *table);

/* The RSDP, checked. */
struct acpi_rsdp {
	uint8_t revision;
	hpa_t address; /* 0: the loader's copy */
	hpa_t rsdt, xsdt;
};

/* From the loader's copy if that is right, else by searching the places that firmware uses. */
bool must_check acpi_find_rsdp(struct acpi_parser *parser, struct acpi_rsdp *rsdp);
