/* SPDX-License-Identifier: BSD-2-Clause */
/* A line ends at its end, else before its last blanks, else where it is full. */
#include "console/wrap.h"

static size_t columns_of(char c)
{
	return c >= ' ' && c <= '~' ? 1 : sizeof("\\xNN") - 1;
}

size_t wrap_fill(const char *text, size_t length, size_t columns)
{
	size_t used = 0, count = 0;

	while (count < length && used + columns_of(text[count]) <= columns)
		used += columns_of(text[count++]);
	return count;
}

size_t wrap_words(const char *text, size_t length, size_t columns)
{
	size_t full = wrap_fill(text, length, columns), blank = full;

	if (full == length)
		return length;
	while (blank > 0 && text[blank] != ' ')
		blank--;
	while (blank > 0 && text[blank - 1] == ' ')
		blank--;
	return blank ? blank : full;
}

size_t wrap_length(const char *text, size_t columns)
{
	size_t length = 0;

	while (text[length] && text[length] != '\n')
		length++;
	return wrap_words(text, length, columns);
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
