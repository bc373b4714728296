/* SPDX-License-Identifier: BSD-2-Clause */
/* Appends bytes to the area of the ACPI tables, and frames tables. */
#include "vmm/acpi_writer.h"

#include "lib/string.h"

enum { TABLE_ALIGN = 64 };

void acpi_put(struct acpi_writer *writer, const void *bytes, size_t count)
{
	if (writer->size - writer->used < count) {
		writer->overflow = true;
		return;
	}
	memcpy(writer->to + writer->used, bytes, count);
	writer->used += count;
}

void acpi_put8(struct acpi_writer *writer, uint8_t value)
{
	acpi_put(writer, &value, sizeof(value));
}

void acpi_put16(struct acpi_writer *writer, uint16_t value)
{
	acpi_put(writer, &value, sizeof(value));
}

void acpi_put32(struct acpi_writer *writer, uint32_t value)
{
	acpi_put(writer, &value, sizeof(value));
}

void acpi_put64(struct acpi_writer *writer, uint64_t value)
{
	acpi_put(writer, &value, sizeof(value));
}

void acpi_patch8(struct acpi_writer *writer, size_t at, uint8_t value)
{
	if (at < writer->used)
		writer->to[at] = value;
}

void acpi_begin(struct acpi_writer *writer, const char signature[4], uint8_t revision)
{
	struct acpi_header header = {
		.revision = revision,
		.oem_id = {'F', 'R', 'E', 'E', 'H', 'O'},
		.oem_table_id = {'F', 'R', 'E', 'E', 'H', 'O', 'L', 'D'},
		.oem_revision = 1,
		.creator_id = {'F', 'R', 'H', 'D'},
		.creator_revision = 1,
	};

	memcpy(header.signature, signature, sizeof(header.signature));
	while (writer->used % TABLE_ALIGN && !writer->overflow)
		acpi_put8(writer, 0);
	writer->table = writer->used;
	acpi_put(writer, &header, sizeof(header));
}

uint8_t acpi_checksum(const void *bytes, size_t count)
{
	const uint8_t *at = bytes;
	uint8_t sum = 0;

	while (count--)
		sum = (uint8_t)(sum + *at++);
	return (uint8_t)-sum;
}

gpa_t acpi_end(struct acpi_writer *writer)
{
	uint8_t *table = writer->to + writer->table;
	uint32_t length = (uint32_t)(writer->used - writer->table);

	if (length >= sizeof(struct acpi_header)) {
		memcpy(table + offsetof(struct acpi_header, length), &length, sizeof(length));
		table[offsetof(struct acpi_header, checksum)] = acpi_checksum(table, length);
	}
	return writer->gpa + writer->table;
}
