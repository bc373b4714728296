/* SPDX-License-Identifier: BSD-2-Clause */
/* Which serial line the operator has, and how its driver is told of interrupts and time. */
#pragma once

struct boot_info;
struct machine_facts;

/* The first port that may be used: COM1, or what `serial=` on the command line says. Before all else. */
void serial_init(const struct boot_info *info);

/* ACPI, local APIC and clocks are up: SPCR's port if nobody said otherwise; interrupts, polling. CPU 0. */
void serial_start(void);

/* Which port it is, why that one, and whether it answers. */
void serial_describe(struct machine_facts *facts);
