/* SPDX-License-Identifier: BSD-2-Clause */
/* Taking the memory map and the machine from the firmware. */
#pragma once

#include <efi.h>

#include "boot/efi/info.h"

enum exit_result {
	EXIT_DONE,
	EXIT_NO_MAP, /* the firmware gave no map, and is as it was */
	EXIT_STUCK,  /* it has let go in part: nothing may be asked of it any more */
};

/* The room for the map, in bytes. */
struct exit_map {
	uint8_t *bytes;
	UINTN room;
};

/*
 * Leaves boot services and ends info, with the map as it is then. info has room for it; nothing is
 * allocated here.
 */
enum exit_result must_check exit_boot_services(EFI_BOOT_SERVICES *services, EFI_HANDLE image,
					       const struct exit_map *map, struct info_writer *info);
