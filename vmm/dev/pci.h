/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI bus 0 of the guest, by configuration mechanism 1 and in memory (ECAM): a host bridge at 00:00.0,
 * an ISA bridge at 00:01.0 and the functions that are registered before the bus is sealed. Everything
 * else is absent and reads all-ones.
 */
#pragma once

#include "abi/errors.h"
#include "lib/types.h"
#include "vmm/dev/pci_function.h"
#include "vmm/dev/wiring.h"
#include "vmm/device.h"

struct sysctl;

enum { PCI_FUNCTIONS = 256, PCI_MAX_BARS = 64 };

/* A BAR of a registered function, for the look-up by address. */
struct pci_window {
	struct pci_function *fn;
	unsigned bar;
};

struct pci {
	struct device dev;
	struct sysctl *sysctl; /* owns port CF9h, which lies inside CF8h to CFBh */
	uint32_t address;      /* CF8h */
	struct pci_function bridge, isa;
	struct pci_function *function[PCI_FUNCTIONS]; /* by devfn; constant once sealed */
	struct pci_window window[PCI_MAX_BARS];	      /* in the order of registration; likewise */
	unsigned windows;
	uint64_t next_address; /* of the window, for the next BAR */
	bool line[GSI_COUNT];
};

/* Clears the model and claims its ports and both windows. sysctl may be NULL. */
enum err must_check pci_init(struct pci *pci, struct sysctl *sysctl);

/*
 * Puts a function on bus 0; its BARs get addresses, and decoding is left off. Before bus_seal().
 * ERR_EXIST: the place is taken. ERR_LIMIT: no address space or no BARs left.
 */
enum err must_check pci_register(struct pci *pci, struct pci_function *fn, unsigned slot,
				 unsigned function);

/* Drives the function's INTA#. Functions that share a GSI are wired together. */
void pci_set_intx(struct pci_function *fn, bool level);
