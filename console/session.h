/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who gets what is typed: the prompt, a question, the running command's interrupt, or an attached
 * guest. Commands are executed one after the other: freehold.conf's first, then what was typed.
 */
#pragma once

#include "lib/types.h"

void session_reset(void);

/* What stands before a line; NULL: as ever. The text is kept by the caller. */
void session_set_prompt(const char *text);

/* Executes text, of size bytes, as a script. It must stay where it is. */
void session_run_script(const char *text, size_t size);

enum session_answer { SESSION_DONE, SESSION_AGAIN, SESSION_WAIT };

/*
 * The running command goes on: step is called until it says SESSION_DONE (SESSION_WAIT: after the next
 * event). Ctrl-C calls interrupt, if there is one, which returns true if the command ends there.
 */
void session_continue(enum session_answer (*step)(void), bool (*interrupt)(void));

/* When the running command has ended without an error, this one follows, as part of it. */
void session_then(const char *command);

/* Somebody gave the command of this line (0: typed) who can be asked: no file, and no script. */
bool session_has_person(unsigned line);

/* Asks that person; on y or yes calls it. The invocation of the running command stays valid until then. */
void session_ask(const char *question, void (*yes)(void));

/* The key that detaches was typed. What came before it is void, as with Ctrl-C. */
bool session_take_key(void);

/* Something was typed that is not used yet. */
bool session_is_typed_ahead(void);

/*
 * Partitions are about to change under the operator's hands: detaches, and ends the running command as Ctrl-C
 * does; a question is void. False if that command cannot be ended; it will end soon.
 */
bool session_break_off(const char *why);

/* Does what can be done now. True if there is more to be done at once. */
bool session_turn(void);

/* The prompt is shown and a line is awaited. */
bool session_is_idle(void);
