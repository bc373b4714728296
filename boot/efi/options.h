/* SPDX-License-Identifier: BSD-2-Clause */
/* From what firmware hands to an application as text to ours. Pure. */
#pragma once

#include "lib/types.h"

/*
 * Turns load options (count characters of UCS-2, ended by a 0 or by count) into a command line of
 * at most size bytes, terminated. A first word that ends in ".efi" is the program, as a shell puts it there,
 * and is left out. False, and an empty line, if they are no printable ASCII, or too long: load
 * options may be anything, a boot manager's private data, too.
 */
bool must_check options_convert(char *to, size_t size, const uint16_t *from, size_t count);
