/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of the files that the loader brought are believed. */
#pragma once

#include "boot/boot_info.h"

/* The module of this name is the configuration, not an image. */
#define BOOT_CONFIG_NAME "freehold.conf"

/*
 * Adds the module [start, end) as an image, or as the configuration. Its name is the first word of
 * text[0..text_size). One that cannot be right is refused with a note; the others are not affected.
 * info->ranges, kernel_start and kernel_end must be final.
 */
void boot_add_module(struct boot_info *info, hpa_t start, hpa_t end, const char *text,
		     size_t text_size);
