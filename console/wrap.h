/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a text is broken into lines. */
#pragma once

#include "lib/types.h"

/*
 * How much of it makes the first line: up to its end, to the last blank at which it fits, or as much of a
 * long word as does.
 */
size_t wrap_length(const char *text, size_t columns);

/* What follows that line: the blanks or the line's end are gone. */
const char *wrap_next(const char *text, size_t length);
