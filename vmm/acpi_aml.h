/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An encoder for the little AML that the DSDT needs: ACPI 6.5 20.2 "AML Grammar Definition" and 6.4
 * "Resource Data Types for ACPI". Names are four letters, with a leading backslash for the root.
 */
#pragma once

#include "vmm/acpi_writer.h"

/* An open package: where its length goes. */
typedef size_t aml_mark_t;

aml_mark_t aml_scope_begin(struct acpi_writer *writer, const char *name);
aml_mark_t aml_device_begin(struct acpi_writer *writer, const char *name);
aml_mark_t aml_package_begin(struct acpi_writer *writer, uint8_t elements);

/* Closes what any of the functions above began. */
void aml_end(struct acpi_writer *writer, aml_mark_t mark);

/* Name (name, ...): the object follows. */
void aml_name(struct acpi_writer *writer, const char *name);
void aml_integer(struct acpi_writer *writer, uint32_t value);

/* EisaId ("PNP0501"): three letters and four hexadecimal digits. */
void aml_eisa_id(struct acpi_writer *writer, const char *id);

/* ResourceTemplate () { ... }: resources, then aml_resources_end. */
aml_mark_t aml_resources_begin(struct acpi_writer *writer);
void aml_resources_end(struct acpi_writer *writer, aml_mark_t mark);

void aml_io(struct acpi_writer *writer, uint16_t port, uint8_t count);
void aml_irq(struct acpi_writer *writer, unsigned irq);
void aml_memory(struct acpi_writer *writer, uint32_t start, uint32_t size);

/* The windows of a bridge, both ends included. */
void aml_bus_window(struct acpi_writer *writer, uint16_t first, uint16_t last);
void aml_io_window(struct acpi_writer *writer, uint16_t first, uint16_t last);
void aml_memory_window(struct acpi_writer *writer, uint32_t first, uint32_t last);
