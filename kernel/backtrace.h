/* SPDX-License-Identifier: BSD-2-Clause */
/* Who called whom: a walk over frame pointers that believes nothing, and the names of functions. */
#pragma once

#include "lib/types.h"

struct backtrace_symbol {
	const char *name; /* "?" where there is none */
	uint64_t offset;  /* from the function's start */
};

struct backtrace_symbol backtrace_symbol(uint64_t rip);

/* True if address is code of the image. */
bool backtrace_is_text(uint64_t address);

/*
 * The stack that address lies in: [*start, *end). Only per-CPU stacks and the boot stack are
 * stacks. Reading it faults nowhere if the CPU's block exists.
 */
bool backtrace_stack_of(uint64_t address, uint64_t *start, uint64_t *end);

/*
 * Writes up to max return addresses, from the innermost, into rips and answers how many. rbp is the
 * frame pointer to start from. Frames must ascend within one stack.
 */
unsigned backtrace_walk(uint64_t rbp, uint64_t *rips, unsigned max);
