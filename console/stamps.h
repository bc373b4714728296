/* SPDX-License-Identifier: BSD-2-Clause */
/* When the lines of a ring's output began: its stamps, read from the oldest to the newest. */
#pragma once

#include "console/ring.h"

struct stamps {
	const struct ring *ring;
	uint64_t next; /* index of the stamp that is looked at next */
	bool has;      /* one was found that lies at or before the latest position */
	uint64_t unit; /* its time */
};

void stamps_open(struct stamps *stamps, const struct ring *ring);

/*
 * The host's TSC at which the line at position began, not later than `now`; false if that is not known any
 * more. Positions are asked for in ascending order.
 */
bool stamps_find(struct stamps *stamps, uint64_t position, uint64_t now, uint64_t *tsc);
