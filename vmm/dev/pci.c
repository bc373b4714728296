/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the two configuration ports, the same space in memory, the table of functions, and the way from
 * an address to a BAR. Written to PCI Local Bus 3.0, 3.2.2.3.2 "Software Generation of Configuration
 * Transactions", and PCI Express Base 3.0, 7.2.2 "Enhanced Configuration Access Mechanism (ECAM)".
 */
#include "vmm/dev/pci.h"

#include "lib/string.h"
#include "vmm/bus.h"
#include "vmm/dev/irq.h"
#include "vmm/dev/sysctl.h"

#define ADDRESS_ENABLE	 BIT(31)
#define ADDRESS_WRITABLE (BIT(31) | BITS(23, 2))

/*
 * The bridge calls itself an Intel 440FX: every system knows it as one that needs no driver. None
 * of its chip set's own registers exist.
 */
static const struct pci_identity bridge_identity = {
	.vendor = 0x8086,
	.device = 0x1237,
	.revision = 2,
	.class_code = 0x060000,
};

/* And an 82371SB, which has no registers that a system must know: behind it are the ISA devices. */
static const struct pci_identity isa_identity = {
	.vendor = 0x8086,
	.device = 0x7000,
	.revision = 0,
	.class_code = 0x060100,
};

/* The function that CF8h addresses, or NULL. */
static struct pci_function *addressed(const struct pci *pci)
{
	uint32_t address = pci->address;

	/* Only bus 0 exists. */
	if ((address & ADDRESS_ENABLE) == 0 || (address & BITS(23, 16)) != 0)
		return NULL;
	return pci->function[address >> 8 & 0xff];
}

/* Levels of the GSIs, each the OR of its functions. With the lock. */
static void update_gsi(struct pci *pci, unsigned gsi)
{
	bool level = false;

	for (unsigned i = 0; i < PCI_FUNCTIONS; i++) {
		const struct pci_function *fn = pci->function[i];

		if (fn != NULL && PCI_SLOT_GSI(i >> 3) == gsi)
			level |= pci_function_drives_intx(fn);
	}
	if (level == pci->line[gsi])
		return;
	pci->line[gsi] = level;
	irq_set(gsi, level);
}

void pci_set_intx(struct pci_function *fn, bool level)
{
	struct pci *pci = fn->pci;

	spin_lock(&pci->dev.lock);
	fn->intx = level;
	pci_function_update(fn);
	update_gsi(pci, PCI_SLOT_GSI((unsigned)fn->devfn >> 3));
	spin_unlock(&pci->dev.lock);
}

static uint32_t read_data(struct pci *pci, unsigned lane, unsigned size)
{
	const struct pci_function *fn;
	uint32_t value = UINT32_MAX;

	spin_lock(&pci->dev.lock);
	fn = addressed(pci);
	if (fn != NULL)
		value = pci_function_get(fn, (pci->address & 0xfc) + lane, size);
	spin_unlock(&pci->dev.lock);
	return value;
}

/* With the lock. */
static void write_function(struct pci *pci, struct pci_function *fn, unsigned offset, unsigned size,
			   uint32_t value)
{
	pci_function_write(fn, offset, size, value);
	update_gsi(pci, PCI_SLOT_GSI((unsigned)fn->devfn >> 3));
}

/* Without the lock. */
static void tell_function(struct pci_function *fn, unsigned offset, unsigned size)
{
	if (fn->ops != NULL && fn->ops->config_written != NULL)
		fn->ops->config_written(fn, offset, size);
}

static void write_data(struct pci *pci, unsigned lane, unsigned size, uint32_t value)
{
	struct pci_function *fn;
	unsigned offset = 0;

	spin_lock(&pci->dev.lock);
	fn = addressed(pci);
	if (fn != NULL) {
		offset = (pci->address & 0xfc) + lane;
		write_function(pci, fn, offset, size, value);
	}
	spin_unlock(&pci->dev.lock);
	if (fn != NULL)
		tell_function(fn, offset, size);
}

/* The function and the offset in its space; NULL behind the 256 bytes that a conventional one has. */
static struct pci_function *ecam_function(const struct pci *pci, uint64_t at, unsigned *offset)
{
	*offset = at & 0xfff;
	return *offset < PCI_CONFIG_SIZE ? pci->function[at >> 12 & 0xff] : NULL;
}

