/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MADT, which describes the interrupt controllers, the SPCR, which names the console's UART, and
 * the MCFG, which says where PCI's configuration space is in memory.
 */
#include "vmm/acpi_tables.h"

#include "vmm/dev/wiring.h"

#define LOCAL_APIC_BASE 0xfee00000u

enum { MADT_PCAT_COMPAT = 1 << 0 };

/* ACPI 6.5 table 5-21 "Interrupt Controller Structure Types" */
enum { TYPE_LOCAL_APIC = 0, TYPE_IOAPIC = 1, TYPE_OVERRIDE = 2, TYPE_LOCAL_NMI = 4 };

/* Table 5-26 "MPS INTI Flags" */
enum { INTI_BUS = 0, INTI_HIGH = 1, INTI_LEVEL = 3 << 2 };

enum { ALL_PROCESSORS = 0xff, NMI_LINT = 1 };

static void put_local_apic(struct acpi_writer *writer, unsigned vcpu)
{
	acpi_put8(writer, TYPE_LOCAL_APIC);
	acpi_put8(writer, 8);
	acpi_put8(writer, (uint8_t)vcpu); /* processor UID */
	acpi_put8(writer, (uint8_t)vcpu); /* APIC id */
	acpi_put32(writer, 1);		  /* enabled */
}

static void put_ioapic(struct acpi_writer *writer)
{
	acpi_put8(writer, TYPE_IOAPIC);
	acpi_put8(writer, 12);
	acpi_put8(writer, MADT_IOAPIC_ID);
	acpi_put8(writer, 0);
	acpi_put32(writer, (uint32_t)IOAPIC_BASE);
	acpi_put32(writer, 0); /* first GSI */
}

static void put_override(struct acpi_writer *writer, uint8_t irq, uint32_t gsi, uint16_t flags)
{
	acpi_put8(writer, TYPE_OVERRIDE);
	acpi_put8(writer, 10);
	acpi_put8(writer, 0); /* ISA */
	acpi_put8(writer, irq);
	acpi_put32(writer, gsi);
	acpi_put16(writer, flags);
}

static void put_local_nmi(struct acpi_writer *writer)
{
	acpi_put8(writer, TYPE_LOCAL_NMI);
	acpi_put8(writer, 6);
	acpi_put8(writer, ALL_PROCESSORS);
	acpi_put16(writer, INTI_BUS);
	acpi_put8(writer, NMI_LINT);
}

/* APIC ids stay below 255 (MAX_VCPUS), so no x2APIC structures are needed. */
gpa_t acpi_put_madt(struct acpi_writer *writer, unsigned vcpu_count)
{
	acpi_begin(writer, "APIC", 4);
	acpi_put32(writer, LOCAL_APIC_BASE);
	acpi_put32(writer, MADT_PCAT_COMPAT);
	for (unsigned i = 0; i < vcpu_count; i++)
		put_local_apic(writer, i);
	put_ioapic(writer);
	put_override(writer, 0, GSI_PIT, INTI_BUS);
	put_override(writer, GSI_SCI, GSI_SCI, INTI_HIGH | INTI_LEVEL);
	put_local_nmi(writer);
	return acpi_end(writer);
}

/* Microsoft's "Serial Port Console Redirection Table", revision 2. */
gpa_t acpi_put_spcr(struct acpi_writer *writer)
{
	enum { UART_16550 = 0, GAS_IO = 1, GAS_BYTE = 1, IRQ_8259 = 1 << 0, IRQ_IOAPIC = 1 << 1 };
	enum { BAUD_115200 = 7, ONE_STOP_BIT = 1, TERMINAL_ANSI = 3, NOT_PCI = 0xffff };
	static const uint8_t zeros[12];

	acpi_begin(writer, "SPCR", 2);
	acpi_put32(writer, UART_16550); /* and three reserved bytes */
	acpi_put8(writer, GAS_IO);
	acpi_put8(writer, 8);
	acpi_put8(writer, 0);
	acpi_put8(writer, GAS_BYTE);
	acpi_put64(writer, PORT_COM1);
	acpi_put8(writer, IRQ_8259 | IRQ_IOAPIC);
	acpi_put8(writer, GSI_COM1);
	acpi_put32(writer, GSI_COM1);
	acpi_put8(writer, BAUD_115200);
	acpi_put8(writer, 0); /* no parity */
	acpi_put8(writer, ONE_STOP_BIT);
	acpi_put8(writer, 0); /* no flow control */
	acpi_put8(writer, TERMINAL_ANSI);
	acpi_put8(writer, 0); /* language */
	acpi_put16(writer, NOT_PCI);
	acpi_put16(writer, NOT_PCI);
	acpi_put(writer, zeros, 12); /* bus, device, function, flags, segment, reserved */
	return acpi_end(writer);
}

/* PCI Firmware Specification 3.0, 4.1.2 "MCFG Table Description": one segment, of one bus. */
gpa_t acpi_put_mcfg(struct acpi_writer *writer)
{
	acpi_begin(writer, "MCFG", 1);
	acpi_put64(writer, 0); /* reserved */
	acpi_put64(writer, PCI_ECAM_BASE);
	acpi_put16(writer, 0); /* segment */
	acpi_put8(writer, 0);  /* first bus */
	acpi_put8(writer, 0);  /* last bus */
	acpi_put32(writer, 0); /* reserved */
	return acpi_end(writer);
}
