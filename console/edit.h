/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The candidate: a configuration that the operator changes with the commands that change the running one, and
 * makes that one at a stroke. Earlier ones are kept, and one that nobody confirms in time goes away again.
 */
#pragma once

#include "console/config.h"

void edit_reset(void);

/* Finds what an instance before this one was at, and goes on: what it was applying is undone. */
void edit_adopt(void);

/* NULL: none is open. */
const struct config *edit_candidate(void);

/* Host TSC: when a configuration goes away that was not confirmed; 0: none does. */
uint64_t edit_deadline(void);

/* Does what is due. */
void edit_turn(void);
