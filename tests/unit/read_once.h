/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Aborts where a byte of guest memory that decided something is read a second time (THREATS 3.3): of the
 * instruction, of its operands, of a page-table entry on its level. The harness is linked with
 * `-Wl,--wrap=walk`, so that each walk is seen as one.
 */
#pragma once

#include "lib/types.h"

/* From here on the instruction is fetched: each byte of code once, whatever is done with the tables. */
void read_once_fetch(gpa_t code, size_t length);

/*
 * From here on it is carried out. sides: how many operands in memory it reads; is_string: it has many
 * elements, and translates their pages again as it goes on.
 */
void read_once_execute(unsigned sides, bool is_string);

/* From here on a walk reads one entry a level, and for the rest there is no rule. */
void read_once_walks(void);
