/* SPDX-License-Identifier: BSD-2-Clause */
/* The flight recorder: the last exits of a vCPU, written at each exit, read when something went wrong. */
#pragma once

#include "lib/types.h"

enum { RECORDER_SIZE = 64 };

struct recorder_entry {
	uint64_t rip;
	uint64_t info; /* the hardware's qualification */
	uint64_t tsc;
	uint32_t code; /* the hardware's exit number */
	uint32_t kind; /* enum vm_exit_kind */
};

struct recorder {
	uint32_t next;
	struct recorder_entry entries[RECORDER_SIZE];
};

/* The next entry to fill in: each field is written once, in place. */
static inline struct recorder_entry *recorder_next(struct recorder *r)
{
	return &r->entries[r->next++ % RECORDER_SIZE];
}
