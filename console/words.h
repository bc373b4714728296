/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cuts a command line into words: blanks part them, "…" and \ keep what they protect, # ends the line. A
 * word that begins with / goes to the next / as it stands, blanks, quotes and \ included: \/ does not end it.
 */
#pragma once

#include "lib/types.h"

enum {
	WORDS_MAX = 32,
	WORDS_TEXT = 4096, /* bytes of all words with their terminators */
};

enum words_error {
	WORDS_OK,
	WORDS_TOO_MANY,
	WORDS_TOO_LONG,
	WORDS_QUOTE,
	WORDS_ESCAPE,
	WORDS_SLASH,
	WORDS_BYTE,
};

struct words {
	unsigned count;
	const char *word[WORDS_MAX];
	/* The same as it was typed, quotes and \ included; in the caller's line, without a terminator. */
	const char *raw[WORDS_MAX];
	size_t raw_length[WORDS_MAX];
	char text[WORDS_TEXT];
};

/* Splits line[0..length). Anything but printable ASCII and tabs is WORDS_BYTE. On error words is empty. */
enum words_error must_check words_split(struct words *words, const char *line, size_t length);

/* The rule that was broken, for the operator. */
const char *words_error_text(enum words_error error);
