/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens to partitions by itself: tells the operator, and starts a guest again that asked for a
 * reset, but not without end.
 */
#pragma once

#include "console/partition.h"

/* Compares each partition with what the operator last heard. */
void watch_all(void);

/* An operation on it has ended: its state is what the operator expects. */
void watch_op_ended(struct partition *partition, enum op_kind kind);

/* The operator started it: earlier resets do not count any more. */
void watch_forgive(struct partition *partition);
