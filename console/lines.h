/* SPDX-License-Identifier: BSD-2-Clause */
/* A ring's output cut into lines. A line ends with \n, at a start of the guest, or after LINES_TEXT bytes. */
#pragma once

#include "console/boots.h"
#include "console/ring.h"

enum { LINES_TEXT = 400 };

struct lines {
	const struct ring *ring;
	const struct boots *boots;
	uint64_t position; /* of the output: what is before it has been taken */
	uint64_t begin;	   /* where the line that is in text begins */
	uint64_t lost; /* bytes that were overwritten before they could be taken, up to a line's begin */
	bool taken; /* text was handed out: the next byte begins another */
	bool cut;   /* the line in text is the rest of one, too long or its begin overwritten */
	bool cut_next;
	size_t length;
	char text[LINES_TEXT + 1];
};

void lines_open(struct lines *lines, const struct ring *ring, const struct boots *boots,
		uint64_t position);

/*
 * Takes bytes before `end` until a line is whole: true, and text has it, without \n and the \r on both its
 * sides, and with a terminator, until the next call. False: text has what there is of the next one.
 */
bool must_check lines_next(struct lines *lines, uint64_t end);

/* Takes the line as it is so far. False: there is nothing of it. */
bool must_check lines_rest(struct lines *lines);
