/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands that were typed, for the arrow keys: a fixed number of lines, the oldest make room. */
#pragma once

#include "lib/types.h"

enum {
	HISTORY_LINES = 32,
	LINE_SIZE = 1024, /* of a typed line, with the terminator */
};

struct history {
	char lines[HISTORY_LINES][LINE_SIZE];
	unsigned count; /* lines ever added */
};

/* Empty lines and repetitions of the latest are not kept. text is shorter than LINE_SIZE. */
void history_add(struct history *history, const char *text);

/* The line that was added `back` lines ago (1: the latest), or NULL. */
const char *history_get(const struct history *history, unsigned back);
