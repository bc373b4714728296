/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers beyond the GPRs that a shot may change: noted before it, told and put back after it. */
#pragma once

#include "lib/types.h"

struct text;

enum { STATE_MAX = 24 };

struct state {
	uint64_t value[STATE_MAX];
};

/* DS, ES, FS and GS are set to what both CPLs can have. */
void state_note(struct state *state);

/* Appends " name=value" for each that is not as noted, and puts it back. */
void state_restore(const struct state *state, struct text *text);
