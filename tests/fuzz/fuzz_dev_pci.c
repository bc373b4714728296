/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI with three functions, and the reset port inside its address register. Promised: what is
 * constant stays so, BARs decode inside the window only, the shared INTx wire is the OR of its
 * functions, and accesses to a BAR are inside it.
 */
/* sources: vmm/bus.c vmm/timers.c vmm/dev/sysctl.c vmm/dev/pci.c vmm/dev/pci_function.c */
#include "tests/unit/dev_host.h"

#include "tests/fuzz/fuzz_dev_input.h"
#include "tests/unit/dev_fake_irq.h"
#include "vmm/dev/pci.h"
#include "vmm/dev/sysctl.h"

enum { FUNCTIONS = 2 };

static struct sysctl sys;
static struct pci pci;
static struct pci_function fn[FUNCTIONS];
static uint8_t constant[FUNCTIONS][PCI_CONFIG_SIZE];

static uint64_t bar_read(struct pci_function *f, unsigned bar, uint64_t offset, unsigned size)
{
	check(bar < PCI_BARS && offset < f->bar[bar].size && f->bar[bar].size - offset >= size);
	check((offset & (size - 1)) == 0);
	return offset;
}

static void bar_write(struct pci_function *f, unsigned bar, uint64_t offset, unsigned size,
		      uint64_t value)
{
	(void)value;
	bar_read(f, bar, offset, size);
}

static void config_written(struct pci_function *f, unsigned offset, unsigned size)
{
	check(f->pci == &pci && offset + size <= PCI_CONFIG_SIZE);
}

static const struct pci_function_ops ops = {bar_read, bar_write, config_written, NULL};

static void start(void)
{
	static const struct pci_identity identity = {0x1af4, 0x1042, 0x1af4, 2, 0x018000, 1, true};

	fake_start();
	memset(fake_irq, 0, sizeof(fake_irq));
	check(sysctl_init(&sys) == ERR_NONE && pci_init(&pci, &sys) == ERR_NONE);
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		pci_function_init(&fn[i], &identity, &ops);
		pci_function_add_bar(&fn[i], i, 0x1000U << i);
		pci_function_add_bar(&fn[i], 4, 0x4000);
		check(pci_function_add_capability(&fn[i], 9, 20) != 0);
		check(pci_register(&pci, &fn[i], 2 + 8 * i, 0) == ERR_NONE); /* one GSI */
		memcpy(constant[i], fn[i].config, PCI_CONFIG_SIZE);
	}
	bus_seal();
}

static void check_function(unsigned index)
{
	const struct pci_function *f = &fn[index];

	for (unsigned i = 0; i < PCI_CONFIG_SIZE; i++) {
		uint8_t fixed = (uint8_t)~f->writable[i];

		if (i == PCI_STATUS)
			fixed &= (uint8_t)~PCI_STATUS_INTX;
		check(((f->config[i] ^ constant[index][i]) & fixed) == 0);
	}
	for (unsigned i = 0; i < PCI_BARS; i++) {
		uint64_t base = f->bar[i].base;

		check(base == PCI_BAR_OFF ||
		      (base >= PCI_MMIO_BASE && base + f->bar[i].size <= IOAPIC_BASE));
	}
}

/* The configuration space in memory: mostly that of a function that exists. */
static void access_ecam(struct play *play, uint8_t what, unsigned width)
{
	uint64_t at = play_dword(play) % (PCI_ECAM_SIZE + 16), value;

	if ((what & 0x20) != 0)
		at = (at & 0x1ff) + (what & 0x40 ? 10U << 15 : 2U << 15);
	at += PCI_ECAM_BASE - 8;
	if ((what & 0x10) != 0)
		bus_mmio_write(at, 2 * width, play_dword(play));
	UNINITIALISED(&value, sizeof(value));
	if (bus_mmio_read(at, width, &value))
		told(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play play = {data, MIN(size, 2048)};

	start();
	while (play.left > 0) {
		uint8_t what = play_byte(&play);
		uint16_t port = (uint16_t)(0xcf6 + (what >> 3) % 12);
		unsigned width = 1U << play_byte(&play) % 3;
		uint64_t value;

		switch (what % 8) {
		case 0:
			bus_port_write(0xcf8, 4, 0x80000000U | play_dword(&play));
			break;
		case 1: /* one that exists */
			bus_port_write(0xcf8, 4,
				       0x80000000U | (what & 0x80U) << 7 | 2U << 11 |
					       play_byte(&play));
			break;
		case 2:
			bus_port_write(port, width, play_dword(&play));
			break;
		case 3:
			check(told(bus_port_read(port, width)) >> (8 * width - 1) <= 1);
			break;
		case 4:
			pci_set_intx(&fn[what >> 7], (what & 0x40) != 0);
			break;
		case 5:
			UNINITIALISED(&value, sizeof(value));
			if (bus_mmio_read(PCI_MMIO_BASE - 8 +
						  play_dword(&play) % (PCI_MMIO_SIZE + 16),
					  width * 2, &value))
				told(value);
			break;
		case 6: /* near a BAR */
			value = fn[what >> 7].bar[4].base + play_byte(&play) - 64;
			bus_mmio_write(value, width, play_byte(&play));
			break;
		default:
			if (what == 0xff)
				bus_reset_devices();
			else
				access_ecam(&play, what, width);
			break;
		}
		check_function(0);
		check_function(1);
		check(fake_irq[PCI_SLOT_GSI(2)].level ==
		      (pci_function_drives_intx(&fn[0]) || pci_function_drives_intx(&fn[1])));
	}
	return 0;
}
