/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations on partitions that take more than one call. They go on step by step while the console
 * serves its input; one at a time for each partition.
 */
#pragma once

#include "console/partition.h"

/* The partition has none under way. timeout_tsc: OP_STOP only, how long the guest may take. */
void op_begin(struct partition *partition, enum op_kind kind, uint64_t timeout_tsc);

/* One step of each. True if one wants to be continued at once, or has ended: somebody may wait for that. */
bool op_step_all(void);

/*
 * For a command that is about to do something else with it: a start that nobody waits for, and that waits
 * itself for no more than that its guest runs, counts as done.
 */
void op_let_go(struct partition *partition);

/* Host TSC of the earliest deadline, or 0. */
uint64_t op_deadline(void);

/* "is being started", for errors and notices. */
const char *op_text(enum op_kind kind);

/* Prints the error of a call. */
void op_fail(int64_t error);

/* "its memory is used up": the answer of a call, for people. */
const char *op_error_text(int64_t error);
