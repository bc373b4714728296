/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs one instruction on the processor that the test runs on, with all of its registers given. */
#pragma once

#include "lib/types.h"

struct native_state {
	uint64_t gpr[16]; /* in the order of enum gpr */
	uint64_t rflags;
	uint64_t vector[32][8];
	uint64_t mm[8];
	uint64_t mask[8];
	uint64_t cr2; /* after a page fault */
};

enum { NATIVE_DONE = -1 };

/* How many bytes of each vector register there are: 64 (then there are 32 of them), 32 or 16. */
unsigned native_vector_bytes(void);

/*
 * Maps code and data at the addresses given (below 2 GiB), once, and catches what native_run raises: by each
 * test anew, since cmocka catches it for itself. False: the host does not allow it.
 */
bool native_init(uint64_t code, uint64_t data, size_t data_size);

/*
 * Runs bytes at `code`. NATIVE_DONE, or the vector of the exception that it raised, and then the state is
 * that of before. What the processor has not of the vectors (native_vector_bytes) stays as given.
 */
int native_run(const uint8_t *bytes, size_t count, struct native_state *state);
