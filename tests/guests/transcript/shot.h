/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One shot: a few instructions run in a state that is known to the last register, at CPL 0 or 3, until an
 * exception or their end; and all that they changed. Code, data and stack stand on the stage, pages with
 * fixed addresses below 4 GiB that both CPLs may use, so that no line depends on how the guest was linked.
 */
#pragma once

#include "tests/guests/lib/trap.h"
#include "tests/guests/transcript/layout.h"

enum { SHOT_EVENTS = 12 };

/* In the order of instructions' register numbers. */
enum shot_gpr {
	RAX,
	RCX,
	RDX,
	RBX,
	RSP,
	RBP,
	RSI,
	RDI,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	GPRS
};

/* What came between and did not end it: a single step's trap, an NMI, an interrupt. */
struct shot_event {
	unsigned vector;
	uint32_t error;
	uint64_t rip, dr6;
};

struct shot {
	const char *prefix; /* before the name; NULL */
	const uint8_t *code;
	size_t size;
	unsigned cpl;	    /* 0 or 3 */
	bool compatibility; /* 32-bit code */
	bool goes_on;	    /* #DB does not end it, as with TF */
	unsigned nmis;	    /* sent by the NMI handler */
	uint64_t entry;	    /* where it stands and begins, in the page STAGE_CODE */
	uint64_t gpr[GPRS];
	uint64_t rflags;
	volatile uint32_t *device; /* NULL: the cell is the eight bytes at STAGE_DATA; else this */
	uint64_t cell;
	/* What of the result is not told. */
	uint16_t hide; /* GPRs, by number */
	bool hide_cell;
	uint64_t flags; /* of RFLAGS: those that are */

	/* How it ended. */
	int vector; /* NO_FAULT: at its end */
	uint32_t error;
	uint64_t cr2, dr6;
	struct trap_frame end;
	struct shot_event event[SHOT_EVENTS];
	unsigned events; /* may be more than there is room for */
};

/* A state with a value of its own in each register. */
void shot_begin(struct shot *shot, unsigned cpl);

#define SHOT_CODE(shot, ...)                                      \
	do {                                                      \
		static const uint8_t shot_code[] = {__VA_ARGS__}; \
		(shot)->code = shot_code;                         \
		(shot)->size = sizeof(shot_code);                 \
	} while (0)

/* Runs it, and prints its line: the subject, the name, " -> ", what happened. State is as before then. */
void shot_fire(struct shot *shot, const char *name, ...) printf_like(2, 3);

/* Only runs it. The guest's registers beyond the GPRs are left as they became. */
void shot_run(struct shot *shot);

/* Where a frame has a GPR. */
uint64_t *shot_register(struct trap_frame *frame, unsigned gpr);

/* shot_trap.c: the one that runs, or NULL; the gates of all vectors. */
extern struct shot *shot_current;
void shot_init_traps(void);

/* Once: gates and the stage. */
void shot_init(void);
