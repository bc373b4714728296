/* SPDX-License-Identifier: BSD-2-Clause */
/* Bounded string copies and number parsing. */
#include "lib/copy.h"

#include "lib/string.h"

bool str_copy(char *to, size_t size, const char *text)
{
	size_t length = strnlen(text, size);
	bool fits = length < size;

	if (!fits)
		length = size - 1;
	memcpy(to, text, length);
	to[length] = '\0';
	return fits;
}

bool str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* 16 and above: not a digit of any base. */
static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

bool str_to_u64(const char *text, size_t length, uint64_t *value)
{
	unsigned base = 10;
	uint64_t sum = 0;
	size_t at = 0;

	if (length > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		at = 2;
	}
	if (at == length)
		return false;
	for (; at < length; at++) {
		unsigned digit = digit_value(text[at]);

		if (digit >= base || __builtin_mul_overflow(sum, base, &sum) ||
		    __builtin_add_overflow(sum, digit, &sum))
			return false;
	}
	*value = sum;
	return true;
}
