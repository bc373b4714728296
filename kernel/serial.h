/* SPDX-License-Identifier: BSD-2-Clause */
/* Which serial line the operator has, and how its driver is told of interrupts and time. */
#pragma once

struct boot_info;

/* The first port that may be used: COM1, or what `serial=` on the command line says. Before all else. */
void serial_init(const struct boot_info *info);

/* ACPI, local APIC and clocks are up: SPCR's port if nobody said otherwise; interrupts, polling. CPU 0. */
void serial_start(void);
