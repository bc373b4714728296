/* SPDX-License-Identifier: BSD-2-Clause */
/* PCI Local Bus 3.0 6.2.5 "Base Addresses", appendix D "Class Codes": 07 00, 16450 to 16950 by interface. */
#include "drivers/uart_pci.h"

enum { REG_ID = 0x00, REG_COMMAND = 0x04, REG_CLASS = 0x08, REG_BAR0 = 0x10, REG_BAR1 = 0x14 };

enum {
	COMMAND_PORTS = BIT(0),
	COMMAND_MEMORY = BIT(1),
	NO_VENDOR = 0xffff,
	CLASS_SERIAL = 0x0700,
	INTERFACE_MAX = 0x06, /* 16950 */
	BAR_PORTS = BIT(0),
	BAR_KIND = BITS(2, 1),
	BAR_64 = 2 << 1,
	PORTS_END = 0x10000,
};

static uint64_t memory_address(const struct port_ops *ports, pci_bdf_t bdf, uint32_t bar)
{
	uint64_t high = (bar & BAR_KIND) == BAR_64 ? pci_read(ports, bdf, REG_BAR1) : 0;

	return high << 32 | (bar & ~0xfU);
}

const char *uart_pci_find(const struct port_ops *ports, pci_bdf_t bdf, struct uart_pci *found)
{
	uint32_t class = pci_read(ports, bdf, REG_CLASS), bar, command;

	if ((pci_read(ports, bdf, REG_ID) & 0xffff) == NO_VENDOR)
		return "is not there";
	if (class >> 16 != CLASS_SERIAL || (class >> 8 & 0xff) > INTERFACE_MAX)
		return "is no serial port (class 07, subclass 00)";
	bar = pci_read(ports, bdf, REG_BAR0);
	found->is_port = bar & BAR_PORTS;
	found->address = found->is_port ? bar & ~3U : memory_address(ports, bdf, bar);
	if (!found->address || (found->is_port && found->address > PORTS_END - 8))
		return "has no address from the firmware";
	/* Zeros in the upper half leave the status bits as they are. */
	command = pci_read(ports, bdf, REG_COMMAND) & 0xffff;
	pci_write(ports, bdf, REG_COMMAND,
		  command | (found->is_port ? (uint32_t)COMMAND_PORTS : (uint32_t)COMMAND_MEMORY));
	return NULL;
}
