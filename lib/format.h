/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small printf: %c %s %d %i %u %x %X %p %% with flags '-', '0', a width, a precision for %s, and
 * l, ll, z.
 */
#pragma once

#include <stdarg.h>

#include "lib/types.h"

/*
 * Writes at most size bytes into to, always terminated if size > 0. Returns the length of the text
 * that was stored, without the terminator: never size or more.
 */
size_t format(char *to, size_t size, const char *text, ...) printf_like(3, 4);
size_t vformat(char *to, size_t size, const char *text, va_list args) printf_like(3, 0);
