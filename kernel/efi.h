/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UEFI's runtime services, where ACPI does not serve: the time of day, power-off and reset. They run in
 * ring 3, on CPU 0, in a space that maps their own regions at their physical addresses and nothing else,
 * each page either writable or executable. A service that faults, does what only ring 0 may, or does not
 * come back in time has failed, and nothing else has happened; it is not asked again.
 */
#pragma once

#include "drivers/efi.h"

struct trap_frame;

/* CPU 0, once it takes traps and the TSC's rate is known. Logs what there is, or why nothing is. */
void efi_init(void);

/* Unix seconds, UTC. False without the services, or if they do not tell. CPU 0 at boot. */
bool must_check efi_time(uint64_t *seconds);

/* Returns if there are no services, or if it did not work. CPU 0, the others stopped. */
void efi_reset(enum efi_reset_type type);

/*
 * From the traps while cpu->in_firmware: an exception of the service's, with its name and,
 * of #PF, the address; an interrupt meanwhile.
 */
void efi_fault(struct trap_frame *frame, const char *name, uint64_t address);
void efi_interrupt(struct trap_frame *frame, unsigned vector);
