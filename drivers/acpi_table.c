/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bounded reading: nothing else in the ACPI code touches a table's bytes by pointer, but the AML
 * search.
 */
#include "drivers/acpi_table.h"

#include "lib/format.h"
#include "lib/string.h"

/* SDM 3A 4.1.4: physical addresses have at most 52 bits. */
#define ADDRESS_END BIT(52)

void acpi_note(struct acpi_parser *parser, const char *text, ...)
{
	struct acpi_info *info = parser->info;
	va_list args;

	if (info->note_count >= ACPI_MAX_NOTES) {
		info->notes_lost++;
		return;
	}
	va_start(args, text);
	vformat(info->notes[info->note_count++], ACPI_NOTE_SIZE, text, args);
	va_end(args);
}

static uint64_t read(const struct acpi_table *table, uint32_t offset, uint32_t size)
{
	uint64_t value = 0;

	if (offset <= table->size && size <= table->size - offset)
		memcpy(&value, table->data + offset, size);
	return value;
}

uint8_t acpi_u8(const struct acpi_table *table, uint32_t offset)
{
	return (uint8_t)read(table, offset, 1);
}

uint16_t acpi_u16(const struct acpi_table *table, uint32_t offset)
{
	return (uint16_t)read(table, offset, 2);
}

uint32_t acpi_u32(const struct acpi_table *table, uint32_t offset)
{
	return (uint32_t)read(table, offset, 4);
}

uint64_t acpi_u64(const struct acpi_table *table, uint32_t offset)
{
	return read(table, offset, 8);
}

struct acpi_gas acpi_gas(const struct acpi_table *table, uint32_t offset)
{
	return (struct acpi_gas){
		.space = acpi_u8(table, offset),
		.bit_width = acpi_u8(table, offset + 1),
		.bit_offset = acpi_u8(table, offset + 2),
		.access_size = acpi_u8(table, offset + 3),
		.address = acpi_u64(table, offset + 4),
	};
}

bool acpi_sum_is_zero(const uint8_t *data, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + data[i]);
	return sum == 0;
}

bool acpi_address_ok(hpa_t address, uint64_t size)
{
	return address != 0 && address < ADDRESS_END && size <= ADDRESS_END - address;
}

static void copy_signature(char to[5], const uint8_t *from)
{
	for (size_t i = 0; i < 4; i++)
		to[i] = from[i] > ' ' && from[i] <= '~' ? (char)from[i] : '?';
	to[4] = '\0';
}

static const uint8_t *map_table(struct acpi_parser *parser, hpa_t address, uint32_t size)
{
	return acpi_address_ok(address, size) ? parser->source->map(address, size) : NULL;
}

bool acpi_peek(struct acpi_parser *parser, hpa_t address, char signature[5])
{
	const uint8_t *data = map_table(parser, address, ACPI_HEADER_SIZE);

	if (data)
		copy_signature(signature, data);
	return data != NULL;
}

static bool refuse(struct acpi_parser *parser, const char *signature, hpa_t address, const char *why)
{
	acpi_note(parser, "%s at 0x%llx refused: %s", signature, (unsigned long long)address, why);
	return false;
}

bool acpi_open(struct acpi_parser *parser, hpa_t address, const char *signature,
	       struct acpi_table *table)
{
	const uint8_t *data = map_table(parser, address, ACPI_HEADER_SIZE);
	uint32_t size;

	if (!data)
		return refuse(parser, signature, address, "there is no memory");
	copy_signature(table->signature, data);
	if (strcmp(table->signature, signature) != 0)
		return refuse(parser, signature, address, "it has another signature");
	memcpy(&size, data + ACPI_HEADER_LENGTH, sizeof(size));
	if (size < ACPI_HEADER_SIZE || size > ACPI_TABLE_MAX)
		return refuse(parser, signature, address, "its length is impossible");
	data = map_table(parser, address, size);
	if (!data)
		return refuse(parser, signature, address, "it is longer than the memory there");
	if (!acpi_sum_is_zero(data, size))
		return refuse(parser, signature, address, "its checksum is wrong");
	table->data = data;
	table->size = size;
	table->address = address;
	return true;
}

bool acpi_next_entry(struct acpi_parser *parser, const struct acpi_table *table, uint32_t *at,
		     struct acpi_entry *entry)
{
	uint8_t length = acpi_u8(table, *at + 1);

	if (*at >= table->size)
		return false;
	if (length < 2 || length > table->size - *at) {
		acpi_note(parser,
			  "%s: entry at offset %u has an impossible length, the rest is ignored",
			  table->signature, *at);
		return false;
	}
	entry->type = acpi_u8(table, *at);
	entry->bytes = *table;
	entry->bytes.data += *at;
	entry->bytes.size = length;
	*at += length;
	return true;
}
