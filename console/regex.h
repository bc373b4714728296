/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regular expressions over a stream of bytes: literals . [] [^] ^ $ * + ? ( | ) and \ with escape.h's
 * escapes. ^ and $ are the ends of a line; . is any byte but those that end one. What other languages have
 * besides, as \d and {2}, is refused rather than taken literally.
 *
 * An expression becomes a nondeterministic automaton of at most REGEX_NODES nodes, all of whose states are
 * followed at once (Thompson, "Regular Expression Search Algorithm"): a byte costs at most a few steps for
 * each node, whatever the expression and the text.
 */
#pragma once

#include "lib/types.h"

enum { REGEX_NODES = 256, REGEX_SETS = 16, REGEX_DEPTH = 16 };

enum regex_kind {
	REGEX_BYTE,
	REGEX_ANY,
	REGEX_SET,
	REGEX_LINE_START,
	REGEX_LINE_END,
	REGEX_JUMP,  /* to `to` */
	REGEX_SPLIT, /* to the next node and to `to` */
	REGEX_MATCH,
};

struct regex_node {
	uint8_t kind; /* enum regex_kind */
	uint8_t arg;  /* the byte, or the set's index */
	int16_t to;   /* where else it goes on, relative to itself */
};

struct regex {
	unsigned count, sets;
	struct regex_node node[REGEX_NODES];
	uint8_t set[REGEX_SETS][32]; /* a bit for each byte */
};

/* NULL, or the rule that the text breaks; *at is then the place in it, length if it is about the whole. */
const char *must_check regex_compile(struct regex *regex, const char *text, size_t length,
				     size_t *at);

/* Where a search stands: the nodes that wait for the next byte. */
struct regex_search {
	bool line_start;
	unsigned count;
	uint16_t waiting[REGEX_NODES];
};

/* A search begins, at the begin of a line. True if the expression matches nothing at all, that is, here. */
bool regex_begin(const struct regex *regex, struct regex_search *search);

/*
 * The next byte. True once something that ends before it ($) or with it matches; the search is over then,
 * and *used says whether the byte belongs to what was searched.
 */
bool must_check regex_feed(const struct regex *regex, struct regex_search *search, uint8_t byte,
			   bool *used);
