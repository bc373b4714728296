/* SPDX-License-Identifier: BSD-2-Clause */
/* Which UART is the operator's line. One that does not answer is passed over with a word. */
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
#include "drivers/uart_pci.h"
#include "kernel/console.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/serial_place.h"

enum {
	LOSSES_TOLD_US = 10 * 1000 * 1000,
	ISA_LINES = 16,
	GAS_DWORD = 3, /* ACPI 6.5 5.2.3.2 "Generic Address Structure": Access Size */
	SPCR_16450 = 1,
	SPCR_16550_GAS = 0x12,
};

/* In the order in which they are tried: the operator's word, the firmware's, what every PC had. */
enum why { BY_COMMAND_LINE, BY_SPCR, BY_DEFAULT, CANDIDATES };

static const char *const why_text[] = {
	[BY_COMMAND_LINE] = "by the command line",
	[BY_SPCR] = "by ACPI's SPCR",
	[BY_DEFAULT] = "by default",
};

static struct candidate {
	bool present;
	struct serial_place place;
} candidates[CANDIDATES];

static const struct candidate *chosen; /* NULL: no UART is used */
static bool switched_off;
static bool interrupts;
static struct deadline poll;

/* RAM, or what the firmware keeps in memory: bytes there hold what is written, as a UART's would. */
static bool is_memory(uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; i < machine.boot->range_count; i++) {
		const struct boot_range *range = &machine.boot->ranges[i];

		if (range->kind != BOOT_RESERVED && range->start < end && start < range->end)
			return true;
	}
	return false;
}

/* What stands in the way, or NULL: the bus is that of a UART at the place. */
static const char *memory_bus(const struct serial_place *place, struct uart_bus *bus)
{
	uint64_t size = 8ULL * place->stride;
	volatile void *registers;

	if (place->address > UINT64_MAX - size || is_memory(place->address, place->address + size))
		return "lies in memory";
	registers = mmio_map(place->address, size, PAGE_UC);
	if (!registers)
		return "cannot be mapped";
	*bus = uart_bus_mmio(registers, place->stride);
	return NULL;
}

static const char *pci_bus(const struct serial_place *place, struct uart_bus *bus)
{
	struct serial_place memory = {.kind = SERIAL_MMIO, .stride = 1};
	struct uart_pci found;
	const char *wrong = uart_pci_find(&port_hardware, (pci_bdf_t)place->address, &found);

	if (wrong)
		return wrong;
	memory.address = found.address;
	if (!found.is_port)
		return memory_bus(&memory, bus);
	*bus = uart_bus_port((uint16_t)found.address);
	return NULL;
}

/* Makes it the UART that is used. What stands in the way, or NULL. */
static const char *use(const struct candidate *candidate)
{
	const struct serial_place *place = &candidate->place;
	struct uart_bus bus = uart_bus_port((uint16_t)place->address);
	const char *wrong = NULL;

	chosen = NULL;
	if (place->kind == SERIAL_MMIO)
		wrong = memory_bus(place, &bus);
	else if (place->kind == SERIAL_PCI)
		wrong = pci_bus(place, &bus);
	if (wrong)
		return wrong;
	bus.divisor = place->baud ? (uint16_t)(SERIAL_BAUD_MAX / place->baud) : 1;
	/* SPCR "Baud Rate": "0 - as is, operating system relies on the current configuration". */
	bus.keep_rate = candidate == &candidates[BY_SPCR] && !place->baud;
	if (!uart_init(&bus))
		return "does not answer";
	chosen = candidate;
	return NULL;
}

void serial_init(const struct boot_info *info)
{
	struct candidate *asked = &candidates[BY_COMMAND_LINE];
	const struct candidate *first;
	char value[32];

	candidates[BY_DEFAULT].present = serial_place_parse("com1", &candidates[BY_DEFAULT].place);
	if (boot_option(info, "serial", value, sizeof(value)) != BOOT_OPTION_ABSENT) {
		asked->present = serial_place_parse(value, &asked->place);
		switched_off = asked->present && asked->place.kind == SERIAL_NONE;
		if (!asked->present)
			log_print(LOG_WARNING,
				  "serial=%s: none, com1 to com4, io:PORT, mmio:ADDRESS, mmio32:ADDRESS or "
				  "pci:BUS:DEVICE.FUNCTION, and maybe ,BAUD; it is passed over",
				  value);
	}
	/* Others than ports wait for page tables. Why one fails is told when all are known. */
	first = asked->present ? asked : &candidates[BY_DEFAULT];
	if (first->place.kind == SERIAL_PORT)
		use(first);
}

