/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens to partitions by itself: tells the operator, and starts a guest again that asked for a reset,
 * or whose policy (restart=) says so, but not without end.
 */
#pragma once

#include "console/partition.h"

/* Compares each partition with what the operator last heard. */
void watch_all(void);

/* An operation on it has ended: its state is what the operator expects. */
void watch_op_ended(struct partition *partition, const struct op *op);

/* The reason, and the first line of the report. */
void watch_describe_end(const struct part_info *info, char to[END_TEXT_SIZE]);

/* Host TSC: when one is to be started again; 0: none is. */
uint64_t watch_deadline(void);

/*
 * Starts those whose time has come, and forgets a start that its policy does not want any more. True if one
 * was begun.
 */
bool watch_turn(void);

/* It is not started again, unless somebody does. */
void watch_cancel(struct partition *partition);

/* The operator started it: earlier restarts do not count any more. */
void watch_forgive(struct partition *partition);
