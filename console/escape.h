/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes as they are typed: \n \r \t \e \xNN, and \ before anything else makes it ordinary. */
#pragma once

#include "lib/types.h"

/*
 * One character of text[0..length), or an escape of several, into *byte. Returns how many characters it
 * took, 0 if there is none, or if \x has no two digits, or nothing follows the \.
 */
size_t must_check escape_take(const char *text, size_t length, uint8_t *byte);

/*
 * A whole word as it stands in the line, with its quotes, which are left out. False: an escape is none, or
 * there are more than capacity bytes; *size is not changed.
 */
bool must_check escape_decode(const char *raw, size_t length, uint8_t *to, size_t capacity,
			      size_t *size);
