/* SPDX-License-Identifier: BSD-2-Clause */
/* ACPI 16.1.5 "\_S5", 4.8.3.6 "Reset Register", and what PCs had before there was one. */
#include "drivers/power.h"

#include "arch/x86_64/insn.h"
#include "drivers/acpi.h"
#include "drivers/pci.h"
#include "drivers/tsc.h"

/* ACPI "PM1 Status Registers" and "PM1 Control Registers". */
enum { PM1_WAKE_STATUS = BIT(15) };
enum {
	PM1_SCI_ENABLE = BIT(0),
	PM1_SLEEP_TYPE = BITS(12, 10),
	PM1_SLEEP_TYPE_SHIFT = 10,
	PM1_SLEEP_ENABLE = BIT(13)
};
/* ACPI "Sleep Control Register" of hardware-reduced machines. */
enum { SLEEP_TYPE_SHIFT = 2, SLEEP_ENABLE = BIT(5) };

enum { PATIENCE_US = 1000 * 1000, RESET_CONTROL = 0xcf9, RESET_PREPARE = 0x02, RESET_GO = 0x06 };
enum { KEYBOARD_STATUS = 0x64, KEYBOARD_FULL = BIT(1), KEYBOARD_PULSE_RESET = 0xfe };

static void wait_us(const struct port_ops *ports, uint64_t us)
{
	uint64_t start = ports->tsc(), ticks = us_to_tsc(us);

	while (ports->tsc() - start < ticks)
		cpu_pause();
}

/* The port of a register that is in I/O space, else 0. */
static uint16_t port_of(const struct acpi_gas *gas)
{
	return gas->space == ACPI_SPACE_IO && gas->address <= UINT16_MAX ? (uint16_t)gas->address
									 : 0;
}

/* Fixed hardware answers only in ACPI mode, which firmware enters when told by an SMI. */
static void enter_acpi_mode(const struct port_ops *ports, const struct acpi_fadt *fadt)
{
	uint16_t control = port_of(&fadt->pm1a_control);
	uint64_t start = ports->tsc(), ticks = us_to_tsc(PATIENCE_US);

	if (ports->read16(control) & PM1_SCI_ENABLE || !fadt->smi_cmd || !fadt->acpi_enable)
		return;
	ports->write8((uint16_t)fadt->smi_cmd, fadt->acpi_enable);
	while (!(ports->read16(control) & PM1_SCI_ENABLE) && ports->tsc() - start < ticks)
		cpu_pause();
}

static void clear_wake_status(const struct port_ops *ports, const struct acpi_gas *event)
{
	if (port_of(event))
		ports->write16(port_of(event), PM1_WAKE_STATUS);
}

static void write_sleep(const struct port_ops *ports, const struct acpi_gas *control, uint8_t type,
			unsigned enable)
{
	uint16_t port = port_of(control);
	unsigned value;

	if (!port)
		return;
	value = ports->read16(port) & ~((unsigned)PM1_SLEEP_TYPE | (unsigned)PM1_SLEEP_ENABLE);
	ports->write16(port, (uint16_t)(value | (unsigned)type << PM1_SLEEP_TYPE_SHIFT | enable));
}

static void write_gas8(const struct port_ops *ports, const struct acpi_gas *gas, uint8_t value,
		       power_write_memory_t write_memory)
{
	if (port_of(gas))
		ports->write8(port_of(gas), value);
	else if (gas->space == ACPI_SPACE_MEMORY && gas->address && write_memory)
		write_memory(gas->address, value);
}

void power_off(const struct port_ops *ports, const struct acpi_info *acpi,
	       power_write_memory_t write_memory)
{
	const struct acpi_fadt *fadt = &acpi->fadt;
	const struct acpi_s5 *s5 = &acpi->s5;

	if (!fadt->present || !s5->present)
		return;
	if (fadt->flags & ACPI_FADT_HW_REDUCED) {
		write_gas8(ports, &fadt->sleep_control,
			   (uint8_t)(s5->sleep_type_a << SLEEP_TYPE_SHIFT | SLEEP_ENABLE),
			   write_memory);
	} else if (port_of(&fadt->pm1a_control)) {
		enter_acpi_mode(ports, fadt);
		clear_wake_status(ports, &fadt->pm1a_event);
		clear_wake_status(ports, &fadt->pm1b_event);
		/* The type into both blocks before either is enabled. */
		write_sleep(ports, &fadt->pm1a_control, s5->sleep_type_a, 0);
		write_sleep(ports, &fadt->pm1b_control, s5->sleep_type_b, 0);
		write_sleep(ports, &fadt->pm1a_control, s5->sleep_type_a, PM1_SLEEP_ENABLE);
		write_sleep(ports, &fadt->pm1b_control, s5->sleep_type_b, PM1_SLEEP_ENABLE);
	}
	wait_us(ports, PATIENCE_US);
}

/* ACPI "Generic Address Structure": on bus 0, device 47:32, function 31:16, offset 15:0. */
static void write_pci8(const struct port_ops *ports, uint64_t address, uint8_t value)
{
	pci_bdf_t bdf = PCI_BDF(0, address >> 32 & 31, address >> 16 & 7);
	unsigned offset = address & 0xff, shift = offset % 4 * 8;
	uint32_t old = pci_read(ports, bdf, offset & ~3u);

	pci_write(ports, bdf, offset & ~3u, (old & ~(0xffu << shift)) | (uint32_t)value << shift);
}

void power_reset_acpi(const struct port_ops *ports, const struct acpi_info *acpi,
		      power_write_memory_t write_memory)
{
	const struct acpi_fadt *fadt = &acpi->fadt;
	const struct acpi_gas *reset = &fadt->reset;

	if (!fadt->present || !reset->address)
		return;
	if (reset->space == ACPI_SPACE_PCI)
		write_pci8(ports, reset->address, fadt->reset_value);
	else
		write_gas8(ports, reset, fadt->reset_value, write_memory);
	wait_us(ports, PATIENCE_US);
}

static void reset_by_keyboard(const struct port_ops *ports)
{
	uint64_t start = ports->tsc(), ticks = us_to_tsc(PATIENCE_US);

	while (ports->read8(KEYBOARD_STATUS) & KEYBOARD_FULL && ports->tsc() - start < ticks)
		cpu_pause();
	ports->write8(KEYBOARD_STATUS, KEYBOARD_PULSE_RESET);
	wait_us(ports, PATIENCE_US);
}

void power_reset_legacy(const struct port_ops *ports)
{
	ports->write8(RESET_CONTROL, RESET_PREPARE);
	ports->write8(RESET_CONTROL, RESET_GO);
	wait_us(ports, PATIENCE_US);
	reset_by_keyboard(ports);
}

noreturn void power_triple_fault(void)
{
	struct descriptor_pointer nothing = {0};

	/* #UD finds no gate, nor does the #GP of that, nor the #DF. */
	idt_load(&nothing);
	__builtin_trap();
}
