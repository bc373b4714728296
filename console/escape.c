/* SPDX-License-Identifier: BSD-2-Clause */
/* The escapes are C's, as far as a terminal needs them. */
#include "console/escape.h"

static const struct {
	char letter;
	uint8_t byte;
} letters[] = {{'n', '\n'}, {'r', '\r'}, {'t', '\t'}, {'e', 0x1b}};

/* 16: it is none. */
static unsigned hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

static size_t take_hex(const char *text, size_t length, uint8_t *byte)
{
	unsigned high = length > 2 ? hex_digit(text[2]) : 16;
	unsigned low = length > 3 ? hex_digit(text[3]) : 16;

	if (high == 16 || low == 16)
		return 0;
	*byte = (uint8_t)(high << 4 | low);
	return 4;
}

size_t escape_take(const char *text, size_t length, uint8_t *byte)
{
	if (length == 0 || (text[0] == '\\' && length == 1))
		return 0;
	if (text[0] != '\\') {
		*byte = (uint8_t)text[0];
		return 1;
	}
	if (text[1] == 'x')
		return take_hex(text, length, byte);
	*byte = (uint8_t)text[1];
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
		if (letters[i].letter == text[1])
			*byte = letters[i].byte;
	}
	return 2;
}

bool escape_decode(const char *raw, size_t length, uint8_t *to, size_t capacity, size_t *size)
{
	size_t used = 0;

	for (size_t at = 0; at < length;) {
		uint8_t byte;
		size_t taken = escape_take(raw + at, length - at, &byte);

		if (taken == 0)
			return false;
		at += taken;
		if (taken == 1 && byte == '"')
			continue;
		if (used == capacity)
			return false;
		to[used++] = byte;
	}
	*size = used;
	return true;
}