/* SPCR: Serial Port Console Redirection table; 16550-compatible, in ports or in memory. */
static void add_spcr(void)
{
	const struct acpi_spcr *spcr = &machine.acpi.spcr;
	bool is_port = spcr->address.space == ACPI_SPACE_IO;
	struct serial_place *place = &candidates[BY_SPCR].place;

	if (!spcr->present || !spcr->address.address)
		return;
	if (spcr->kind > SPCR_16450 && spcr->kind != SPCR_16550_GAS) {
		log_print(LOG_WARNING, "serial: SPCR names a UART of kind 0x%x, which is no 16550",
			  spcr->kind);
		return;
	}
	if (!is_port && spcr->address.space != ACPI_SPACE_MEMORY)
		return;
	*place = (struct serial_place){
		.kind = is_port ? SERIAL_PORT : SERIAL_MMIO,
		.address = spcr->address.address,
		.stride = !is_port && spcr->address.access_size == GAS_DWORD ? 4 : 1,
		.irq = spcr->irq,
		.gsi = spcr->gsi,
		.baud = spcr->baud && SERIAL_BAUD_MAX % spcr->baud == 0 ? spcr->baud : 0,
	};
	candidates[BY_SPCR].present = true;
}

static bool in_use(const struct candidate *candidate)
{
	return chosen == candidate;
}

/* Lists all, and uses the first that answers. */
static void choose(void)
{
	const struct candidate *found = NULL;

	for (unsigned i = 0; i < CANDIDATES; i++) {
		const struct candidate *candidate = &candidates[i];
		const char *result = "not needed";
		char name[32];

		if (!candidate->present)
			continue;
		if (!found) {
			result = in_use(candidate) ? NULL : use(candidate);
			found = result ? NULL : candidate;
		}
		serial_place_name(&candidate->place, name, sizeof(name));
		log_print(found ? LOG_INFO : LOG_WARNING, "serial: %s, %s: %s", why_text[i], name,
			  result ? result : "used");
	}
	if (!found)
		log_print(LOG_WARNING, "serial: no UART: nobody can type commands");
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

/*
 * Where an interrupt of a PCI function arrives only AML could tell. A GSI beyond the ISA's lines is one of
 * PCI's, level-triggered and active low (PCI 3.0 "Interrupt Pins").
 */
static bool route(const struct serial_place *place)
{
	if (place->gsi >= ISA_LINES)
		return ioapic_route_gsi(place->gsi, VECTOR_UART, apic_id(), true, true);
	if (!place->irq && !place->gsi)
		return false;
	return ioapic_route_isa(&machine.acpi, place->irq ? place->irq : (uint8_t)place->gsi,
				VECTOR_UART, apic_id());
}

static volatile void *map_ioapic(hpa_t pa, uint64_t size)
{
	return mmio_map(pa, size, PAGE_UC);
}

void serial_start(void)
{
	unsigned pins = ioapic_init(&machine.acpi, map_ioapic);
	bool routed = false;

	add_spcr();
	if (switched_off)
		log_print(LOG_INFO, "serial: none, by the command line");
	else
		choose();
	if (chosen) {
		routed = route(&chosen->place);
		log_print(LOG_INFO, "serial: %u IOAPIC pins, %s", pins,
			  routed ? "by interrupt" : "polled: its line reaches no IOAPIC");
	}
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
	static const enum serial_source sources[] = {
		[BY_COMMAND_LINE] = SERIAL_BY_COMMAND_LINE,
		[BY_SPCR] = SERIAL_BY_SPCR,
		[BY_DEFAULT] = SERIAL_BY_DEFAULT,
	};
	const struct candidate *candidate = chosen ? chosen : &candidates[BY_DEFAULT];

	facts->facts |= (chosen ? FACT_SERIAL_ANSWERS : 0u) |
			(interrupts ? FACT_SERIAL_INTERRUPT : 0u);
	facts->serial_address = candidate->place.address;
	facts->serial_source = switched_off ? SERIAL_SWITCHED_OFF : sources[candidate - candidates];
}
