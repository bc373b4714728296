/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's ACPI tables: what vmm/dev/wiring.h builds, told to the guest. */
#pragma once

#include "vmm/acpi_writer.h"

/* The IOAPIC's id in the MADT: the model has to be made with it. */
enum { MADT_IOAPIC_ID = 0 };

/*
 * Writes all tables into guest memory: the RSDP at GUEST_BIOS, the FACS at GUEST_ACPI_NVS, the
 * others from GUEST_ACPI on. Guest memory is described; no vCPU runs.
 */
void acpi_tables_put(void);

/* The single tables. Each returns its address. */
gpa_t acpi_put_dsdt(struct acpi_writer *writer);
gpa_t acpi_put_fadt(struct acpi_writer *writer, gpa_t facs, gpa_t dsdt);
gpa_t acpi_put_madt(struct acpi_writer *writer, unsigned vcpu_count);
gpa_t acpi_put_spcr(struct acpi_writer *writer);
gpa_t acpi_put_mcfg(struct acpi_writer *writer);
