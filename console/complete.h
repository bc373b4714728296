/* SPDX-License-Identifier: BSD-2-Clause */
/* TAB: completes the word before the cursor from the command table and from what exists. */
#pragma once

#include "console/line.h"

/*
 * Inserts what all candidates share. If that is nothing, prints them. before: what earlier lines gave of the
 * command, size characters.
 */
void complete_line(struct line *line, const char *before, size_t size);
