/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a partition is put together, in bounded steps, and taken apart again. Creation checks everything
 * first; if a later step fails, what the earlier ones did is undone before the error is answered.
 */
#pragma once

#include "kernel/partition.h"
#include "kernel/user_image.h"

/* Boot: the VMM's program. */
void create_init(void);

/* Frees whatever slot holds, in bounded steps; its vCPUs are detached. ERR_AGAIN, then ERR_NONE. */
int create_undo(uint32_t slot);

/* The same for one whose struct is gone already; ERR_NOENT if nothing is left to do, or it is being made. */
int create_undo_rest(uint32_t slot);

/*
 * A step of what a console had begun when it failed, and nobody goes on with: a creation is undone, what is
 * left of a destroyed partition is freed, and a vCPU that was to leave its CPU has one again. True when
 * nothing is left. While no console runs.
 */
bool create_recover(void);

/* A fresh VMM, config and vCPUs, one at each call; nothing of it runs. True when all are. */
bool part_reset_step(struct partition *part);

/* Does the creation that is under way use console memory at [va, va + size) as its ring? */
bool create_uses_ring(uint64_t va, uint64_t size);

/* create_plan.c: checks desc against the rules and chooses CPUs and the pool's size. Changes nothing. */
struct create_plan {
	uint64_t pool_pages;
	uint64_t table_pages; /* of these */
	unsigned cpus[MAX_VCPUS];
};

/*
 * Whether a partition may have the name (NAME_SIZE bytes that may hold no end): ERR_INVAL, or ERR_EXIST
 * if one other than `but` has it.
 */
int must_check create_check_name(const char *name, const struct partition *but);

int must_check create_check(const struct part_desc *desc, struct create_plan *plan);

/* The same formula for one that is not made yet, and may have no name, CPUs and ring. */
int must_check create_cost(const struct part_desc *desc, struct part_cost *cost);
extern struct user_image vmm_program;
