/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the rules of a PCI function's configuration space. Written to PCI Local Bus 3.0, chapter 6.
 */
#include "vmm/dev/pci_function.h"

#include "lib/string.h"
#include "vmm/dev/wiring.h"

enum { BAR_BYTES = 4, CAPABILITY_ALIGN = 4 };

uint32_t pci_function_get(const struct pci_function *fn, unsigned offset, unsigned size)
{
	uint32_t value = 0;

	memcpy(&value, &fn->config[offset], size);
	return value;
}

void pci_function_put(struct pci_function *fn, unsigned offset, unsigned size, uint32_t value)
{
	memcpy(&fn->config[offset], &value, size);
}

static void allow(struct pci_function *fn, unsigned offset, unsigned size, uint32_t bits)
{
	memcpy(&fn->writable[offset], &bits, size);
}

void pci_function_init(struct pci_function *fn, const struct pci_identity *identity,
		       const struct pci_function_ops *ops)
{
	*fn = (struct pci_function){.ops = ops, .capabilities_end = PCI_HEADER_END};
	for (unsigned i = 0; i < PCI_BARS; i++)
		fn->bar[i].base = PCI_BAR_OFF;
	pci_function_put(fn, PCI_VENDOR, 2, identity->vendor);
	pci_function_put(fn, PCI_DEVICE, 2, identity->device);
	pci_function_put(fn, PCI_REVISION, 4, identity->class_code << 8 | identity->revision);
	pci_function_put(fn, PCI_SUBSYSTEM_VENDOR, 2, identity->subsystem_vendor);
	pci_function_put(fn, PCI_SUBSYSTEM, 2, identity->subsystem);
	if (identity->interrupt_pin) {
		pci_function_put(fn, PCI_INTERRUPT_PIN, 1, 1);
		allow(fn, PCI_INTERRUPT_LINE, 1, 0xff);
		allow(fn, PCI_COMMAND, 2, PCI_COMMAND_NO_INTX);
	}
}

void pci_function_add_bar(struct pci_function *fn, unsigned bar, uint64_t size)
{
	uint64_t rounded = PAGE_SIZE;
	uint32_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

	while (rounded < size)
		rounded <<= 1;
	fn->bar[bar].size = rounded;
	allow(fn, PCI_BAR_0 + BAR_BYTES * bar, BAR_BYTES, (uint32_t) ~(rounded - 1));
	fn->writable[PCI_COMMAND] |= (uint8_t)command;
}

uint8_t pci_function_add_capability(struct pci_function *fn, uint8_t id, uint8_t size)
{
	unsigned at = fn->capabilities_end;
	unsigned end = (at + size + CAPABILITY_ALIGN - 1U) & ~(CAPABILITY_ALIGN - 1U);
	unsigned link = fn->last_capability == 0 ? PCI_CAPABILITIES : fn->last_capability + 1U;

	/* 8 bits hold no end at 100h: the space's last dword stays free. */
	if (end >= PCI_CONFIG_SIZE)
		return 0;
	fn->config[link] = (uint8_t)at;
	fn->config[at] = id;
	fn->config[PCI_STATUS] |= PCI_STATUS_CAPABILITIES;
	fn->last_capability = (uint8_t)at;
	fn->capabilities_end = (uint8_t)end;
	return (uint8_t)at;
}

bool pci_function_drives_intx(const struct pci_function *fn)
{
	return fn->intx && (pci_function_get(fn, PCI_COMMAND, 2) & PCI_COMMAND_NO_INTX) == 0;
}

/*
 * Where the BARs decode: only inside the window of the host bridge, so a guest cannot move one over
 * its RAM or another device. Two that overlap: the lower device number answers.
 */
static void update_bar(struct pci_function *fn, unsigned index)
{
	struct pci_bar *bar = &fn->bar[index];
	uint64_t base = pci_function_get(fn, PCI_BAR_0 + BAR_BYTES * index, BAR_BYTES) & ~0xfULL;
	bool enabled = (fn->config[PCI_COMMAND] & PCI_COMMAND_MEMORY) != 0;

	if (bar->size == 0)
		return;
	if (!enabled || base < PCI_MMIO_BASE || base + bar->size > PCI_MMIO_BASE + PCI_MMIO_SIZE)
		base = PCI_BAR_OFF;
	__atomic_store_n(&bar->base, base, __ATOMIC_RELAXED);
}

void pci_function_update(struct pci_function *fn)
{
	for (unsigned i = 0; i < PCI_BARS; i++)
		update_bar(fn, i);
	/* The status bit shows the request also while the command register holds it back. */
	fn->config[PCI_STATUS] &= (uint8_t)~PCI_STATUS_INTX;
	fn->config[PCI_STATUS] |= fn->intx ? PCI_STATUS_INTX : 0;
}

void pci_function_write(struct pci_function *fn, unsigned offset, unsigned size, uint32_t value)
{
	for (unsigned i = 0; i < size; i++) {
		uint8_t mask = fn->writable[offset + i];
		uint8_t byte = (uint8_t)(value >> (8 * i));

		fn->config[offset + i] &= (uint8_t)~mask;
		fn->config[offset + i] |= byte & mask;
	}
	pci_function_update(fn);
}
