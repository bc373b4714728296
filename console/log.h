/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's log as the operator sees it: whole at the start and on demand, else warnings and worse. */
#pragma once

#include "lib/types.h"

void log_reset(void);

/* Prints the whole log; from then on only what is new is looked at. */
void log_show_all(void);

/* The same in steps: begin, and then step until it returns false. */
void log_show_begin(void);
bool log_show_step(void);

/* Prints the new lines that are warnings or errors. Not while a guest is attached. True if there is more. */
bool log_follow(void);
