/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A function on the guest's PCI bus: its configuration space with a mask of what a guest may write,
 * its memory BARs, and INTA#. Embedded in the models that sit on PCI.
 */
#pragma once

#include "abi/errors.h"
#include "lib/types.h"

struct pci;
struct pci_function;

enum { PCI_CONFIG_SIZE = 256, PCI_BARS = 6 };

/* Offsets of the common header (PCI Local Bus 3.0, 6.1 "Configuration Space Organization"). */
enum pci_config {
	PCI_VENDOR = 0x00,
	PCI_DEVICE = 0x02,
	PCI_COMMAND = 0x04,
	PCI_STATUS = 0x06,
	PCI_REVISION = 0x08, /* and the class code in the three bytes after it */
	PCI_HEADER_TYPE = 0x0e,
	PCI_BAR_0 = 0x10,
	PCI_SUBSYSTEM_VENDOR = 0x2c,
	PCI_SUBSYSTEM = 0x2e,
	PCI_CAPABILITIES = 0x34,
	PCI_INTERRUPT_LINE = 0x3c,
	PCI_INTERRUPT_PIN = 0x3d,
	PCI_HEADER_END = 0x40,
};

enum pci_command {
	PCI_COMMAND_IO = 1 << 0,
	PCI_COMMAND_MEMORY = 1 << 1,
	PCI_COMMAND_MASTER = 1 << 2,
	PCI_COMMAND_NO_INTX = 1 << 10
};
enum pci_status { PCI_STATUS_INTX = 1 << 3, PCI_STATUS_CAPABILITIES = 1 << 4 };

/* Any may be missing. All are called without locks, by several vCPUs at once. */
struct pci_function_ops {
	/* The access is naturally aligned and inside the BAR; size is 1, 2, 4 or 8. */
	uint64_t (*bar_read)(struct pci_function *fn, unsigned bar, uint64_t offset, unsigned size);
	void (*bar_write)(struct pci_function *fn, unsigned bar, uint64_t offset, unsigned size,
			  uint64_t value);
	/* A guest wrote these bytes of the space, as far as it may. */
	void (*config_written)(struct pci_function *fn, unsigned offset, unsigned size);
	/* The machine is reset; the space has been restored and INTA# is released. */
	void (*reset)(struct pci_function *fn);
};

struct pci_bar {
	uint64_t size; /* 0: there is none; else a power of two, 16 or more */
	uint64_t base; /* atomic: where it decodes, or PCI_BAR_OFF */
};

#define PCI_BAR_OFF UINT64_MAX

struct pci_function {
	const struct pci_function_ops *ops; /* may be NULL */
	struct pci *pci;
	uint8_t devfn;
	uint8_t config[PCI_CONFIG_SIZE];   /* PCI's lock */
	uint8_t initial[PCI_CONFIG_SIZE];  /* config at registration, for resets */
	uint8_t writable[PCI_CONFIG_SIZE]; /* a guest's bits; constant */
	uint8_t capabilities_end;
	uint8_t last_capability;
	struct pci_bar bar[PCI_BARS];
	bool intx; /* what the model asks for; PCI's lock */
};

struct pci_identity {
	uint16_t vendor, device, subsystem_vendor, subsystem;
	uint32_t class_code; /* base class, sub-class, interface: 24 bits */
	uint8_t revision;
	bool interrupt_pin; /* INTA# */
};

/* Fills in an empty function. Capabilities and BARs are added next, then it is registered. */
void pci_function_init(struct pci_function *fn, const struct pci_identity *identity,
		       const struct pci_function_ops *ops);

/* A 32-bit memory BAR. size is rounded up to a power of two of at least 4 KiB. */
void pci_function_add_bar(struct pci_function *fn, unsigned bar, uint64_t size);

/*
 * Room for a capability of size bytes, linked at the list's end. Returns its offset, with the id
 * written and all else 0 and read-only, or 0 if the space is full.
 */
uint8_t pci_function_add_capability(struct pci_function *fn, uint8_t id, uint8_t size);

/* Little-endian access to config, any alignment; offset + size is inside. */
uint32_t pci_function_get(const struct pci_function *fn, unsigned offset, unsigned size);
void pci_function_put(struct pci_function *fn, unsigned offset, unsigned size, uint32_t value);

/* For pci.c, with its lock: a guest's write, and what follows from the space's state. */
void pci_function_write(struct pci_function *fn, unsigned offset, unsigned size, uint32_t value);
void pci_function_update(struct pci_function *fn);

/* True if INTA# is driven now. With PCI's lock. */
bool pci_function_drives_intx(const struct pci_function *fn);
