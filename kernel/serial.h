/* SPDX-License-Identifier: BSD-2-Clause */
/* Which serial line the operator has, and how its driver is told of interrupts and time. */
#pragma once

struct boot_info;
struct machine_facts;

/* For what goes wrong early: the port that `serial=` on the command line says, or COM1. Before all else. */
void serial_init(const struct boot_info *info);

/*
 * ACPI, local APIC and clocks are up: of the command line's port, SPCR's and COM1 the
 * first that answers is the operator's; the log lists all. Interrupts, polling. CPU 0.
 */
void serial_start(void);

/* Which port it is, why that one, and whether it answers. */
void serial_describe(struct machine_facts *facts);
