/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the latest destroyed partitions said last: copies in memory of our own, since theirs goes back. An
 * instance of the console that follows a failed one finds them again.
 */
#pragma once

#include "console/partition.h"

enum { GRAVES = 4, GRAVE_SIZE = 32 * 1024 /* of output */ };

/* They stand in memory that is taken at the first start: the table, and the copies. */
enum { GRAVES_PAGES = 1 + GRAVES * RING_PAGES(GRAVE_SIZE) };

struct grave {
	char name[NAME_SIZE]; /* "": it is free */
	struct boots boots;
	struct ring ring;
};

/* Finds them, or the memory for them; without that there are none. */
void graves_reset(void);

/* The partition was destroyed, and its ring is still there. Takes the oldest grave. */
void graves_add(const struct partition *partition);

/* The index-th latest, or NULL if there is none, or the name is a later one's. */
const struct grave *graves_at(unsigned index);

/* The latest destroyed one of that name, or NULL. */
const struct grave *graves_find(const char *name);
