/* SPDX-License-Identifier: BSD-2-Clause */
/* Cuts a command line into words: blanks part them, "…" and \ keep what they protect, # ends the line. */
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
	WORDS_BYTE,
};

struct words {
	unsigned count;
	const char *word[WORDS_MAX];
	char text[WORDS_TEXT];
};

/* Splits line[0..length). Anything but printable ASCII and tabs is WORDS_BYTE. On error words is empty. */
enum words_error must_check words_split(struct words *words, const char *line, size_t length);

/* The rule that was broken, for the operator. */
const char *words_error_text(enum words_error error);
