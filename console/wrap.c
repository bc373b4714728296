/* SPDX-License-Identifier: BSD-2-Clause */
/* A line ends at its end, else before its last blanks, else where it is full. */
#include "console/wrap.h"

size_t wrap_length(const char *text, size_t columns)
{
	size_t length = 0, blank = 0;

	for (; text[length] && text[length] != '\n' && length <= columns; length++) {
		if (length && text[length] == ' ' && text[length - 1] != ' ')
			blank = length;
	}
	if (length <= columns)
		return length;
	return blank ? blank : columns;
}

const char *wrap_next(const char *text, size_t length)
{
	text += length;
	if (*text == '\n')
		return text + 1;
	while (*text == ' ')
		text++;
	return text;
}
