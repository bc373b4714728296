/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the device models of the PC, and hands the VMM's events to those whom they concern. */
#include "vmm/dev/pc.h"

#include "vmm/bus.h"
#include "vmm/dev/acpi_pm.h"
#include "vmm/dev/ioapic.h"
#include "vmm/dev/irq.h"
#include "vmm/dev/kbc.h"
#include "vmm/dev/pci.h"
#include "vmm/dev/pic.h"
#include "vmm/dev/pit.h"
#include "vmm/dev/sysctl.h"
#include "vmm/dev/uart.h"
#include "vmm/host.h"
#include "vmm/timers.h"

/* Each guarded by its own lock. */
static struct pic pic;
static struct ioapic ioapic;
static struct pit pit;
static struct rtc rtc;
static struct acpi_pm pm;
static struct sysctl sysctl;
static struct kbc kbc;
static struct uart uart, second_uart;
static struct pci pci;

enum err pc_init(const struct pc_config *config)
{
	enum err err;

	bus_init();
	timers_init();
	irq_connect(&pic, &ioapic);
	/* The interrupt controllers first: the others drive lines from the start. */
	err = pic_init(&pic);
	if (err == ERR_NONE)
		err = ioapic_init(&ioapic, config->ioapic_id);
	if (err == ERR_NONE)
		err = pit_init(&pit);
	if (err == ERR_NONE)
		err = rtc_init(&rtc, &config->rtc);
	if (err == ERR_NONE)
		err = acpi_pm_init(&pm);
	if (err == ERR_NONE)
		err = sysctl_init(&sysctl);
	if (err == ERR_NONE)
		err = kbc_init(&kbc);
	if (err == ERR_NONE)
		err = uart_init(&uart, &uart_com1);
	if (err == ERR_NONE)
		err = uart_init(&second_uart, &uart_com2);
	if (err == ERR_NONE)
		err = pci_init(&pci, &sysctl);
	return err;
}

struct pci *pc_pci(void)
{
	return &pci;
}

void pc_reset(void)
{
	bus_reset_devices();
}

void pc_deadline(void)
{
	timers_expire(host_now());
}

void pc_console_input(void)
{
	uart_console_input(&uart);
}

void pc_console_space(void)
{
	uart_console_space(&uart);
}

void pc_power_button(void)
{
	acpi_pm_press_power(&pm);
}

void pc_eoi(const uint64_t vectors[4])
{
	for (unsigned word = 0; word < 4; word++) {
		for (uint64_t left = vectors[word]; left != 0; left &= left - 1)
			ioapic_eoi(&ioapic, 64 * word + (unsigned)__builtin_ctzll(left));
	}
}

uint8_t pc_inta(void)
{
	return pic_inta(&pic);
}

uint64_t pc_uart_dropped(void)
{
	return uart_dropped(&uart);
}

uint8_t pc_post_code(void)
{
	return sysctl_post_code(&sysctl);
}
