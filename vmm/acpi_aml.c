/* SPDX-License-Identifier: BSD-2-Clause */
/* Encodes AML objects and resource descriptors. */
#include "vmm/acpi_aml.h"

#include "lib/string.h"

enum aml_op {
	OP_BYTE = 0x0a,
	OP_WORD = 0x0b,
	OP_DWORD = 0x0c,
	OP_NAME = 0x08,
	OP_SCOPE = 0x10,
	OP_BUFFER = 0x11,
	OP_PACKAGE = 0x12,
	OP_EXTENDED = 0x5b,
	OP_DEVICE = 0x82, /* after OP_EXTENDED */
};

/* A PkgLength of three bytes, whatever the length: it is not known when it is begun. */
enum { PKG_LENGTH = 3, PKG_LENGTH_LEAD = 2 << 6 };

static aml_mark_t begin(struct acpi_writer *writer)
{
	static const uint8_t room[PKG_LENGTH];
	aml_mark_t mark = writer->used;

	acpi_put(writer, room, sizeof(room));
	return mark;
}

void aml_end(struct acpi_writer *writer, aml_mark_t mark)
{
	size_t length = writer->used - mark;

	acpi_patch8(writer, mark, (uint8_t)(PKG_LENGTH_LEAD | (length & 0xf)));
	acpi_patch8(writer, mark + 1, (uint8_t)(length >> 4));
	acpi_patch8(writer, mark + 2, (uint8_t)(length >> 12));
}

static void put_name(struct acpi_writer *writer, const char *name)
{
	acpi_put(writer, name, strlen(name));
}

aml_mark_t aml_scope_begin(struct acpi_writer *writer, const char *name)
{
	aml_mark_t mark;

	acpi_put8(writer, OP_SCOPE);
	mark = begin(writer);
	put_name(writer, name);
	return mark;
}

aml_mark_t aml_device_begin(struct acpi_writer *writer, const char *name)
{
	aml_mark_t mark;

	acpi_put8(writer, OP_EXTENDED);
	acpi_put8(writer, OP_DEVICE);
	mark = begin(writer);
	put_name(writer, name);
	return mark;
}

aml_mark_t aml_package_begin(struct acpi_writer *writer, uint8_t elements)
{
	aml_mark_t mark;

	acpi_put8(writer, OP_PACKAGE);
	mark = begin(writer);
	acpi_put8(writer, elements);
	return mark;
}

void aml_name(struct acpi_writer *writer, const char *name)
{
	acpi_put8(writer, OP_NAME);
	put_name(writer, name);
}

void aml_integer(struct acpi_writer *writer, uint32_t value)
{
	if (value <= 1) {
		acpi_put8(writer, (uint8_t)value); /* ZeroOp, OneOp */
	} else if (value <= UINT8_MAX) {
		acpi_put8(writer, OP_BYTE);
		acpi_put8(writer, (uint8_t)value);
	} else if (value <= UINT16_MAX) {
		acpi_put8(writer, OP_WORD);
		acpi_put16(writer, (uint16_t)value);
	} else {
		acpi_put8(writer, OP_DWORD);
		acpi_put32(writer, value);
	}
}

static uint32_t hex_digit(char c)
{
	return (uint32_t)(c <= '9' ? c - '0' : c - 'A' + 10);
}

/* 19.3.4 "ASL Data Types", EISA IDs: five bits a letter, most significant byte first. */
void aml_eisa_id(struct acpi_writer *writer, const char *id)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < 3; i++)
		value = value << 5 | ((uint32_t)id[i] - 0x40);
	for (unsigned i = 3; i < 7; i++)
		value = value << 4 | hex_digit(id[i]);
	acpi_put8(writer, OP_DWORD);
	acpi_put32(writer, __builtin_bswap32(value));
}

/* A buffer whose size is a word, patched at the end like the package's length. */
aml_mark_t aml_resources_begin(struct acpi_writer *writer)
{
	aml_mark_t mark;

	acpi_put8(writer, OP_BUFFER);
	mark = begin(writer);
	acpi_put8(writer, OP_WORD);
	acpi_put16(writer, 0);
	return mark;
}

void aml_resources_end(struct acpi_writer *writer, aml_mark_t mark)
{
	size_t size_at = mark + PKG_LENGTH + 1, size;

	acpi_put8(writer, 0x79); /* end tag; a checksum of 0 counts as right */
	acpi_put8(writer, 0);
	size = writer->used - (size_at + 2);
	acpi_patch8(writer, size_at, (uint8_t)size);
	acpi_patch8(writer, size_at + 1, (uint8_t)(size >> 8));
	aml_end(writer, mark);
}

void aml_io(struct acpi_writer *writer, uint16_t port, uint8_t count)
{
	acpi_put8(writer, 0x47); /* small item 8, length 7 */
	acpi_put8(writer, 1);	 /* 16-bit decode */
	acpi_put16(writer, port);
	acpi_put16(writer, port);
	acpi_put8(writer, 1);
	acpi_put8(writer, count);
}

void aml_irq(struct acpi_writer *writer, unsigned irq)
{
	acpi_put8(writer, 0x22); /* small item 4, length 2: edge, active high */
	acpi_put16(writer, (uint16_t)(1u << irq));
}

void aml_memory(struct acpi_writer *writer, uint32_t start, uint32_t size)
{
	acpi_put8(writer, 0x86); /* large item 6: 32-bit fixed memory */
	acpi_put16(writer, 9);
	acpi_put8(writer, 1); /* writable */
	acpi_put32(writer, start);
	acpi_put32(writer, size);
}

/* 6.4.3.5 "Address Space Resource Descriptors"; a producer whose both ends are fixed. */
enum { WINDOW_MEMORY = 0, WINDOW_IO = 1, WINDOW_BUS = 2, WINDOW_FLAGS = 0x0c };

static void put_word_window(struct acpi_writer *writer, uint8_t type, uint8_t type_flags,
			    uint16_t first, uint16_t last)
{
	acpi_put8(writer, 0x88);
	acpi_put16(writer, 13);
	acpi_put8(writer, type);
	acpi_put8(writer, WINDOW_FLAGS);
	acpi_put8(writer, type_flags);
	acpi_put16(writer, 0); /* granularity */
	acpi_put16(writer, first);
	acpi_put16(writer, last);
	acpi_put16(writer, 0); /* translation */
	acpi_put16(writer, (uint16_t)(last - first + 1));
}

void aml_bus_window(struct acpi_writer *writer, uint16_t first, uint16_t last)
{
	put_word_window(writer, WINDOW_BUS, 0, first, last);
}

void aml_io_window(struct acpi_writer *writer, uint16_t first, uint16_t last)
{
	put_word_window(writer, WINDOW_IO, 3 /* ISA and other ports */, first, last);
}

void aml_memory_window(struct acpi_writer *writer, uint32_t first, uint32_t last)
{
	acpi_put8(writer, 0x87);
	acpi_put16(writer, 23);
	acpi_put8(writer, WINDOW_MEMORY);
	acpi_put8(writer, WINDOW_FLAGS);
	acpi_put8(writer, 1 /* writable, not cacheable */);
	acpi_put32(writer, 0);
	acpi_put32(writer, first);
	acpi_put32(writer, last);
	acpi_put32(writer, 0);
	acpi_put32(writer, last - first + 1);
}
