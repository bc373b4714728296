/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who has what: the machine as it is, or as it would be without partitions that leave and with some that are
 * yet to be made. Threads of cores that are in neither are seen as they are now: what the view cannot know,
 * the kernel says when it comes to it.
 */
#pragma once

#include "console/create.h"

/* The machine as it is. */
void view_reset(void);

/* The partition in that slot gives back what it has. */
void view_leave(uint32_t slot);

/* What was placed is taken. The create is used as long as the view. */
void view_claim(const struct create *create);

/* So many bytes of the memory that can be had must be left. */
void view_reserve(uint64_t bytes);
uint64_t view_reserved(void);

/* As host_query_cpu. A partition in there has the name view_name. */
void view_cpu(uint32_t cpu, struct cpu_info *info);
const char *view_name(uint32_t partition);

/* One of the pool that has a vCPU on that CPU, or NULL. */
const char *view_pool_user(uint32_t cpu);

/* Who is to have memory besides those who have it now: the index-th, and how much; NULL past the last. */
const char *view_claimer(unsigned index, uint64_t *bytes);

unsigned view_partitions(void);

/* Bytes of memory that can be had. */
uint64_t view_free(void);

/* The partition in that slot stays. */
bool view_stays(uint32_t slot);
