/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operator's screen: lines of text that scroll up, and below them the prompt with the line being
 * typed. Nobody else writes to the serial line, but an attached guest.
 */
#pragma once

#include "console/line.h"

enum { SCREEN_COLUMNS = 80 };

void screen_reset(void);

/* A script is at the other end: neither the prompt nor the line being typed is shown. */
void screen_set_plain(bool plain);

/*
 * Prints text and an end of line above the prompt. For answer.c and pager.c: who has a line to print says
 * text_print or text_print_bytes, or a script could not tell it from an answer's end. Bytes that are not
 * printable ASCII become \xNN.
 */
void screen_put_line(const char *text, size_t length);

/*
 * A line that is written piece by piece, by screen_write_raw: until its end nothing else may be printed,
 * and what is typed is not shown.
 */
void screen_begin_line(void);
void screen_end_line(void);
bool screen_is_in_line(void);

/* Bytes as they are: control sequences of our own, or an attached guest's. */
void screen_write_raw(const void *data, size_t size);

/* What stands before the line being typed: nothing while a command runs. text is kept by the caller. */
void screen_set_prompt(const char *text);

/* Brings the prompt and the line up to date, if something changed. */
void screen_refresh(struct line *line);

/* Takes the prompt and the line away. */
void screen_hide(void);

/* Leaves the line as it stands and goes on below it. */
void screen_commit(struct line *line);

/*
 * Begins a line on a terminal that a guest may have left in any state. A script has no terminal: it gets the
 * line's end alone.
 */
void screen_restore(void);

/* Clears all; the next refresh draws anew. A script sees nothing of it. */
void screen_clear(void);
