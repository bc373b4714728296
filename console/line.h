/* SPDX-License-Identifier: BSD-2-Clause */
/* The line being typed: editing and history, without a byte of output. screen.h shows it. */
#pragma once

#include "console/history.h"

#define LINE_CLEAN ((size_t)-1)

enum line_result {
	LINE_EDITED,	/* or nothing happened */
	LINE_READY,	/* Enter: text is the command */
	LINE_INTERRUPT, /* Ctrl-C: the text is gone */
	LINE_COMPLETE,	/* TAB */
	LINE_REDRAW,	/* Ctrl-L */
};

struct line {
	size_t length, cursor;
	size_t dirty;  /* first index that changed since the screen was told, or LINE_CLEAN */
	bool overflow; /* something did not fit: the line is not to be executed */
	bool goes_on;  /* overflow: the latest of what did not fit is a \ that is not protected */
	bool bell;     /* the operator is to be told that a key did nothing */
	unsigned back; /* how far back in the history, 0: not */
	char text[LINE_SIZE];
	char draft[LINE_SIZE]; /* what was typed before the history was looked at */
};

void line_reset(struct line *line);
enum line_result line_key(struct line *line, struct history *history, int key);

/* Inserts at the cursor; what does not fit sets overflow. */
void line_insert(struct line *line, const char *text, size_t length);
