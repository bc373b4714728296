/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the firmware's ACPI tables say of the machine, decoded once into plain structures. The
 * tables are not trusted: each is bounded and summed before it is read, and what is wrong becomes a
 * note.
 */
#pragma once

#include "abi/layout.h"
#include "lib/types.h"

enum {
	ACPI_MAX_TABLES = 256, /* entries of the XSDT or RSDT that are looked at */
	ACPI_MAX_IOAPICS = 64,
	ACPI_MAX_OVERRIDES = 16, /* one for each ISA interrupt */
	ACPI_MAX_NMIS = MAX_CPUS,
	ACPI_MAX_SEGMENTS = 16,
	ACPI_MAX_NOTES = 16,
	ACPI_NOTE_SIZE = 96,
};

/* Where the tables are read from. */
struct acpi_source {
	/*
	 * Makes size bytes of physical memory readable and returns where, or NULL if that cannot
	 * be. What it returned has to stay readable, and unchanged, until acpi_parse returns.
	 */
	const void *(*map)(hpa_t pa, size_t size);
	const uint8_t *rsdp; /* a copy of the RSDP as the loader found it; NULL: search for it */
	uint32_t rsdp_size;
};

/* ACPI 5.2.3.2 "Generic Address Structure" */
enum acpi_space { ACPI_SPACE_MEMORY = 0, ACPI_SPACE_IO = 1, ACPI_SPACE_PCI = 2 };

struct acpi_gas {
	uint8_t space; /* enum acpi_space, or a number that we do not know */
	uint8_t bit_width, bit_offset;
	uint8_t access_size; /* 0: any; else 1, 2, 3, 4 for 1, 2, 4, 8 bytes */
	uint64_t address;    /* 0: there is no such register */
};

struct acpi_cpu {
	uint32_t apic_id;
	uint32_t uid; /* the processor's name in AML and in struct acpi_nmi */
	bool enabled; /* false: could be plugged in later */
	bool online_capable;
};

struct acpi_ioapic {
	uint8_t id;
	uint32_t gsi_base;
	hpa_t address;
};

/*
 * Where and how an ISA interrupt arrives, if not at the GSI of its number, edge-triggered, active
 * high.
 */
struct acpi_override {
	uint8_t irq;
	bool active_low, level;
	uint32_t gsi;
};

#define ACPI_NMI_ALL_CPUS 0xffffffffU

struct acpi_nmi {
	uint32_t uid; /* ACPI_NMI_ALL_CPUS: each of them */
	uint8_t lint; /* which local interrupt input: 0 or 1 */
	bool active_low, level;
};

/* The bits of acpi_fadt.flags and .boot_arch that we use. */
enum acpi_fadt_flag {
	ACPI_FADT_PWR_BUTTON = 1 << 4,	/* the power button is not a fixed feature */
	ACPI_FADT_TMR_VAL_EXT = 1 << 8, /* the PM timer has 32 bits, not 24 */
	ACPI_FADT_RESET_REG_SUP = 1 << 10,
	ACPI_FADT_FORCE_PHYSICAL = 1 << 19, /* APIC destinations must be physical */
	ACPI_FADT_HW_REDUCED = 1 << 20,
};

enum acpi_boot_arch {
	ACPI_BOOT_LEGACY_DEVICES = 1 << 0,
	ACPI_BOOT_8042 = 1 << 1,
	ACPI_BOOT_NO_VGA = 1 << 2,
	ACPI_BOOT_NO_MSI = 1 << 3,
	ACPI_BOOT_NO_RTC = 1 << 5,
};

/* ACPI 5.2.9 "Fixed ACPI Description Table (FADT)" */
struct acpi_fadt {
	bool present;
	uint8_t acpi_enable, acpi_disable; /* to be written to smi_cmd; 0: not needed */
	uint8_t century;		   /* RTC register of the century; 0: none */
	uint8_t reset_value;
	uint8_t pm1_event_size; /* of a whole block in bytes: status, then enable */
	uint16_t sci_irq;
	uint16_t boot_arch; /* enum acpi_boot_arch */
	uint32_t smi_cmd;   /* port; 0: always in ACPI mode */
	uint32_t flags;	    /* enum acpi_fadt_flag */
	struct acpi_gas pm1a_event, pm1b_event;
	struct acpi_gas pm1a_control, pm1b_control;
	struct acpi_gas pm_timer;
	struct acpi_gas reset; /* address 0 also if ACPI_FADT_RESET_REG_SUP is not set */
	struct acpi_gas sleep_control, sleep_status; /* instead of PM1, if ACPI_FADT_HW_REDUCED */
	hpa_t dsdt;
};

/* What to write to the two control registers' SLP_TYP to switch the machine off. */
struct acpi_s5 {
	bool present;
	uint8_t sleep_type_a, sleep_type_b;
};

struct acpi_segment {
	hpa_t base; /* of bus 0, also if first_bus is not 0 */
	uint16_t segment;
	uint8_t first_bus, last_bus;
};

struct acpi_hpet {
	hpa_t address; /* 0: none */
	uint32_t block_id;
	uint16_t min_tick;
	uint8_t number;
};

/* Serial Port Console Redirection table: the console that the firmware's operator chose. */
struct acpi_spcr {
	bool present;
	uint8_t kind; /* 0: 16550, 1: 16450, 0x12: 16550 with parameters as in its address structure */
	uint8_t irq;   /* 8259 input; 0: none */
	uint32_t gsi;  /* IOAPIC input; 0: none */
	uint32_t baud; /* 0: leave it as the firmware set it */
	struct acpi_gas address;
	uint16_t pci_vendor, pci_device; /* ffffh: not a PCI device */
	uint8_t pci_segment, pci_bus, pci_slot, pci_function;
};

/* A table that somebody else will read. */
struct acpi_place {
	hpa_t address; /* 0: none */
	uint32_t size;
};

struct acpi_info {
	bool present;	  /* false: there are no tables, all else is 0 */
	bool has_8259;	  /* MADT: PCAT_COMPAT */
	uint8_t revision; /* of the RSDP: 0 means ACPI 1.0 */
	hpa_t rsdp;	  /* 0: it came from the loader */
	hpa_t lapic_address;
	uint32_t cpu_count;
	uint32_t cpus_lost; /* enabled ones beyond MAX_CPUS */
	uint32_t ioapic_count, override_count, nmi_count, segment_count;
	struct acpi_cpu cpus[MAX_CPUS];
	struct acpi_ioapic ioapics[ACPI_MAX_IOAPICS];
	struct acpi_override overrides[ACPI_MAX_OVERRIDES];
	struct acpi_nmi nmis[ACPI_MAX_NMIS];
	struct acpi_fadt fadt;
	struct acpi_s5 s5;
	struct acpi_segment segments[ACPI_MAX_SEGMENTS];
	struct acpi_hpet hpet;
	struct acpi_spcr spcr;
	struct acpi_place dmar, ivrs; /* found and summed, not decoded */
	bool x2apic_opt_out;	      /* DMAR's: the firmware cannot do with x2APIC mode */
	uint32_t note_count, notes_lost;
	char notes[ACPI_MAX_NOTES][ACPI_NOTE_SIZE]; /* for the log, each with the table's signature */
};

/*
 * Reads all tables. Boot only; not reentrant. Always leaves *info usable: a table that is missing
 * or refused leaves its part 0, and the caller decides whether it can do without.
 */
void acpi_parse(const struct acpi_source *source, struct acpi_info *info);
