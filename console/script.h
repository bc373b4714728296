/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a file of commands: joins lines that end in \, drops lines of comment, and knows where each
 * command began. What the bytes mean is for words.h.
 */
#pragma once

#include "lib/types.h"

enum { SCRIPT_LINE = 4096 };

struct script {
	const char *text;
	size_t size, at;
	unsigned line; /* that follows, from 1 */
};

struct script_line {
	unsigned line; /* where it began */
	bool too_long; /* text is then cut */
	size_t length;
	char text[SCRIPT_LINE];
};

void script_open(struct script *script, const char *text, size_t size);

/* The next command that is not blank. False at the end. */
bool script_next(struct script *script, struct script_line *line);
