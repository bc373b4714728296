/* SPDX-License-Identifier: BSD-2-Clause */
/* A word that is longer than the line stays whole: whoever prints it breaks it. */
#include "console/wrap.h"

size_t wrap_length(const char *text, size_t columns)
{
	size_t length = 0, blank = 0;

	for (; text[length] && text[length] != '\n' && length <= columns; length++) {
		if (text[length] == ' ')
			blank = length;
	}
	if (length <= columns)
		return length;
	if (blank)
		return blank;
	while (text[length] && text[length] != '\n' && text[length] != ' ')
		length++;
	return length;
}

const char *wrap_next(const char *text, size_t length)
{
	return text + length + (text[length] != '\0');
}
