/* SPDX-License-Identifier: BSD-2-Clause */
/* A line as it grows. */
#pragma once

#include <stdarg.h>

#include "lib/types.h"

struct text {
	char line[400];
	size_t used;
};

/* Appends; what does not fit is cut off. */
void text_add(struct text *text, const char *more, ...) printf_like(2, 3);
void text_vadd(struct text *text, const char *more, va_list args) printf_like(2, 0);

/* An exception, an interrupt: by its name, with what belongs to it. error: NULL where there are none. */
void text_add_vector(struct text *text, unsigned vector, const uint32_t *error, uint64_t dr6);
