/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads commands from lines: joins those that end in \, drops lines of comment, and for a file knows where
 * each command began. What the bytes mean is for words.h.
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
	bool begun;    /* a line that is not blank was added, and the command goes on */
	bool quoted;   /* at the end of what was added */
	size_t length;
	char text[SCRIPT_LINE];
};

void script_begin_line(struct script_line *line);

/* Adds a line without its end. True if the command is complete; false if it goes on, or has not begun. */
bool script_add_line(struct script_line *line, const char *text, size_t length);

void script_open(struct script *script, const char *text, size_t size);

/* The next command that is not blank. False at the end. */
bool script_next(struct script *script, struct script_line *line);
