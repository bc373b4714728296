/* SPDX-License-Identifier: BSD-2-Clause */
/* Which notation a command's output has: text for people, or with --json one line of JSON. */
#pragma once

#include "console/json.h"

void notation_reset(void);

/* JSON, until notation_end. Nothing is written before there is something to write. */
void notation_begin_json(void);

bool notation_is_json(void);

/*
 * The writer, with the outermost object open. NULL: text is wanted, or the JSON has ended, which it does at
 * the first error, so that it is valid; what would follow is left out.
 */
struct json *notation_json(void);

/* Closes what is open: an error is to be printed. */
void notation_close(void);

/* The command is done: text again. */
void notation_end(void);
