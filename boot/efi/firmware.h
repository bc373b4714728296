/* SPDX-License-Identifier: BSD-2-Clause */
/* What we ask of the firmware while it is there: a screen and memory. Not after boot services. */
#pragma once

#include <efi.h>

#include "lib/types.h"

/* Must come first. */
void firmware_init(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

EFI_HANDLE firmware_image(void);
EFI_SYSTEM_TABLE *firmware_table(void);
EFI_BOOT_SERVICES *firmware_services(void);

/* Says one line, of less than 160 characters, on the firmware's console. */
void firmware_say(const char *text, ...) printf_like(1, 2);

/* Says text as it is, without ending the line. */
void firmware_say_part(const char *text);

/* size bytes of whole pages below 4 GiB, or 0. They are ours until firmware_free_all. */
hpa_t firmware_allocate(uint64_t size);

/* The same at a place; false if that is not free. */
bool firmware_allocate_at(hpa_t place, uint64_t size);

/* Gives the latest allocation back. */
void firmware_free_last(void);

/* Gives back all that was allocated: for the way back to the firmware. */
void firmware_free_all(void);
