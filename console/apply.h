/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes a configuration the running one, in steps of the main loop, or leaves all as it was: what fails is
 * undone. A partition that must be made anew for it keeps its console ring; all others go on untouched.
 */
#pragma once

#include "console/config.h"

void apply_reset(void);

/*
 * Begins. The configuration becomes apply's, whatever follows; it was checked (check.h). done is called at
 * the end, with true if it is the running one now. False, after an error was printed: there is no memory.
 */
bool must_check apply_begin(struct config *target, void (*done)(bool applied));

/*
 * The same with what was before: of those that are made again, the ones that ran then are started. What
 * cannot be had again is left out, and done is called with false.
 */
bool must_check apply_restore(struct config *target, void (*done)(bool applied));

/* Nobody waits for it any more: its errors are news. Those of what was before are so from the beginning. */
void apply_let_go(void);

bool apply_is_busy(void);

/* The same for a command that needs the end of it: false after an error was printed. */
bool must_check apply_check_idle(void);

/*
 * After a restart of the console: what was being applied is undone, as far as it can be; an undoing goes on.
 * False if there was nothing; else done follows, as for apply_restore.
 */
bool apply_adopt(void (*done)(bool applied));

/* What the latest one did besides what was asked for, as a sentence's end: "; v was made anew", or "". */
enum { APPLY_TOLD = 384 };
void apply_tell(char to[APPLY_TOLD]);

/* Goes on. True if there is more to do at once. */
bool apply_step(void);

/* Whether this partition must be made anew, or is not there any more, to be as the configuration says. */
bool apply_must_leave(const struct partition *partition, const struct config *target);
