/* SPDX-License-Identifier: BSD-2-Clause */
/* Where UEFI's runtime services live. */
#pragma once

#include "boot/boot_info.h"

/*
 * Takes the regions with the runtime attribute from a memory map of the firmware's: size bytes of
 * descriptors, each descriptor_size long. What is wrong with it is noted, and then there are none.
 */
void efi_map_read(struct boot_info *out, const uint8_t *map, size_t size, uint32_t descriptor_size);
