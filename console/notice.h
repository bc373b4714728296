/* SPDX-License-Identifier: BSD-2-Clause */
/* News that the operator did not ask for: "[web stopped: powered off]". */
#pragma once

#include "console/partition.h"

void notice_reset(void);

/*
 * While a guest is attached, only news of that guest is shown at once (and `ends` detaches when its
 * output is through); other news waits until then. partition may be NULL: the machine's.
 */
void notice_print(struct partition *partition, bool ends, const char *text, ...) printf_like(3, 4);

/* Prints what waited. */
void notice_flush(void);
