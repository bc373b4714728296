/* SPDX-License-Identifier: BSD-2-Clause */
/* The order of candidates: command line, SPCR, COM1. One that does not answer is passed over with a word. */
#include "kernel/serial.h"

#include "abi/facts.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/vectors.h"
#include "boot/option.h"
#include "drivers/ioapic.h"
#include "drivers/tsc.h"
#include "drivers/uart.h"
#include "kernel/console.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "lib/copy.h"
#include "lib/string.h"

enum { LOSSES_TOLD_US = 10 * 1000 * 1000 };

struct candidate {
	const char *name;
	uint16_t port;
	uint8_t irq;
};

static const struct candidate legacy[] = {
	{"com1", 0x3f8, 4},
	{"com2", 0x2f8, 3},
	{"com3", 0x3e8, 4},
	{"com4", 0x2e8, 3},
};

static const struct candidate *chosen;
static bool by_command_line;
static bool switched_off;
static bool answers;
static bool interrupts;
static uint64_t spcr_address; /* 0: it is not SPCR's */
static struct deadline poll;

static bool use_port(const struct candidate *candidate)
{
	struct uart_bus bus = uart_bus_port(candidate->port);

	chosen = candidate;
	answers = uart_init(&bus);
	return answers;
}

void serial_init(const struct boot_info *info)
{
	char value[32];

	chosen = &legacy[0];
	if (boot_option(info, "serial", value, sizeof(value)) == BOOT_OPTION_SET) {
		switched_off = !strcmp(value, "none");
		for (unsigned i = 0; i < ARRAY_SIZE(legacy); i++)
			if (!strcmp(value, legacy[i].name)) {
				chosen = &legacy[i];
				by_command_line = true;
			}
		if (!by_command_line && !switched_off)
			log_print(LOG_WARNING, "serial=%s: com1 to com4 or none; com1 is used",
				  value);
	}
	if (!switched_off && !use_port(chosen))
		log_print(LOG_WARNING, "serial: no UART answers at %s", chosen->name);
}

/* SPCR: Serial Port Console Redirection table; 16550-compatible, in ports or in memory. */
static bool use_spcr(uint32_t *gsi, uint8_t *irq)
{
	const struct acpi_spcr *spcr = &machine.acpi.spcr;
	unsigned stride = spcr->address.access_size == 3 ? 4 : 1;
	volatile void *registers;
	struct uart_bus bus;

	if (!spcr->present || !spcr->address.address || by_command_line || switched_off)
		return false;
	if (spcr->address.space == ACPI_SPACE_IO) {
		if (spcr->address.address == chosen->port)
			return false;
		bus = uart_bus_port((uint16_t)spcr->address.address);
	} else {
		registers = mmio_map(spcr->address.address, 8ULL * stride, PAGE_UC);
		if (spcr->address.space != ACPI_SPACE_MEMORY || !registers)
			return false;
		bus = uart_bus_mmio(registers, stride);
	}
	if (!uart_init(&bus)) {
		log_print(LOG_WARNING, "serial: SPCR names a UART at 0x%lx that does not answer",
			  spcr->address.address);
		(void)use_port(chosen);
		return false;
	}
	answers = true;
	spcr_address = spcr->address.address;
	*gsi = spcr->gsi;
	*irq = spcr->irq;
	log_print(LOG_INFO, "serial: the UART at 0x%lx, by SPCR", spcr->address.address);
	return true;
}

static void notify(unsigned events)
{
	console_event((events & UART_INPUT ? (uint32_t)CONSOLE_UART_INPUT : 0) |
		      (events & UART_SPACE ? (uint32_t)CONSOLE_UART_SPACE : 0));
}

/* What was typed and is lost is said, once in a while. */
static void tell_losses(void)
{
	static uint64_t told, next_tsc;
	struct uart_stats stats;

	uart_get_stats(&stats);
	if (stats.rx_overruns == told || tsc_read() < next_tsc)
		return;
	log_print(LOG_WARNING, "serial: input was lost: the UART's FIFO ran over %lu times",
		  stats.rx_overruns - told);
	told = stats.rx_overruns;
	next_tsc = tsc_read() + us_to_tsc(LOSSES_TOLD_US);
}

static void poll_again(struct deadline *deadline)
{
	unsigned us = uart_poll();

	tell_losses();
	deadline_set(&this_cpu()->deadlines, deadline, tsc_read() + us_to_tsc(us));
}

static bool route(bool by_spcr, uint32_t gsi, uint8_t irq)
{
	if (by_spcr && gsi)
		return ioapic_route_gsi(gsi, VECTOR_UART, apic_id(), true, false);
	return ioapic_route_isa(&machine.acpi, by_spcr ? irq : chosen->irq, VECTOR_UART, apic_id());
}

static volatile void *map_ioapic(hpa_t pa, uint64_t size)
{
	return mmio_map(pa, size, PAGE_UC);
}

void serial_start(void)
{
	unsigned pins = ioapic_init(&machine.acpi, map_ioapic);
	uint32_t gsi = 0;
	uint8_t irq = 0;
	bool by_spcr = use_spcr(&gsi, &irq);
	bool routed = route(by_spcr, gsi, irq);

	log_print(LOG_INFO, "serial: %s, %u IOAPIC pins, %s", by_spcr ? "SPCR" : chosen->name, pins,
		  routed ? "by interrupt" : "polled: its line reaches no IOAPIC");
	interrupts = routed;
	uart_set_notify(notify);
	if (routed)
		uart_enable_interrupts();
	deadline_init(&poll, poll_again);
	deadline_set(&this_cpu()->deadlines, &poll, tsc_read() + us_to_tsc(1000));
	cpu_timer_update(this_cpu());
}

void serial_describe(struct machine_facts *facts)
{
	facts->facts |= (answers ? FACT_SERIAL_ANSWERS : 0u) |
			(interrupts ? FACT_SERIAL_INTERRUPT : 0u);
	facts->serial_address = spcr_address ? spcr_address : chosen->port;
	facts->serial_source = switched_off	 ? SERIAL_NONE
			       : spcr_address	 ? SERIAL_SPCR
			       : by_command_line ? SERIAL_COMMAND_LINE
						 : SERIAL_DEFAULT;
}
