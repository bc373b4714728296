/* SPDX-License-Identifier: BSD-2-Clause */
/* The latest starts of a partition's guest, and which part of its console's output is of which. */
#pragma once

#include "lib/types.h"

enum { BOOTS_KEPT = 8 };

struct boot {
	uint64_t position; /* of the ring's output: its first byte */
	uint64_t tsc;	   /* the host's, when it was started */
};

struct boots {
	uint64_t count; /* all since the partition was made; the k-th is in boot[k % BOOTS_KEPT] */
	struct boot boot[BOOTS_KEPT];
};

void boots_add(struct boots *boots, uint64_t position, uint64_t tsc);

/* The latest one, or NULL: it was never started. */
const struct boot *boots_latest(const struct boots *boots);

/* Where the output of the latest one begins; 0 before the first. */
uint64_t boots_position(const struct boots *boots);

/* The one that wrote the byte at position, or NULL: it is forgotten. */
const struct boot *boots_find(const struct boots *boots, uint64_t position);

/* The position of the first start after that one, UINT64_MAX if there is none. */
uint64_t boots_next(const struct boots *boots, uint64_t position);
