/* SPDX-License-Identifier: BSD-2-Clause */
/* A UART that is a PCI function: where its registers are. */
#pragma once

#include "drivers/pci.h"

struct uart_pci {
	uint64_t address; /* of the first UART's registers, from base address register 0 */
	bool is_port;
};

/*
 * Looks at the function and switches its decoding on. NULL if it is a 16550 with an address, else what is
 * wrong with it, as in "00:04.0 ...". One CPU at a time.
 */
const char *must_check uart_pci_find(const struct port_ops *ports, pci_bdf_t bdf,
				     struct uart_pci *found);
