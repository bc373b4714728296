/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's IOAPICs: everything masked, and the few lines that the kernel itself uses. */
#pragma once

#include "drivers/acpi.h"

/* Maps a register page; NULL if it cannot be. */
typedef volatile void *(*ioapic_map_t)(hpa_t pa, uint64_t size);

/* Finds and masks all pins. Boot, CPU 0. Answers how many pins there are in all. */
unsigned ioapic_init(const struct acpi_info *acpi, ioapic_map_t map);

/*
 * Sends an ISA interrupt, by the firmware's overrides, to one CPU's vector. False: no IOAPIC has
 * that line.
 */
bool must_check ioapic_route_isa(const struct acpi_info *acpi, uint8_t irq, uint8_t vector,
				 uint32_t apic_id);

/* The same for a line by its global number; level-triggered and active low if so told. */
bool must_check ioapic_route_gsi(uint32_t gsi, uint8_t vector, uint32_t apic_id, bool level,
				 bool active_low);
