/* SPDX-License-Identifier: BSD-2-Clause */
/* What of the machine only ring 0 can see: CALL_FACTS. What CPUID tells the console asks itself. */
#pragma once

#include <stdint.h>

enum machine_fact {
	FACT_ACPI = 1 << 0,   /* there are ACPI tables */
	FACT_X2APIC = 1 << 1, /* the local APICs are in x2APIC mode */
	FACT_DMAR = 1 << 2,   /* ACPI describes Intel's IOMMU */
	FACT_IVRS = 1 << 3,   /* ACPI describes AMD's IOMMU */
	FACT_RTC = 1 << 4,    /* there is a time of day */
	FACT_SERIAL_ANSWERS = 1 << 5,
	FACT_SERIAL_INTERRUPT = 1 << 6, /* else it is polled */
	FACT_SMT_SHARE = 1 << 7,	/* the boot word smt=share */
};

enum serial_source {
	SERIAL_BY_DEFAULT,	/* nobody said which */
	SERIAL_BY_COMMAND_LINE, /* serial=comN */
	SERIAL_BY_SPCR,		/* ACPI's table */
	SERIAL_SWITCHED_OFF,	/* serial=none */
};

enum clock_reference { CLOCK_PM_TIMER, CLOCK_PIT, CLOCK_NONE };

struct machine_facts {
	uint32_t facts;		/* enum machine_fact */
	uint32_t microcode;	/* revision; 0: the processor does not tell */
	uint32_t clock;		/* enum clock_reference: what the TSC was measured against */
	uint32_t warp_cpu;	/* the CPU whose TSC goes back most against CPU 0's */
	uint64_t warp;		/* by so many ticks; 0: none does */
	uint32_t bus_masters;	/* PCI functions that stay bus masters */
	uint32_t serial_source; /* enum serial_source */
	uint64_t serial_address;
	uint32_t cpus_lost;  /* enabled, but beyond what we can number */
	uint32_t acpi_notes; /* tables that were refused, or parts of them */
};
