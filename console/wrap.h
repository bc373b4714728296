/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a text is broken into lines. */
#pragma once

#include "lib/types.h"

/* How much of it makes the first line: up to its end, or to the last blank at which it fits. */
size_t wrap_length(const char *text, size_t columns);

/* What follows that line: the blank or the line's end is gone. */
const char *wrap_next(const char *text, size_t length);
