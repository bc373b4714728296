/* SPDX-License-Identifier: BSD-2-Clause */
/* The partition's clock: host TSC to nanoseconds since the start and back. */
#pragma once

#include "lib/types.h"

/* From the configuration; before any device is used. */
void host_clock_init(void);

/* The host's TSC, now. */
uint64_t host_clock_tsc(void);

/* A duration in ticks of the TSC. */
uint64_t host_clock_ns(uint64_t tsc);

/* The guest's TSC at the moment at which the partition's clock began (host_now() was 0). */
uint64_t host_clock_guest_start(void);
