/* SPDX-License-Identifier: BSD-2-Clause */
/* The creation that is under way, for its steps alone: kernel/create*.c. One at a time, on CPU 0. */
#pragma once

#include "kernel/create.h"
#include "kernel/extent.h"

struct creation {
	bool under_way;
	unsigned step;
	uint32_t slot;
	struct part_desc desc;
	struct create_plan plan;
	uint32_t piece_count;
	struct memory_piece pieces[MEMORY_PIECES];
	struct extent_grant pool;
	uint32_t index;	 /* of the range, piece, image or vCPU that the step is at */
	uint64_t offset; /* within it */
	struct partition *part;
	int failed; /* why it is being undone */
};

extern struct creation making;

enum { CREATION_SMALL_CHUNK = 256 * 1024 }; /* mapped by 4 KiB pages in one step */

/* What its memory belongs to. */
struct extent_tag creation_tag(bool pool);

/* The steps: ERR_AGAIN until one has done all of its work; any other error undoes the creation. */
int create_step_memory(void);	    /* takes the guest's memory and the pool from the extents */
int create_step_scrub(void);	    /* clears what is not clean */
int create_step_objects(void);	    /* the partition's struct, and its spaces */
int create_step_vcpus(void);	    /* their objects and stacks */
int create_step_program(void);	    /* the VMM, its configuration and the guest's console ring */
int create_step_images(void);	    /* maps them for the VMM */
int create_step_guest_memory(void); /* maps it for guest and VMM */
int create_step_evacuate(void); /* the pool's vCPUs leave the CPUs that become the partition's */

/* What the VMM is told. Counts the images' users, and cannot fail. */
void create_fill_config(struct partition *part);

/*
 * vCPUs that were on their way to another CPU get one. A dedicated one that is homed nowhere is on its way
 * out, and its CPU with it; with `all` it goes back there. True when none is under way.
 */
bool create_settle(bool all);
