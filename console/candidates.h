/* SPDX-License-Identifier: BSD-2-Clause */
/* What a word can become: the texts that begin with it, each once, in order, and what they have in common. */
#pragma once

#include "lib/types.h"

enum { CANDIDATES = 256, CANDIDATES_TEXT = 8192 };

struct candidates {
	const char *word; /* what is typed of it; kept by the caller */
	size_t length;
	unsigned found;
	unsigned kept; /* of them; the others are only counted */
	bool ends;     /* a blank may follow the latest */
	bool optional; /* there are some that can be left out: where nothing is typed yet none is put */
	size_t common; /* of the first one's text: it begins all of them */
	const char *first;
	const char *kept_text[CANDIDATES]; /* sorted */
	size_t used;
	char text[CANDIDATES_TEXT];
};

/* word: of `length` characters, and a terminator. */
void candidates_begin(struct candidates *candidates, const char *word, size_t length);

/* The first `length` characters of the word stand, and what follows is to be completed. */
void candidates_skip(struct candidates *candidates, size_t length);

/* A text that could stand there; it is copied. Counts if it begins with the word and is new. */
void candidates_offer(struct candidates *candidates, const char *text, bool ends);

/* Prints them in columns. */
void candidates_show(const struct candidates *candidates);
