/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's record of each partition: its name, its console ring, its restarts, and the operation
 * that is under way. A copy stands in a blob, so that an instance that follows a failed one finds it.
 */
#pragma once

#include "abi/info.h"
#include "console/boots.h"
#include "console/definition.h"
#include "console/ring.h"
#include "lib/types.h"

enum { RESTARTS_MAX = 5, RESTARTS_SECONDS = 60 };

/* How a partition ended, told; and what of it is kept with the rest of the partition, in one page. */
enum { END_TEXT_SIZE = 256, LAST_END_SIZE = 160 };

/*
 * A partition's state for its operator: enum part_state, and of one that is stopped what the console alone
 * knows. The table of commands is about these.
 */
enum shown_state {
	SHOWN_WAITING = PART_DYING + 1, /* it is started again in a moment */
	SHOWN_FAILED,			/* that was done too often */
	SHOWN_STARTING,			/* its memory is scrubbed and its images are loaded */
	SHOWN_UNKNOWN,			/* the kernel's answer is none that we know */
};

enum op_kind {
	OP_NONE,
	OP_START,
	OP_STOP,
	OP_FORCE,
	OP_PAUSE,
	OP_RESUME,
	OP_RESET,
	OP_DESTROY,
	OP_CHANGE, /* apply.h: no phases of its own */
};

/* What is done about a guest's end that is not the operator's doing. */
enum restart { RESTART_NEVER, RESTART_ON_FAILURE, RESTART_ALWAYS };

/* Of its keys, those that are the console's alone. */
struct partition_policy {
	uint32_t restart; /* enum restart */
	bool autostart;
	char after[NAME_SIZE]; /* "": nobody */
};

/* They stay with a partition that is made anew. */
struct restarts {
	uint64_t latest[RESTARTS_MAX]; /* host TSC of those that nobody typed, 0: none */
	uint64_t at; /* host TSC: when it is to be started again, until that is done; 0: it is not */
	uint32_t reason; /* enum part_reason: why it is */
	uint32_t reserved;
};

struct op {
	enum op_kind kind; /* OP_NONE: nothing is under way */
	unsigned phase;	   /* index into the operation's phases */
	uint64_t deadline; /* host TSC: when the power button gives way to force, or nobody waits longer */
	uint64_t began; /* OP_START, OP_RESET: host TSC at which the VMM began to load the guest, */
	uint64_t run_tsc;	 /* and how much CPU it had had at the last look */
	int64_t result;		 /* of the last operation: 0 or enum err */
	bool forced;		 /* OP_STOP: the guest did not switch itself off in time */
	bool background;	 /* nobody waits for the result: a notice tells of it */
	bool waits;		 /* its phase does: for an event or the deadline */
	uint32_t number;	 /* no other operation since the console's start has it */
	char why[END_TEXT_SIZE]; /* a start: how it ended before its guest was let run; "": it did not */
};

struct partition {
	bool used;
	bool gave_up;	   /* it was restarted too often and stays stopped */
	bool start_wanted; /* by autostart.h */
	bool stop_wanted; /* its power button was pressed since its start: if it obeys, that was asked for */
	uint32_t slot;
	uint64_t born; /* host TSC: when it was first made. It stays when it is renamed, or made anew */
	uint32_t state, reason; /* as the operator last heard */
	char name[NAME_SIZE];
	struct ring ring; /* none: an instance of the console failed before it could note it */
	uint64_t matched; /* of the ring's output: where the latest match of `wait` ends */
	struct boots boots;
	uint64_t shown; /* position of the ring's output up to which the operator has seen it */
	struct restarts restarts;
	char last_end[LAST_END_SIZE];	/* how it ended before its latest restart; "": it did not */
	struct partition_policy policy; /* as the definition says */
	struct definition definition;
	struct op op;
	struct op ended; /* the latest that has ended */
};

void partition_reset(void);

/* Finds what an earlier instance left. Returns how many partitions there are. */
unsigned partition_adopt(void);

/* Visit all: partition_next(NULL) is the first, NULL ends. */
struct partition *partition_next(struct partition *partition);
struct partition *partition_find(const char *name);
struct partition *partition_find_born(uint64_t born);
struct partition *partition_at(uint32_t slot);
const char *partition_name(uint32_t slot);

/* A new record; notes it in its blob. NULL if the slot is none that this build knows. born 0: just now. */
struct partition *partition_add(uint32_t slot, uint64_t born, const char *name, struct ring ring,
				const struct definition *definition,
				const struct partition_policy *policy);

/* Forgets a destroyed partition and gives its ring back; what it said last goes to graves.h. */
void partition_remove(struct partition *partition);

/* Forgets a destroyed partition; its ring is the caller's now, and nobody reads it any more. */
struct ring partition_forget(struct partition *partition);

/* Writes the blob: after each change of what must survive. */
void partition_save(const struct partition *partition);

/* Asks the kernel. False (and state PART_NONE) if it does not know the partition. All texts end. */
bool partition_query(const struct partition *partition, struct part_info *info);
uint32_t partition_state(const struct partition *partition);

/*
 * For who keeps a record over several turns: it is still the one that was born then, with the ring that it
 * had. In the background it may be forgotten, and its record another's.
 */
bool partition_has_ring(const struct partition *partition, uint64_t born,
			const struct console_ring *shared);

/* For commands: false after an error was printed. A ring may be gone with an instance of the console. */
bool must_check partition_check_ring(const struct partition *partition);
bool must_check partition_check_vcpu(const struct partition *partition, uint64_t number);

/* How many of info's ranges and images are real. */
uint32_t partition_range_count(const struct part_info *info);
uint32_t partition_image_count(const struct part_info *info);

/* Its guest runs, or is held. */
static inline bool partition_is_up(uint32_t state)
{
	return state == PART_RUNNING || state == PART_PAUSED;
}

/* Its guest is up, or will be without anybody asking for it again. */
bool partition_is_to_run(const struct partition *partition);

uint32_t partition_shown_state(const struct partition *partition, const struct part_info *info);
const char *partition_state_text(uint32_t shown_state);
const char *partition_restart_text(uint32_t restart);
const char *partition_reason_text(uint32_t reason);

enum { PARTITION_TEXT = 80 };

/* How it ended and what follows, "triple fault; again in 6 s"; "" while it is up. */
void partition_note(const struct partition *partition, const struct part_info *info,
		    char to[PARTITION_TEXT]);

/* "running", or "stopped (powered off)": for errors. */
void partition_describe(const struct partition *partition, char to[PARTITION_TEXT]);
