/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts that nobody typed: in the order of after=. */
#pragma once

#include "console/partition.h"

/* Start it, when those before it have been. false: do not. */
void autostart_want(struct partition *partition, bool wanted);

/* All that have autostart=on and were never started. */
void autostart_all(void);

/* Begins what can begin. True if something began. */
bool autostart_step(void);
