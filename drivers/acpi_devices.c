/* SPDX-License-Identifier: BSD-2-Clause */
/* The small tables that each describe one thing: MCFG, HPET, SPCR. */
#include "drivers/acpi_table.h"

/* PCI Firmware Specification 3.3 4.1.2 "MCFG Table Description" */
enum mcfg_layout {
	MCFG_ENTRIES = 44,
	MCFG_ENTRY_SIZE = 16,
	MCFG_SEGMENT = 8,
	MCFG_FIRST_BUS = 10,
	MCFG_LAST_BUS = 11,
};

/* A bus takes 1 MiB of the segment's window. */
#define ECAM_BUS_SIZE MIB(1)

/* IA-PC HPET Specification 1.0a 3.2.4 "The ACPI 2.0 HPET Description Table (HPET)" */
enum hpet_layout {
	HPET_BLOCK_ID = 36,
	HPET_ADDRESS = 40,
	HPET_NUMBER = 52,
	HPET_MIN_TICK = 53,
	HPET_BLOCK_SIZE = 1024,
};

/* Microsoft "Serial Port Console Redirection Table (SPCR)" */
enum spcr_layout {
	SPCR_KIND = 36,
	SPCR_ADDRESS = 40,
	SPCR_INTERRUPT_TYPE = 52,
	SPCR_IRQ = 53,
	SPCR_GSI = 54,
	SPCR_BAUD = 58,
	SPCR_PCI_DEVICE = 64,
	SPCR_PCI_VENDOR = 66,
	SPCR_PCI_BUS = 68,
	SPCR_PCI_SLOT = 69,
	SPCR_PCI_FUNCTION = 70,
	SPCR_PCI_SEGMENT = 75,
	SPCR_PRECISE_BAUD = 80,
	SPCR_HAS_8259 = 1 << 0,
	SPCR_HAS_IOAPIC = 1 << 1,
};

static const uint32_t bauds[] = {[3] = 9600, [4] = 19200, [6] = 57600, [7] = 115200};

static bool segment_ok(const struct acpi_segment *segment)
{
	uint64_t end = ((uint64_t)segment->last_bus + 1) * ECAM_BUS_SIZE;

	return segment->first_bus <= segment->last_bus && segment->base % ECAM_BUS_SIZE == 0 &&
	       acpi_address_ok(segment->base, end);
}

static bool segment_is_known(const struct acpi_info *info, const struct acpi_segment *segment)
{
	for (uint32_t i = 0; i < info->segment_count; i++) {
		const struct acpi_segment *other = &info->segments[i];

		if (other->segment == segment->segment && other->first_bus <= segment->last_bus &&
		    segment->first_bus <= other->last_bus)
			return true;
	}
	return false;
}

static void add_segment(struct acpi_parser *parser, const struct acpi_segment *segment)
{
	struct acpi_info *info = parser->info;
	const char *wrong = NULL;

	if (!segment_ok(segment))
		wrong = "is impossible";
	else if (segment_is_known(info, segment))
		wrong = "overlaps another";
	else if (info->segment_count == ACPI_MAX_SEGMENTS)
		wrong = "is one too many";
	if (wrong)
		acpi_note(parser, "MCFG: segment %u buses %u-%u at 0x%llx %s, ignored",
			  segment->segment, segment->first_bus, segment->last_bus,
			  (unsigned long long)segment->base, wrong);
	else
		info->segments[info->segment_count++] = *segment;
}

void acpi_decode_mcfg(struct acpi_parser *parser, const struct acpi_table *table)
{
	uint32_t at = MCFG_ENTRIES;

	for (; at < table->size && MCFG_ENTRY_SIZE <= table->size - at; at += MCFG_ENTRY_SIZE) {
		struct acpi_segment segment = {
			.base = acpi_u64(table, at),
			.segment = acpi_u16(table, at + MCFG_SEGMENT),
			.first_bus = acpi_u8(table, at + MCFG_FIRST_BUS),
			.last_bus = acpi_u8(table, at + MCFG_LAST_BUS),
		};

		add_segment(parser, &segment);
	}
	if (at < table->size)
		acpi_note(parser, "MCFG: %u bytes behind the last entry", table->size - at);
}

void acpi_decode_hpet(struct acpi_parser *parser, const struct acpi_table *table)
{
	struct acpi_gas gas = acpi_gas(table, HPET_ADDRESS);

	if (gas.space != ACPI_SPACE_MEMORY || !acpi_address_ok(gas.address, HPET_BLOCK_SIZE) ||
	    gas.address % 8 != 0) {
		acpi_note(parser, "HPET: its address is impossible");
		return;
	}
	parser->info->hpet = (struct acpi_hpet){
		.address = gas.address,
		.block_id = acpi_u32(table, HPET_BLOCK_ID),
		.min_tick = acpi_u16(table, HPET_MIN_TICK),
		.number = acpi_u8(table, HPET_NUMBER),
	};
}

static uint32_t spcr_baud(const struct acpi_table *table)
{
	uint32_t precise = acpi_u32(table, SPCR_PRECISE_BAUD);
	uint8_t code = acpi_u8(table, SPCR_BAUD);

	if (precise)
		return precise;
	return code < ARRAY_SIZE(bauds) ? bauds[code] : 0;
}

void acpi_decode_spcr(struct acpi_parser *parser, const struct acpi_table *table)
{
	uint8_t interrupts = acpi_u8(table, SPCR_INTERRUPT_TYPE);
	struct acpi_gas address = acpi_gas(table, SPCR_ADDRESS);

	/* The specification: no address means that console redirection is switched off. */
	if (!address.address)
		return;
	parser->info->spcr = (struct acpi_spcr){
		.present = true,
		.kind = acpi_u8(table, SPCR_KIND),
		.irq = interrupts & SPCR_HAS_8259 ? acpi_u8(table, SPCR_IRQ) : 0,
		.gsi = interrupts & SPCR_HAS_IOAPIC ? acpi_u32(table, SPCR_GSI) : 0,
		.baud = spcr_baud(table),
		.address = address,
		.pci_vendor = acpi_u16(table, SPCR_PCI_VENDOR),
		.pci_device = acpi_u16(table, SPCR_PCI_DEVICE),
		.pci_segment = acpi_u8(table, SPCR_PCI_SEGMENT),
		.pci_bus = acpi_u8(table, SPCR_PCI_BUS),
		.pci_slot = acpi_u8(table, SPCR_PCI_SLOT),
		.pci_function = acpi_u8(table, SPCR_PCI_FUNCTION),
	};
}
