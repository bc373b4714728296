/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration and the images, from the volume that freehold.efi was loaded from. */
#pragma once

#include <efi.h>

#include "boot/boot_info.h"

/* The configuration and the images, in the order of the folder. */
struct files {
	uint32_t count;
	struct boot_module files[BOOT_MAX_MODULES];
};

/*
 * Reads \freehold\freehold.conf and every file of \freehold\images below 4 GiB. An image's name is
 * its file's. One that cannot be had has size 0: a server's other guests are worth starting. False if
 * there is no configuration. What and why has been said.
 */
bool must_check files_read(EFI_LOADED_IMAGE *loaded, struct files *files);
