/* SPDX-License-Identifier: BSD-2-Clause */
/* The FADT: the fixed hardware's registers, for the power switch, the reset and the PM timer. */
#include "drivers/acpi_table.h"

/* ACPI 5.2.9 "Fixed ACPI Description Table (FADT)", table "FADT Format" */
enum fadt_layout {
	FADT_DSDT = 40,
	FADT_SCI_INT = 46,
	FADT_SMI_CMD = 48,
	FADT_ACPI_ENABLE = 52,
	FADT_ACPI_DISABLE = 53,
	FADT_PM1A_EVT_BLK = 56,
	FADT_PM1B_EVT_BLK = 60,
	FADT_PM1A_CNT_BLK = 64,
	FADT_PM1B_CNT_BLK = 68,
	FADT_PM_TMR_BLK = 76,
	FADT_PM1_EVT_LEN = 88,
	FADT_PM1_CNT_LEN = 89,
	FADT_PM_TMR_LEN = 91,
	FADT_CENTURY = 108,
	FADT_IAPC_BOOT_ARCH = 109,
	FADT_FLAGS = 112,
	FADT_RESET_REG = 116,
	FADT_RESET_VALUE = 128,
	FADT_X_DSDT = 140,
	FADT_X_PM1A_EVT_BLK = 148,
	FADT_X_PM1B_EVT_BLK = 160,
	FADT_X_PM1A_CNT_BLK = 172,
	FADT_X_PM1B_CNT_BLK = 184,
	FADT_X_PM_TMR_BLK = 208,
	FADT_SLEEP_CONTROL_REG = 244,
	FADT_SLEEP_STATUS_REG = 256,
};

/* A register block is told twice: as a port, and since ACPI 2.0 as an address in any space. */
struct block {
	const char *name;
	uint32_t port, size, extended; /* offsets */
	uint32_t least;		       /* bytes that the block has to have */
	size_t result;		       /* offset in struct acpi_fadt */
};

static const struct block blocks[] = {
	{"PM1a_EVT", FADT_PM1A_EVT_BLK, FADT_PM1_EVT_LEN, FADT_X_PM1A_EVT_BLK, 4,
	 offsetof(struct acpi_fadt, pm1a_event)},
	{"PM1b_EVT", FADT_PM1B_EVT_BLK, FADT_PM1_EVT_LEN, FADT_X_PM1B_EVT_BLK, 4,
	 offsetof(struct acpi_fadt, pm1b_event)},
	{"PM1a_CNT", FADT_PM1A_CNT_BLK, FADT_PM1_CNT_LEN, FADT_X_PM1A_CNT_BLK, 2,
	 offsetof(struct acpi_fadt, pm1a_control)},
	{"PM1b_CNT", FADT_PM1B_CNT_BLK, FADT_PM1_CNT_LEN, FADT_X_PM1B_CNT_BLK, 2,
	 offsetof(struct acpi_fadt, pm1b_control)},
	{"PM_TMR", FADT_PM_TMR_BLK, FADT_PM_TMR_LEN, FADT_X_PM_TMR_BLK, 4,
	 offsetof(struct acpi_fadt, pm_timer)},
};

static bool is_usable(const struct acpi_gas *gas)
{
	if (gas->space == ACPI_SPACE_IO)
		return gas->address <= 0xffff;
	return gas->space == ACPI_SPACE_MEMORY && acpi_address_ok(gas->address, sizeof(uint64_t));
}

static void decode_block(struct acpi_parser *parser, const struct acpi_table *table,
			 const struct block *block)
{
	struct acpi_gas *result = (struct acpi_gas *)((char *)&parser->info->fadt + block->result);
	struct acpi_gas extended = acpi_gas(table, block->extended);
	uint8_t size = acpi_u8(table, block->size);
	struct acpi_gas port = {
		.space = ACPI_SPACE_IO,
		.bit_width = (uint8_t)(size * 8),
		.address = acpi_u32(table, block->port),
	};

	if (extended.address && is_usable(&extended)) {
		*result = extended;
		return;
	}
	if (extended.address)
		acpi_note(parser, "FACP: X_%s_BLK cannot be used, taking the port", block->name);
	if (!port.address)
		return;
	if (is_usable(&port) && size >= block->least)
		*result = port;
	else
		acpi_note(parser, "FACP: %s_BLK is impossible, ignored", block->name);
}

static void decode_reset(struct acpi_parser *parser, const struct acpi_table *table)
{
	struct acpi_fadt *fadt = &parser->info->fadt;
	struct acpi_gas gas = acpi_gas(table, FADT_RESET_REG);

	if (!(fadt->flags & ACPI_FADT_RESET_REG_SUP) || !gas.address)
		return;
	/* ACPI 4.8.3.6 "Reset Register": 8 bits wide, in these three spaces. */
	if (!is_usable(&gas) && gas.space != ACPI_SPACE_PCI) {
		acpi_note(parser, "FACP: RESET_REG cannot be used");
		return;
	}
	fadt->reset = gas;
	fadt->reset_value = acpi_u8(table, FADT_RESET_VALUE);
}

static void decode_sleep(struct acpi_parser *parser, const struct acpi_table *table)
{
	struct acpi_gas control = acpi_gas(table, FADT_SLEEP_CONTROL_REG);
	struct acpi_gas status = acpi_gas(table, FADT_SLEEP_STATUS_REG);

	if (control.address && is_usable(&control))
		parser->info->fadt.sleep_control = control;
	if (status.address && is_usable(&status))
		parser->info->fadt.sleep_status = status;
}

void acpi_decode_fadt(struct acpi_parser *parser, const struct acpi_table *table)
{
	struct acpi_fadt *fadt = &parser->info->fadt;

	fadt->present = true;
	fadt->sci_irq = acpi_u16(table, FADT_SCI_INT);
	fadt->smi_cmd = acpi_u32(table, FADT_SMI_CMD);
	fadt->acpi_enable = acpi_u8(table, FADT_ACPI_ENABLE);
	fadt->acpi_disable = acpi_u8(table, FADT_ACPI_DISABLE);
	fadt->pm1_event_size = acpi_u8(table, FADT_PM1_EVT_LEN);
	fadt->century = acpi_u8(table, FADT_CENTURY);
	fadt->boot_arch = acpi_u16(table, FADT_IAPC_BOOT_ARCH);
	fadt->flags = acpi_u32(table, FADT_FLAGS);
	fadt->dsdt = acpi_u64(table, FADT_X_DSDT);
	if (!fadt->dsdt)
		fadt->dsdt = acpi_u32(table, FADT_DSDT);
	if (fadt->smi_cmd > 0xffff) {
		acpi_note(parser, "FACP: SMI_CMD is no port, ignored");
		fadt->smi_cmd = 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		decode_block(parser, table, &blocks[i]);
	decode_reset(parser, table);
	decode_sleep(parser, table);
}
