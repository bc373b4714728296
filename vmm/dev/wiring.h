/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the devices of the guest's PC stand: ports, addresses, interrupts. The device models and
 * the guest's ACPI tables are both written from this page.
 */
#pragma once

/* Ports. A device's registers are at the offsets of its data sheet. */
enum wiring_port {
	PORT_PIC_MASTER = 0x20, /* 2 ports */
	PORT_PIT = 0x40,	/* 4 */
	PORT_KBC_DATA = 0x60,
	PORT_SYSTEM_B = 0x61, /* of the PIT: gate 2, speaker, refresh toggle, output 2 */
	PORT_KBC_COMMAND = 0x64,
	PORT_RTC = 0x70, /* 4: index and data, then index and data of the extended bank */
	PORT_POST = 0x80,
	PORT_SYSTEM_A = 0x92,  /* A20 and fast reset */
	PORT_PIC_SLAVE = 0xa0, /* 2 */
	PORT_SMI_CMD = 0xb2,   /* 2: command, and a scratch status port */
	PORT_DELAY = 0xed,
	PORT_COM2 = 0x2f8,	  /* 8; nothing is connected to it */
	PORT_COM1 = 0x3f8,	  /* 8 */
	PORT_ELCR = 0x4d0,	  /* 2 */
	PORT_PM1_EVT = 0x600,	  /* 4: status, enable */
	PORT_PM1_CNT = 0x604,	  /* 2 */
	PORT_PM_TMR = 0x608,	  /* 4 */
	PORT_PCI_ADDRESS = 0xcf8, /* 4 */
	PORT_RESET = 0xcf9,	  /* a byte inside the former */
	PORT_PCI_DATA = 0xcfc,	  /* 4 */
};

enum { PM_BLOCK_SIZE = 12 }; /* from PORT_PM1_EVT to the end of the PM timer */

#define IOAPIC_BASE 0xfec00000ULL
#define IOAPIC_SIZE 0x1000ULL

/* Configuration space in memory, of bus 0 alone: 4 KiB for each of 256 functions. 32-bit, for the _CRS. */
#define PCI_ECAM_BASE 0xe0000000ULL
#define PCI_ECAM_SIZE 0x100000ULL

/*
 * What the host bridge passes on to PCI; memory BARs decode only inside. 32-bit, too.
 */
#define PCI_MMIO_BASE (PCI_ECAM_BASE + PCI_ECAM_SIZE)
#define PCI_MMIO_SIZE (IOAPIC_BASE - PCI_MMIO_BASE)

enum { PCI_SLOT_ISA = 1 }; /* the ISA bridge, 00:01.0 */

/* INTA# of the device in a slot of bus 0, for the _PRT. Functions use no other pin. */
#define PCI_SLOT_GSI(slot) (GSI_PCI_FIRST + (slot) % 8)

/*
 * Interrupts by GSI, which is also the IOAPIC's pin. An ISA IRQ has the GSI of its number, but IRQ
 * 0 has GSI 2 (an override for the MADT: ISA 0 -> GSI 2, edge, active high). IRQ 2 is the cascade.
 */
enum wiring_gsi {
	GSI_KEYBOARD = 1,
	GSI_PIT = 2,
	GSI_COM2 = 3,
	GSI_COM1 = 4,
	GSI_RTC = 8,
	GSI_SCI = 9, /* level, active high: the MADT's second override */
	GSI_MOUSE = 12,
	GSI_PCI_FIRST = 16, /* 16 to 23 are for PCI: level, no ISA IRQ */
	GSI_COUNT = 24,
};

enum { IOAPIC_VERSION = 0x20 };

/* ACPI: what the FADT and the DSDT say. */
enum wiring_acpi {
	ACPI_ENABLE_VALUE = 0xf1, /* to PORT_SMI_CMD */
	ACPI_DISABLE_VALUE = 0xf0,
	ACPI_S5_SLP_TYP = 5,	   /* \_S5 = { 5, 5 }; no other sleep state exists */
	ACPI_RESET_VALUE = 0x06,   /* to PORT_RESET */
	ACPI_PM_TIMER_BITS = 32,   /* FADT flag TMR_VAL_EXT is set */
	ACPI_CENTURY_INDEX = 0x32, /* of the RTC; no day or month alarm */
};
