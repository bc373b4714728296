/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a text is broken into lines. */
#pragma once

#include "lib/types.h"

/* How many bytes of a text fit into so many columns. What is not printable is shown as \xNN there. */
size_t wrap_fill(const char *text, size_t length, size_t columns);

/* The same, but a line that does not fit as a whole ends before the last blanks at which it does. */
size_t wrap_words(const char *text, size_t length, size_t columns);

/*
 * How much of it makes the first line: up to its end, to the last blank at which it fits, or as much of a
 * long word as does.
 */
size_t wrap_length(const char *text, size_t columns);

/* What follows that line: the blanks or the line's end are gone. */
const char *wrap_next(const char *text, size_t length);
