/* SPDX-License-Identifier: BSD-2-Clause */
/* What `why` knows of a guest's end, or of what it does, and what it makes of that. */
#pragma once

#include "abi/exits.h"
#include "abi/info.h"
#include "lib/types.h"

enum { STORY_EXITS = 5 };

struct story {
	struct part_info info;
	uint64_t now;	/* host TSC */
	uint64_t since; /* when it ended, or was frozen; 0: neither */
	bool kept;	/* of an earlier start, or frozen by hand */
	bool by_hand;
	bool starting; /* its memory is cleared for it */
	uint64_t output_from,
		output_to; /* positions of the ring's output: what was said in that life */
	uint32_t vcpu;	   /* which one it is about */
	bool halted;	   /* each of its vCPUs is, or waits to be started */
	bool open;	   /* one of these takes interrupts */
	bool timer;	   /* one is set that will raise one */
	unsigned count;
	struct exit_record exits[STORY_EXITS]; /* its last, the oldest first */
};

struct cause {
	const char *cause, *next; /* NAME in them stands for the partition's */
};

/* why_causes.c: the first row of the table that fits. */
struct cause why_cause(const struct story *story);

/* True if the report has that text in it. */
bool why_reported(const struct story *story, const char *text);
