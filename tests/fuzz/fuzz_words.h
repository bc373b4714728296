/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text for the console's harnesses: bytes that stand for themselves, and bytes that stand for one of the
 * console's words, so that a change of one byte makes another command of a line and not another letter.
 */
#pragma once

#include <stdint.h>
#include <string.h>

#include "console/command.h"
#include "lib/types.h"

/* The first of two bytes: which table; the second: which word. WORD_RAW: the second stands for itself. */
enum { WORD_COMMAND = 0xf8, WORD_KEY, WORD_FLAG, WORD_VALUE, WORD_NAME, WORD_RAW };

/* Values of all kinds, good and bad ones, and second words. */
static const char *const fuzz_values[] = {
	"1",	     "2",	   "0",		"64",	      "65",	     "4096",	  "2M",
	"54M",	     "64M",	   "1G",	"4T",	      "tiny",	     "kernel",	  "initrd",
	"lost",	     "1-2",	   "3",		"0-3",	      "2,1",	     "\"a b\"",	  "linux",
	"flat",	     "pvh",	   "multiboot", "multiboot2", "on",	     "off",	  "5s",
	"1m",	     "2s",	   "10",	"/login: $/", "/x+|[a-c]?/", "\"ls\\n\"", "never",
	"always",    "on-failure", "lossless",	"drop",	      "64K",	     "human",	  "script",
	"confirmed", "vcpu",	   "cpuid",	"msrs",	      "^a",	     "--",
};

static const char *const fuzz_names[] = {"a", "b", "c", "web", "all", "candidate", "running", "d"};

/* The keys of all commands, one command's behind the other's. */
static inline const char *fuzz_key(unsigned which)
{
	unsigned count = 0;

	for (unsigned i = 0; i < command_count; i++)
		count += commands[i].keys ? commands[i].keys->count : 0;
	which %= count;
	for (unsigned i = 0; i < command_count; i++) {
		unsigned keys = commands[i].keys ? commands[i].keys->count : 0;

		if (which < keys)
			return commands[i].keys->keys[which].name;
		which -= keys;
	}
	return "";
}

static inline const char *fuzz_word(uint8_t table, unsigned which)
{
	switch (table) {
	case WORD_COMMAND:
		which %= command_count + command_alias_count;
		return which < command_count ? commands[which].name
					     : command_aliases[which - command_count].name;
	case WORD_KEY:
		return fuzz_key(which);
	case WORD_FLAG:
		return command_flags[which % command_flag_count].name;
	case WORD_VALUE:
		return fuzz_values[which % ARRAY_SIZE(fuzz_values)];
	default:
		return fuzz_names[which % ARRAY_SIZE(fuzz_names)];
	}
}

/* What follows it: a key has its value at once. */
static inline char fuzz_after(uint8_t table)
{
	return table == WORD_KEY ? '=' : ' ';
}

/* Writes what data means to `to`, as far as it has room; returns how much. */
static inline size_t fuzz_expand(const uint8_t *data, size_t size, uint8_t *to, size_t room)
{
	size_t length = 0;

	for (size_t i = 0; i < size && length < room; i++) {
		const char *word;
		size_t word_length;

		if (data[i] < WORD_COMMAND || data[i] > WORD_RAW || i + 1 == size) {
			to[length++] = data[i];
			continue;
		}
		i++;
		if (data[i - 1] == WORD_RAW) {
			to[length++] = data[i];
			continue;
		}
		word = fuzz_word(data[i - 1], data[i]);
		word_length = MIN(strlen(word), room - length);
		memcpy(to + length, word, word_length);
		length += word_length;
		if (length < room)
			to[length++] = (uint8_t)fuzz_after(data[i - 1]);
	}
	return length;
}
