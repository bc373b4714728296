/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the console answers: to a person by lines above a prompt, to a script (`mode script`) by the lines of
 * output and one last line, `ok` or `error CODE text`. News is a line `event ...`, never within an answer.
 */
#pragma once

#include "lib/types.h"

/* Why a command was refused or failed. Programs read the names: they are never changed, only added to. */
enum answer_code {
	CODE_RULE,    /* a rule of the object itself, as its text says */
	CODE_LINE,    /* what was typed is no line of commands */
	CODE_USAGE,   /* the words do not fit the command */
	CODE_NAME,    /* there is no object of that name */
	CODE_EXIST,   /* there is one already */
	CODE_STATE,   /* not in this state */
	CODE_BUSY,    /* something else goes on, or has it */
	CODE_MEMORY,  /* there is not enough */
	CODE_LIMIT,   /* a limit of this build */
	CODE_CONFIRM, /* --yes is missing */
	CODE_STOPPED, /* by Ctrl-C */
	CODE_TIMEOUT, /* what was waited for did not come */
	CODE_KERNEL,  /* the kernel refused, and should not have */
	CODE_START,   /* the VMM refused its guest, or failed before it let it run */
	CODE_COUNT,
};

/* ENAME and the like, and what it says, for the manual. */
struct answer_code_text {
	const char *name;
	const char *help;
};
extern const struct answer_code_text answer_codes[CODE_COUNT];

void answer_reset(void);

/* A script is at the other end: no echo, no prompt, no control sequence. */
bool answer_is_script(void);

/* A typed command begins, and ends: its last line is written. */
void answer_begin(void);
void answer_end(void);

/* A script's answer is being written, or a line for anybody: news waits. */
bool answer_is_open(void);

/* Begins a line that is written piece by piece, and ended by screen_end_line. */
void answer_begin_line(void);

/* A line of text as it is. */
void answer_print(const char *text, size_t length);

/* The same, for a person on as many as it takes: broken between words, those below the first are indented. */
void answer_print_wrapped(const char *text, size_t length);

/* An error, without the word "error". */
void answer_error(enum answer_code code, const char *text, size_t length);

/* A line of news. */
void answer_news(const char *text, size_t length);
