/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notes: what was wrong at boot but not fatal, kept as texts until there is a log to write them to.
 */
#pragma once

#include "boot/boot_info.h"

/*
 * Adds a note, cut to BOOT_NOTE_SIZE. When the array is full, counts it in info->notes_lost
 * instead.
 */
void boot_note(struct boot_info *info, const char *text, ...) printf_like(2, 3);

/*
 * Copies from[0..from_size), which ends at its first NUL or at from_size, into to, always
 * terminated. What is not printable ASCII becomes '?'; that and a missing terminator or a cut are
 * noted as what's.
 */
void boot_copy_text(struct boot_info *info, const char *what, char *to, size_t to_size,
		    const char *from, size_t from_size);
