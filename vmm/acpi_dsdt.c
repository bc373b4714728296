/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The DSDT: the sleep state S5, the PCI host bridge with its windows, and the ISA devices. It is
 * written with the encoder of vmm/acpi_aml.h, from the same page as the devices (vmm/dev/wiring.h).
 */
#include "vmm/acpi_tables.h"

#include "vmm/acpi_aml.h"
#include "vmm/dev/wiring.h"

#define LOCAL_APIC_BASE 0xfee00000u

struct ports {
	uint16_t first;
	uint8_t count;
};

enum { PORTS_MAX = 3, NO_IRQ = 0xff };

/* An ISA device: its identity and its _CRS. Unused ports have a count of 0. */
struct isa_device {
	const char *name, *hid;
	struct ports ports[PORTS_MAX];
	uint8_t irq;
	uint8_t uid; /* of those with the same identity */
};

static const struct isa_device isa_devices[] = {
	{"PIC_", "PNP0000", {{PORT_PIC_MASTER, 2}, {PORT_PIC_SLAVE, 2}, {PORT_ELCR, 2}}, 2, 0},
	{"TIMR", "PNP0100", {{PORT_PIT, 4}}, 0, 0},
	{"RTC_", "PNP0B00", {{PORT_RTC, 4}}, GSI_RTC, 0},
	{"COM1", "PNP0501", {{PORT_COM1, 8}}, GSI_COM1, 0},
	{"COM2", "PNP0501", {{PORT_COM2, 8}}, GSI_COM2, 1},
};

/* Ports of the board itself, which nobody else may be given. */
static const struct ports board_ports[] = {
	{PORT_SYSTEM_B, 1}, {PORT_POST, 1},  {PORT_SYSTEM_A, 1},
	{PORT_SMI_CMD, 2},  {PORT_DELAY, 1}, {PORT_PM1_EVT, PM_BLOCK_SIZE},
};

static void put_hid(struct acpi_writer *writer, const char *hid, uint32_t uid)
{
	aml_name(writer, "_HID");
	aml_eisa_id(writer, hid);
	aml_name(writer, "_UID");
	aml_integer(writer, uid);
}

static aml_mark_t begin_crs(struct acpi_writer *writer)
{
	aml_name(writer, "_CRS");
	return aml_resources_begin(writer);
}

static void put_isa_device(struct acpi_writer *writer, const struct isa_device *isa)
{
	aml_mark_t device = aml_device_begin(writer, isa->name), crs;

	put_hid(writer, isa->hid, isa->uid);
	crs = begin_crs(writer);
	for (unsigned i = 0; i < PORTS_MAX && isa->ports[i].count; i++)
		aml_io(writer, isa->ports[i].first, isa->ports[i].count);
	if (isa->irq != NO_IRQ)
		aml_irq(writer, isa->irq);
	aml_resources_end(writer, crs);
	aml_end(writer, device);
}

static void put_board(struct acpi_writer *writer)
{
	aml_mark_t device = aml_device_begin(writer, "MBRD"), crs;

	put_hid(writer, "PNP0C02", 0);
	crs = begin_crs(writer);
	for (unsigned i = 0; i < ARRAY_SIZE(board_ports); i++)
		aml_io(writer, board_ports[i].first, board_ports[i].count);
	aml_memory(writer, LOCAL_APIC_BASE, (uint32_t)PAGE_SIZE);
	aml_memory(writer, (uint32_t)PCI_ECAM_BASE, (uint32_t)PCI_ECAM_SIZE);
	aml_resources_end(writer, crs);
	aml_end(writer, device);
}

/* The bridge has an address and nothing else: what is behind it stands in the board's scope. */
static void put_isa_bridge(struct acpi_writer *writer)
{
	aml_mark_t device = aml_device_begin(writer, "ISA_");

	aml_name(writer, "_ADR");
	aml_integer(writer, PCI_SLOT_ISA << 16);
	aml_end(writer, device);
}

static void put_pci(struct acpi_writer *writer)
{
	aml_mark_t device = aml_device_begin(writer, "PCI0"), crs;

	put_hid(writer, "PNP0A03", 0);
	aml_name(writer, "_BBN");
	aml_integer(writer, 0);
	crs = begin_crs(writer);
	aml_bus_window(writer, 0, 0); /* there is no bridge to another, and the MCFG has no more */
	aml_io(writer, PORT_PCI_ADDRESS, 8);
	aml_io_window(writer, 0, PORT_PCI_ADDRESS - 1);
	aml_io_window(writer, PORT_PCI_ADDRESS + 8, 0xffff);
	aml_memory_window(writer, (uint32_t)PCI_MMIO_BASE,
			  (uint32_t)(PCI_MMIO_BASE + PCI_MMIO_SIZE - 1));
	aml_resources_end(writer, crs);
	put_isa_bridge(writer);
	aml_end(writer, device);
}

static void put_s5(struct acpi_writer *writer)
{
	aml_mark_t package;

	aml_name(writer, "\\_S5_");
	package = aml_package_begin(writer, 4);
	aml_integer(writer, ACPI_S5_SLP_TYP); /* PM1a */
	aml_integer(writer, ACPI_S5_SLP_TYP); /* PM1b */
	aml_integer(writer, 0);
	aml_integer(writer, 0);
	aml_end(writer, package);
}

gpa_t acpi_put_dsdt(struct acpi_writer *writer)
{
	aml_mark_t scope;

	acpi_begin(writer, "DSDT", 2);
	put_s5(writer);
	scope = aml_scope_begin(writer, "\\_SB_");
	put_pci(writer);
	for (unsigned i = 0; i < ARRAY_SIZE(isa_devices); i++)
		put_isa_device(writer, &isa_devices[i]);
	put_board(writer);
	aml_end(writer, scope);
	return acpi_end(writer);
}
