/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds key=value words on the kernel's command line. */
#include "boot/option.h"

#include "lib/string.h"

static size_t word_length(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0' && text[length] != ' ')
		length++;
	return length;
}

/*
 * The value of the word if it has this key, else NULL. Points at the word's end if it has no value.
 */
static const char *word_value(const char *word, size_t length, const char *key)
{
	size_t key_length = strlen(key);

	if (length < key_length || memcmp(word, key, key_length) != 0)
		return NULL;
	if (length == key_length)
		return word + length;
	return word[key_length] == '=' ? word + key_length + 1 : NULL;
}

enum boot_option boot_option(const struct boot_info *info, const char *key, char *value, size_t size)
{
	enum boot_option found = BOOT_OPTION_ABSENT;
	const char *word = info->cmdline;

	value[0] = '\0';
	while (*word != '\0') {
		size_t length = word_length(word);
		const char *text = word_value(word, length, key);

		if (text) {
			size_t rest = (size_t)(word + length - text);
			size_t kept = MIN(rest, size - 1);

			memcpy(value, text, kept);
			value[kept] = '\0';
			found = kept < rest ? BOOT_OPTION_CUT : BOOT_OPTION_SET;
		}
		word += length;
		while (*word == ' ')
			word++;
	}
	return found;
}

bool boot_option_is(const struct boot_info *info, const char *key, const char *word)
{
	char value[16];

	return boot_option(info, key, value, sizeof(value)) == BOOT_OPTION_SET &&
	       !strcmp(value, word);
}
