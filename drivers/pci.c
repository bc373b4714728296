/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration mechanism 1 (PCI Local Bus 3.0 3.2.2.3.2 "Software Generation of Configuration
 * Transactions").
 */
#include "drivers/pci.h"

enum { CONFIG_ADDRESS = 0xcf8, CONFIG_DATA = 0xcfc };

#define CONFIG_ENABLE BIT(31)

enum pci_reg { PCI_ID = 0x00, PCI_COMMAND = 0x04, PCI_CLASS = 0x08, PCI_HEADER = 0x0c };

enum {
	COMMAND_MASTER = BIT(2),
	NO_VENDOR = 0xffff,
	CLASS_BRIDGE = 0x06,
	HEADER_BRIDGE = 1, /* PCI to PCI; 2 is CardBus, 0 everything else */
	HEADER_MULTI = 0x80,
};

static void select_reg(const struct port_ops *ports, pci_bdf_t bdf, unsigned reg)
{
	ports->write32(CONFIG_ADDRESS,
		       (uint32_t)(CONFIG_ENABLE | (uint32_t)bdf << 8 | (reg & 0xfc)));
}

uint32_t pci_read(const struct port_ops *ports, pci_bdf_t bdf, unsigned reg)
{
	select_reg(ports, bdf, reg);
	return ports->read32(CONFIG_DATA);
}

void pci_write(const struct port_ops *ports, pci_bdf_t bdf, unsigned reg, uint32_t value)
{
	select_reg(ports, bdf, reg);
	ports->write32(CONFIG_DATA, value);
}

/*
 * The address register is there: it keeps what is written, and no other device does at that port.
 */
static bool has_mechanism_1(const struct port_ops *ports)
{
	ports->write32(CONFIG_ADDRESS, (uint32_t)CONFIG_ENABLE);
	return ports->read32(CONFIG_ADDRESS) == (uint32_t)CONFIG_ENABLE;
}

/*
 * Bridges carry others' transactions: the host's, and those of bridges below (interrupts as
 * messages too).
 */
static bool is_bridge(const struct port_ops *ports, pci_bdf_t bdf, uint8_t header)
{
	return (header & 0x7f) >= HEADER_BRIDGE ||
	       pci_read(ports, bdf, PCI_CLASS) >> 24 == CLASS_BRIDGE;
}

static bool is_master(const struct port_ops *ports, pci_bdf_t bdf)
{
	return pci_read(ports, bdf, PCI_COMMAND) & COMMAND_MASTER;
}

static void quiet_function(const struct port_ops *ports, pci_bdf_t bdf, uint8_t header,
			   struct pci_quiet *quiet)
{
	uint32_t command;

	quiet->functions++;
	if (is_bridge(ports, bdf, header)) {
		quiet->bridges++;
		return;
	}
	if (!is_master(ports, bdf))
		return;
	/* Zeros in the upper half leave the status bits as they are: those are cleared by ones. */
	command = pci_read(ports, bdf, PCI_COMMAND) & 0xffff;
	pci_write(ports, bdf, PCI_COMMAND, command & ~(uint32_t)COMMAND_MASTER);
	quiet->cleared++;
	if (is_master(ports, bdf)) {
		quiet->cleared--;
		quiet->stubborn++;
	}
}

static void quiet_device(const struct port_ops *ports, pci_bdf_t device, struct pci_quiet *quiet)
{
	unsigned count = 1;

	for (unsigned function = 0; function < count; function++) {
		pci_bdf_t bdf = (pci_bdf_t)(device + function);
		uint8_t header;

		if ((pci_read(ports, bdf, PCI_ID) & 0xffff) == NO_VENDOR)
			continue;
		header = (uint8_t)(pci_read(ports, bdf, PCI_HEADER) >> 16);
		if (function == 0 && header & HEADER_MULTI)
			count = 8;
		quiet_function(ports, bdf, header, quiet);
	}
}

struct pci_quiet pci_clear_bus_mastering(const struct port_ops *ports)
{
	struct pci_quiet quiet = {0};

	if (!has_mechanism_1(ports))
		return quiet;
	/* Every bus number, rather than what bridges claim: a wrong claim must hide nobody. */
	for (unsigned device = 0; device < 256 * 32; device++)
		quiet_device(ports, (pci_bdf_t)(device << 3), &quiet);
	return quiet;
}
