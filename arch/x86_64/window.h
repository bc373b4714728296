/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each CPU's window (kernel_space.h has the functions that use it). Its tables are its own and made
 * beforehand, so that CPUs use their windows without a lock.
 */
#pragma once

#include "lib/types.h"

struct window {
	uint64_t *large; /* the entry that maps all of the window, */
	uint64_t *table; /* or the table that maps one page of it */
	uint64_t *small; /* the entry in use there, or NULL */
	uint64_t va;	 /* of the window */
};

/* Once, by kernel_space_init. */
void window_init(void);

/* A CPU's; takes one page of the heap, which must be there. */
void window_create(unsigned number, struct window *window);
