/* SPDX-License-Identifier: BSD-2-Clause */
/* Comparing the TSC of a CPU that just started with CPU 0's, by passing a word to and fro. */
#pragma once

#include "lib/types.h"

struct smp_target;

/*
 * CPU 0: fills in tsc_ahead, tsc_tolerance and tsc_warp. The other CPU is in tsc_sync_answer. Stops
 * after budget ticks, so that CPUs which share a real one (an emulator's) do not take for ever.
 */
void tsc_sync_measure(struct smp_target *target, uint64_t budget);
void tsc_sync_answer(void);
