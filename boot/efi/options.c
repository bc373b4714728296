/* SPDX-License-Identifier: BSD-2-Clause */
/* UEFI 2.10 3.1.3 "Load Options": OptionalData is not defined to be text, but all shells pass text. */
#include "boot/efi/options.h"

#include "lib/string.h"

static size_t word_length(const uint16_t *from, size_t count)
{
	size_t length = 0;

	while (length < count && from[length] != ' ' && from[length] != 0)
		length++;
	return length;
}

static bool is_program(const uint16_t *word, size_t length)
{
	static const char suffix[] = ".efi";
	const size_t size = sizeof(suffix) - 1;

	if (length < size)
		return false;
	for (size_t i = 0; i < size; i++) {
		if ((word[length - size + i] | (suffix[i] == '.' ? 0 : 0x20)) != suffix[i])
			return false;
	}
	return true;
}

bool options_convert(char *to, size_t size, const uint16_t *from, size_t count)
{
	size_t at = word_length(from, count);
	size_t length = 0;

	if (!is_program(from, at))
		at = 0;
	while (at < count && from[at] == ' ')
		at++;
	for (; at < count && from[at] != 0; at++) {
		if (from[at] < ' ' || from[at] > '~' || length == size - 1) {
			to[0] = '\0';
			return false;
		}
		to[length++] = (char)from[at];
	}
	to[length] = '\0';
	return true;
}
