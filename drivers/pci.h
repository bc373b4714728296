/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration space of segment 0 by mechanism 1, and the silence that is kept before RAM is
 * granted.
 */
#pragma once

#include "drivers/port.h"

typedef uint16_t pci_bdf_t; /* bus 15:8, device 7:3, function 2:0 */

#define PCI_BDF(bus, device, function) ((pci_bdf_t)((bus) << 8 | (device) << 3 | (function)))

/* reg is a multiple of 4 below 256. One CPU at a time: address and data are two accesses. */
uint32_t pci_read(const struct port_ops *ports, pci_bdf_t bdf, unsigned reg);
void pci_write(const struct port_ops *ports, pci_bdf_t bdf, unsigned reg, uint32_t value);

struct pci_quiet {
	unsigned functions; /* that answered */
	unsigned bridges;   /* of these, left as they were */
	unsigned cleared;   /* were bus masters */
	unsigned stubborn;  /* still are: the bit did not clear */
};

/*
 * Clears bus mastering on every function but bridges, so that no device that the firmware left
 * running writes into memory that is about to be a guest's. Looks at all 256 buses. Boot, CPU 0.
 */
struct pci_quiet pci_clear_bus_mastering(const struct port_ops *ports);