static uint64_t ecam_read(struct pci *pci, uint64_t at, unsigned size)
{
	unsigned offset;
	const struct pci_function *fn = ecam_function(pci, at, &offset);
	uint32_t value;

	if (size == 8)
		return ecam_read(pci, at, 4) | ecam_read(pci, at + 4, 4) << 32;
	if (fn == NULL)
		return UINT32_MAX;
	spin_lock(&pci->dev.lock);
	value = pci_function_get(fn, offset, size);
	spin_unlock(&pci->dev.lock);
	return value;
}

static void ecam_write(struct pci *pci, uint64_t at, unsigned size, uint64_t value)
{
	unsigned offset;
	struct pci_function *fn = ecam_function(pci, at, &offset);

	if (size == 8) {
		ecam_write(pci, at, 4, (uint32_t)value);
		ecam_write(pci, at + 4, 4, value >> 32);
		return;
	}
	if (fn == NULL)
		return;
	spin_lock(&pci->dev.lock);
	write_function(pci, fn, offset, size, (uint32_t)value);
	spin_unlock(&pci->dev.lock);
	tell_function(fn, offset, size);
}

static uint32_t read_address(struct pci *pci)
{
	uint32_t address;

	spin_lock(&pci->dev.lock);
	address = pci->address;
	spin_unlock(&pci->dev.lock);
	return address;
}

/*
 * A byte of CF8h to CFBh alone is not the bridge's: it goes on to the chip set, which has CF9h
 * there.
 */
static uint32_t read_chip_set(struct pci *pci, unsigned port, unsigned size)
{
	uint32_t value = UINT32_MAX;

	if (pci->sysctl != NULL && port <= PORT_RESET && PORT_RESET < port + size) {
		unsigned shift = 8 * (PORT_RESET - port);

		value &= ~(0xffU << shift);
		value |= (uint32_t)sysctl_reset_read(pci->sysctl) << shift;
	}
	return value;
}

static uint32_t io_read(struct device *dev, uint16_t port, unsigned size)
{
	struct pci *pci = CONTAINER_OF(dev, struct pci, dev);

	if (port >= PORT_PCI_DATA)
		return read_data(pci, port - (unsigned)PORT_PCI_DATA, size);
	if (size == 4)
		return read_address(pci);
	return read_chip_set(pci, port, size);
}

static void io_write(struct device *dev, uint16_t port, unsigned size, uint32_t value)
{
	struct pci *pci = CONTAINER_OF(dev, struct pci, dev);

	if (port >= PORT_PCI_DATA) {
		write_data(pci, port - (unsigned)PORT_PCI_DATA, size, value);
	} else if (size == 4) {
		spin_lock(&dev->lock);
		pci->address = value & (uint32_t)ADDRESS_WRITABLE;
		spin_unlock(&dev->lock);
	} else if (pci->sysctl != NULL && port <= PORT_RESET && PORT_RESET < port + size) {
		sysctl_reset_write(pci->sysctl, (uint8_t)(value >> (8 * (PORT_RESET - port))));
	}
}

/* The BAR in which address lies, and the offset in it; NULL if none. */
static const struct pci_window *find_window(const struct pci *pci, uint64_t address,
					    uint64_t *offset)
{
	for (unsigned i = 0; i < pci->windows; i++) {
		const struct pci_window *window = &pci->window[i];
		const struct pci_bar *bar = &window->fn->bar[window->bar];
		uint64_t base = __atomic_load_n(&bar->base, __ATOMIC_RELAXED);

		*offset = address - base;
		if (base != PCI_BAR_OFF && address >= base && *offset < bar->size)
			return window;
	}
	return NULL;
}

/*
 * Both windows are one range: the look-up of the IOAPIC behind them is shorter by a step. The bus gives
 * aligned accesses and a BAR is at least a page: none crosses a BAR's end.
 */
static uint64_t mmio_read(struct device *dev, uint64_t offset, unsigned size)
{
	struct pci *pci = CONTAINER_OF(dev, struct pci, dev);
	uint64_t at;
	const struct pci_window *window;

	if (offset < PCI_ECAM_SIZE)
		return ecam_read(pci, offset, size);
	window = find_window(pci, PCI_ECAM_BASE + offset, &at);
	if (window == NULL || window->fn->ops == NULL || window->fn->ops->bar_read == NULL)
		return UINT64_MAX;
	return window->fn->ops->bar_read(window->fn, window->bar, at, size);
}

