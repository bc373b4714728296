/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One side of a string instruction, opened for a run of elements: as many as lie on one page, so that
 * a page is checked and translated once for all of them.
 */
#pragma once

#include "vmm/emulate_internal.h"

struct string_side {
	struct emulate_span span; /* of the first element, which alone may lie on two pages */
	unsigned size;
	int64_t step; /* size, or -size with DF */
};

/*
 * Opens the side at segment:[reg] for at most *count elements (at least 1) and cuts *count to how many
 * there are up to the page's, the segment's or the address size's end.
 */
bool must_check string_open(struct emulate *e, struct string_side *side, unsigned segment,
			    unsigned reg, unsigned access, uint64_t *count);

/* Element `index` of the run. */
bool must_check string_read(struct emulate *e, const struct string_side *side, uint64_t index,
			    uint64_t *value);
bool must_check string_write(struct emulate *e, const struct string_side *side, uint64_t index,
			     uint64_t value);

/* How many iterations to do: rCX with a repeat prefix, else 1; with TF no more than 1. */
uint64_t string_count(const struct emulate *e);
/* How many are still to be done: rCX as it has become with a repeat prefix, else 0. */
uint64_t string_left(const struct emulate *e);
bool string_repeats(const struct emulate *e);

/* Moves an index register on by `done` elements, and rCX down if there is a repeat prefix. */
void string_advance(struct emulate *e, unsigned reg, uint64_t done);
void string_count_down(struct emulate *e, uint64_t done);

/*
 * How a run that stopped after `done` elements ends. failed: something refused the next element; with
 * some done, they stay done and the guest comes to the failing one by itself, again.
 */
bool must_check string_finish(struct emulate *e, uint64_t done, bool failed, bool ended);
