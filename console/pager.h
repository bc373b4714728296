/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pager on: of what a typed command prints, a screenful is shown and the rest is held until a key says to go
 * on. A command that prints in steps is not stepped meanwhile. Nothing is held for a script, nor if something
 * is typed ahead: who does that does not read along.
 */
#pragma once

#include "lib/types.h"

enum { PAGER_ROWS = 24 }; /* of the terminal, whose size nobody tells us */

void pager_reset(void);

/* A typed command begins, and ends. */
void pager_begin(void);
void pager_end(void);

/* True if the line is held, or not wanted any more; false: it is to be printed. */
bool pager_take(const char *line, size_t length);

bool pager_is_holding(void);

enum pager_answer {
	PAGER_MORE,  /* the key was for the pager */
	PAGER_QUIT,  /* the rest is not wanted, nor what the command would go on to do */
	PAGER_TYPED, /* the key begins the next line: all that is held was printed */
};

/* A key (keys.h) while it is holding. */
enum pager_answer pager_key(int key);

/* Prints all that is held. */
void pager_release(void);
