/* SPDX-License-Identifier: BSD-2-Clause */
/* Switching the machine off and resetting it: the last thing that the kernel does. */
#pragma once

#include "drivers/port.h"

struct acpi_info;

/*
 * How to reach a register that the FADT puts into memory: one byte, uncached. NULL: such registers
 * are not used.
 */
typedef void (*power_write_memory_t)(uint64_t address, uint8_t value);

/*
 * ACPI S5. Returns if the machine is still on after a bounded wait, or has no S5. Other CPUs are
 * stopped already. CPU 0.
 */
void power_off(const struct port_ops *ports, const struct acpi_info *acpi,
	       power_write_memory_t write_memory);

/* Tries the FADT's reset register. Returns if there is none, or if it did not work after a bounded wait. */
void power_reset_acpi(const struct port_ops *ports, const struct acpi_info *acpi,
		      power_write_memory_t write_memory);

/*
 * Tries the chipset's CF9h and the keyboard controller in turn, with a bounded wait after each. Returns if
 * neither worked: the caller is left with a triple fault (power_triple_fault). Any CPU.
 */
void power_reset_legacy(const struct port_ops *ports);

/*
 * Shuts the processor down for good by an exception with an empty IDT; chipsets answer by a reset.
 */
noreturn void power_triple_fault(void);
