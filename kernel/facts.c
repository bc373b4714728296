/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's facts for the console: what was noted at boot, and what a register tells now. */
#include "kernel/facts.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "kernel/machine.h"
#include "kernel/serial.h"

struct machine_facts machine_facts;

/* SDM 3A 10.11.7.1: in the high half, where CPUID puts it. AMD: in the low one. */
static uint32_t microcode(void)
{
	uint64_t value = 0;

	if (cpu_features.vendor == CPU_VENDOR_INTEL) {
		(void)!msr_write_safe(MSR_BIOS_SIGN_ID, 0);
		(void)cpuid(1, 0);
	}
	if (!msr_read_safe(MSR_BIOS_SIGN_ID, &value))
		return 0;
	return (uint32_t)(cpu_features.vendor == CPU_VENDOR_INTEL ? value >> 32 : value);
}

void facts_describe(struct machine_facts *facts)
{
	const struct acpi_info *acpi = &machine.acpi;

	*facts = machine_facts;
	facts->facts |= (acpi->present ? FACT_ACPI : 0u) | (apic_is_x2apic() ? FACT_X2APIC : 0u) |
			(acpi->dmar.address ? FACT_DMAR : 0u) |
			(acpi->ivrs.address ? FACT_IVRS : 0u) | (machine.boot_wall ? FACT_RTC : 0u);
	facts->microcode = microcode();
	facts->cpus_lost = acpi->cpus_lost;
	facts->acpi_notes = acpi->note_count + acpi->notes_lost;
	serial_describe(facts);
}
