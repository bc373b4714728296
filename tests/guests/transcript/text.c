/* SPDX-License-Identifier: BSD-2-Clause */
/* See text.h. */
#include "tests/guests/transcript/text.h"

#include "lib/format.h"

void text_vadd(struct text *text, const char *more, va_list args)
{
	text->used += vformat(text->line + text->used, sizeof(text->line) - text->used, more, args);
}

void text_add(struct text *text, const char *more, ...)
{
	va_list args;

	va_start(args, more);
	text_vadd(text, more, args);
	va_end(args);
}
