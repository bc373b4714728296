/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the one AML object that we need, \_S5, without interpreting AML: it is a name with a
 * package of constants, and its bytes are looked for. What does not have that shape to the end is
 * passed over.
 */
#include "drivers/acpi_table.h"

#include "lib/string.h"

/* ACPI 20.2 "AML Grammar Definition" */
enum aml_op {
	AML_ZERO = 0x00,
	AML_ONE = 0x01,
	AML_NAME = 0x08,
	AML_BYTE_PREFIX = 0x0a,
	AML_WORD_PREFIX = 0x0b,
	AML_DWORD_PREFIX = 0x0c,
	AML_QWORD_PREFIX = 0x0e,
	AML_PACKAGE = 0x12,
	AML_ROOT = '\\',
};

enum {
	NAME_SEGMENT = 4,
	SLEEP_TYPE_MAX = 7, /* ACPI 4.8.3.2.1 "PM1 Control Registers": SLP_TYPx has three bits */
};

static const uint8_t s5_name[NAME_SEGMENT] = {'_', 'S', '5', '_'};

/* A place in the AML. The table's end bounds it; bytes beyond read as 0 and set failed. */
struct cursor {
	const struct acpi_table *table;
	uint32_t at;
	bool failed;
};

static uint8_t next(struct cursor *cursor)
{
	if (cursor->at >= cursor->table->size) {
		cursor->failed = true;
		return 0;
	}
	return acpi_u8(cursor->table, cursor->at++);
}

static uint64_t next_bytes(struct cursor *cursor, uint32_t count)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < count; i++)
		value |= (uint64_t)next(cursor) << (8 * i);
	return value;
}

/* 20.2.4 "Package Length Encoding": bits 7:6 of the first byte tell how many follow. */
static uint32_t next_package_length(struct cursor *cursor)
{
	uint8_t lead = next(cursor);
	uint32_t more = lead >> 6;

	if (more == 0)
		return lead & 0x3f;
	return (uint32_t)((lead & 0xf) | next_bytes(cursor, more) << 4);
}

/* 20.2.3 "Data Objects Encoding": an integer constant. */
static uint64_t next_integer(struct cursor *cursor)
{
	switch (next(cursor)) {
	case AML_ZERO:
		return 0;
	case AML_ONE:
		return 1;
	case AML_BYTE_PREFIX:
		return next_bytes(cursor, 1);
	case AML_WORD_PREFIX:
		return next_bytes(cursor, 2);
	case AML_DWORD_PREFIX:
		return next_bytes(cursor, 4);
	case AML_QWORD_PREFIX:
		return next_bytes(cursor, 8);
	default:
		cursor->failed = true;
		return 0;
	}
}

/* Reads the package behind the name at offset at. False if it is not one, or not one of an S5. */
static bool read_package(const struct acpi_table *table, uint32_t at, struct acpi_s5 *s5)
{
	struct cursor cursor = {table, at, false};
	uint32_t start, length, count;
	uint64_t a, b;

	if (next(&cursor) != AML_PACKAGE)
		return false;
	start = cursor.at;
	length = next_package_length(&cursor);
	count = next(&cursor);
	a = count > 0 ? next_integer(&cursor) : SLEEP_TYPE_MAX + 1;
	/* ACPI 7.4.2 "Sx (System States)": some firmware gives one value for both registers. */
	b = count > 1 ? next_integer(&cursor) : a;
	if (cursor.failed || cursor.at - start > length || length > table->size - start)
		return false;
	*s5 = (struct acpi_s5){a <= SLEEP_TYPE_MAX && b <= SLEEP_TYPE_MAX, (uint8_t)a, (uint8_t)b};
	return s5->present;
}

/* True if a Name operator, with or without the root prefix, stands before offset at. */
static bool is_named(const struct acpi_table *table, uint32_t at)
{
	uint8_t before = acpi_u8(table, at - 1);

	return before == AML_NAME || (before == AML_ROOT && acpi_u8(table, at - 2) == AML_NAME);
}

void acpi_find_s5(struct acpi_parser *parser, const struct acpi_table *table)
{
	/* Two bytes of the header at least stand before any AML, so looking back is safe. */
	for (uint32_t at = ACPI_HEADER_SIZE; at < table->size && NAME_SEGMENT <= table->size - at;
	     at++) {
		struct acpi_s5 s5;

		if (memcmp(table->data + at, s5_name, NAME_SEGMENT) != 0 || !is_named(table, at))
			continue;
		if (read_package(table, at + NAME_SEGMENT, &s5)) {
			parser->info->s5 = s5;
			return;
		}
		acpi_note(parser, "%s: an object \\_S5 has no usable value", table->signature);
	}
}