static void mmio_write(struct device *dev, uint64_t offset, unsigned size, uint64_t value)
{
	struct pci *pci = CONTAINER_OF(dev, struct pci, dev);
	uint64_t at;
	const struct pci_window *window;

	if (offset < PCI_ECAM_SIZE) {
		ecam_write(pci, offset, size, value);
		return;
	}
	window = find_window(pci, PCI_ECAM_BASE + offset, &at);
	if (window != NULL && window->fn->ops != NULL && window->fn->ops->bar_write != NULL)
		window->fn->ops->bar_write(window->fn, window->bar, at, size, value);
}

static void reset_function(struct pci *pci, struct pci_function *fn)
{
	spin_lock(&pci->dev.lock);
	memcpy(fn->config, fn->initial, sizeof(fn->config));
	fn->intx = false;
	pci_function_update(fn);
	update_gsi(pci, PCI_SLOT_GSI((unsigned)fn->devfn >> 3));
	spin_unlock(&pci->dev.lock);
	if (fn->ops != NULL && fn->ops->reset != NULL)
		fn->ops->reset(fn);
}

static void reset(struct device *dev)
{
	struct pci *pci = CONTAINER_OF(dev, struct pci, dev);

	spin_lock(&dev->lock);
	pci->address = 0;
	spin_unlock(&dev->lock);
	for (unsigned i = 0; i < PCI_FUNCTIONS; i++) {
		if (pci->function[i] != NULL)
			reset_function(pci, pci->function[i]);
	}
}

static const struct device_ops ops = {
	.reset = reset,
	.io_read = io_read,
	.io_write = io_write,
	.mmio_read = mmio_read,
	.mmio_write = mmio_write,
	.io_sizes = SIZE_1 | SIZE_2 | SIZE_4,
	.mmio_sizes = SIZE_1 | SIZE_2 | SIZE_4 | SIZE_8,
};

/* Gives fn's BARs addresses and enters them into the look-up, or changes nothing. */
static enum err place_bars(struct pci *pci, struct pci_function *fn)
{
	uint64_t at[PCI_BARS] = {0};
	uint64_t next = pci->next_address;
	unsigned count = 0;

	for (unsigned i = 0; i < PCI_BARS; i++) {
		if (fn->bar[i].size == 0)
			continue;
		at[i] = ALIGN_UP(next, fn->bar[i].size);
		next = at[i] + fn->bar[i].size;
		count++;
	}
	if (next > PCI_MMIO_BASE + PCI_MMIO_SIZE || pci->windows + count > PCI_MAX_BARS)
		return ERR_LIMIT;

	pci->next_address = next;
	for (unsigned i = 0; i < PCI_BARS; i++) {
		if (fn->bar[i].size == 0)
			continue;
		pci_function_put(fn, PCI_BAR_0 + 4 * i, 4, (uint32_t)at[i]);
		pci->window[pci->windows++] = (struct pci_window){fn, i};
	}
	return ERR_NONE;
}

enum err pci_register(struct pci *pci, struct pci_function *fn, unsigned slot, unsigned function)
{
	unsigned devfn = slot << 3 | function;
	enum err err;

	if (slot > 31 || function > 7)
		return ERR_INVAL;
	if (pci->function[devfn] != NULL)
		return ERR_EXIST;
	err = place_bars(pci, fn);
	if (err != ERR_NONE)
		return err;

	fn->pci = pci;
	fn->devfn = (uint8_t)devfn;
	memcpy(fn->initial, fn->config, sizeof(fn->initial));
	pci->function[devfn] = fn;
	return ERR_NONE;
}

enum err pci_init(struct pci *pci, struct sysctl *sysctl)
{
	enum err err;

	*pci = (struct pci){.dev = {.name = "pci", .ops = &ops}, .sysctl = sysctl};
	pci->next_address = PCI_MMIO_BASE;
	pci_function_init(&pci->bridge, &bridge_identity, NULL);
	/* Hard-wired to 1 on the chip. */
	pci_function_put(&pci->bridge, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	err = pci_register(pci, &pci->bridge, 0, 0);
	pci_function_init(&pci->isa, &isa_identity, NULL);
	/* On the chip these are 1, too; what lies behind it is claimed from the bus by whoever is there. */
	pci_function_put(&pci->isa, PCI_COMMAND, 2,
			 PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	if (err == ERR_NONE)
		err = pci_register(pci, &pci->isa, PCI_SLOT_ISA, 0);
	if (err == ERR_NONE)
		err = bus_claim_ports(&pci->dev, PORT_PCI_ADDRESS, 8);
	if (err == ERR_NONE)
		err = bus_claim_mmio(&pci->dev, PCI_ECAM_BASE, PCI_ECAM_SIZE + PCI_MMIO_SIZE);
	return err;
}
