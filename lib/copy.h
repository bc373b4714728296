/* SPDX-License-Identifier: BSD-2-Clause */
/* Bounded string copies and number parsing whose names do not collide with the C library's. */
#pragma once

#include "lib/types.h"

/* Copies text into to (size bytes, size > 0), always terminates. Returns false if it had to cut. */
bool str_copy(char *to, size_t size, const char *text);

/* True if text begins with prefix. */
bool str_starts(const char *text, const char *prefix);

/*
 * Parses an unsigned number: decimal, or hexadecimal with 0x. The whole of text[0..length) must be
 * digits; no sign, no space. Returns false on overflow or any other byte; *value is then untouched.
 */
bool must_check str_to_u64(const char *text, size_t length, uint64_t *value);
