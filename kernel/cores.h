/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rule about cores: the threads of one share its caches and predictors, so no two partitions run on one
 * core at a time. A core serves the pool, by its first thread only, which the pool's partitions use one at
 * a time; or one partition that has CPUs of its own there; or several such that were all made with
 * smt=share. CPU 0's core serves the pool. Threads that this leaves over stay idle.
 *
 * The boot word smt=share makes each thread a core. CPU 0, as partitions are made and destroyed.
 */
#pragma once

#include "lib/types.h"

/* Which CPUs are threads of one core, when all that will start have started. */
void cores_init(const uint32_t *apic_ids, unsigned count, unsigned thread_bits);

/* The core's number; cores are numbered by their first CPUs. */
unsigned core_of(unsigned cpu);

/* The pool's vCPUs may be homed there. */
bool core_serves_pool(unsigned cpu);

/* The CPU may be given to a partition as its own; share: to one that was made with smt=share. */
bool core_admits(unsigned cpu, bool share);

/* A CPU becomes a partition's own, and no longer is. */
void core_take(unsigned cpu, bool share);
void core_release(unsigned cpu, bool share);
