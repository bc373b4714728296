/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing ACPI tables one after another into guest memory: headers, checksums, alignment. What does
 * not fit any more is not written, and the writer says so at the end.
 */
#pragma once

#include "lib/types.h"

struct acpi_writer {
	uint8_t *to; /* the area, in our space */
	gpa_t gpa;   /* and in the guest's */
	size_t size, used;
	size_t table; /* where the table that is being written begins */
	bool overflow;
};

/* ACPI 6.5 5.2.6 "System Description Table Header" */
struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem_id[6], oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
};

static_assert(sizeof(struct acpi_header) == 36, "the specification's size");

void acpi_put(struct acpi_writer *writer, const void *bytes, size_t count);
void acpi_put8(struct acpi_writer *writer, uint8_t value);
void acpi_put16(struct acpi_writer *writer, uint16_t value);
void acpi_put32(struct acpi_writer *writer, uint32_t value);
void acpi_put64(struct acpi_writer *writer, uint64_t value);

/* Overwrites one byte at offset `at` of the area. */
void acpi_patch8(struct acpi_writer *writer, size_t at, uint8_t value);

/* Begins a table at the next multiple of 64 bytes, with its header. */
void acpi_begin(struct acpi_writer *writer, const char signature[4], uint8_t revision);

/* Completes length and checksum; returns the table's address. */
gpa_t acpi_end(struct acpi_writer *writer);

/* The byte that makes the sum of all bytes 0. */
uint8_t acpi_checksum(const void *bytes, size_t count);
