/* SPDX-License-Identifier: BSD-2-Clause */
/* 82093AA data sheet, "3.2 IOAPIC Registers": an index and a data window for each chip. */
#include "drivers/ioapic.h"

enum {
	IOAPIC_SELECT = 0x00,
	IOAPIC_WINDOW = 0x10,
	IOAPIC_REG_VERSION = 1,
	IOAPIC_REG_ENTRY = 0x10, /* two registers a pin */
	ENTRY_ACTIVE_LOW = 1 << 13,
	ENTRY_LEVEL = 1 << 15,
	ENTRY_MASKED = 1 << 16,
	ENTRY_DEST_SHIFT = 24,
};

struct chip {
	volatile uint8_t *registers;
	uint32_t gsi_base;
	uint32_t pins;
};

static struct chip chips[ACPI_MAX_IOAPICS];
static unsigned chip_count;

static uint32_t reg_read(const struct chip *chip, uint32_t reg)
{
	*(volatile uint32_t *)(chip->registers + IOAPIC_SELECT) = reg;
	return *(volatile uint32_t *)(chip->registers + IOAPIC_WINDOW);
}

static void reg_write(const struct chip *chip, uint32_t reg, uint32_t value)
{
	*(volatile uint32_t *)(chip->registers + IOAPIC_SELECT) = reg;
	*(volatile uint32_t *)(chip->registers + IOAPIC_WINDOW) = value;
}

unsigned ioapic_init(const struct acpi_info *acpi, ioapic_map_t map)
{
	unsigned pins = 0;

	chip_count = 0;
	for (uint32_t i = 0; i < acpi->ioapic_count; i++) {
		struct chip *chip = &chips[chip_count];

		chip->registers = map(acpi->ioapics[i].address, 0x20);
		if (!chip->registers)
			continue;
		chip->gsi_base = acpi->ioapics[i].gsi_base;
		chip->pins = (reg_read(chip, IOAPIC_REG_VERSION) >> 16 & 0xff) + 1;
		for (uint32_t pin = 0; pin < chip->pins; pin++)
			reg_write(chip, IOAPIC_REG_ENTRY + 2 * pin, ENTRY_MASKED);
		pins += chip->pins;
		chip_count++;
	}
	return pins;
}

bool ioapic_route_gsi(uint32_t gsi, uint8_t vector, uint32_t apic_id, bool level, bool active_low)
{
	for (unsigned i = 0; i < chip_count; i++) {
		const struct chip *chip = &chips[i];
		uint32_t pin = gsi - chip->gsi_base;

		if (pin >= chip->pins || apic_id > 0xff)
			continue;
		reg_write(chip, IOAPIC_REG_ENTRY + 2 * pin + 1, apic_id << ENTRY_DEST_SHIFT);
		reg_write(chip, IOAPIC_REG_ENTRY + 2 * pin,
			  vector | (level ? ENTRY_LEVEL : 0u) | (active_low ? ENTRY_ACTIVE_LOW : 0u));
		return true;
	}
	return false;
}

bool ioapic_route_isa(const struct acpi_info *acpi, uint8_t irq, uint8_t vector, uint32_t apic_id)
{
	for (uint32_t i = 0; i < acpi->override_count; i++) {
		const struct acpi_override *override = &acpi->overrides[i];

		if (override->irq == irq)
			return ioapic_route_gsi(override->gsi, vector, apic_id, override->level,
						override->active_low);
	}
	return ioapic_route_gsi(irq, vector, apic_id, false, false);
}
