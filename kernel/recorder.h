/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flight recorder: the last exits of a vCPU, written at each exit by its CPU, read by the console while
 * that goes on, or after the guest's end. It is never cleared: a start only notes where it began.
 */
#pragma once

#include "abi/exits.h"
#include "arch/x86_64/insn.h"
#include "lib/types.h"

enum { RECORDER_SIZE = EXIT_RECORDS };

static_assert((RECORDER_SIZE & (RECORDER_SIZE - 1)) == 0, "a place is the number's low bits");

struct recorder {
	uint64_t next;	/* how many there were; modulo the size, the place of the next */
	uint64_t begin; /* next, when the guest was started */
	struct exit_record entries[RECORDER_SIZE];
};

/* The entry is there before its number is: who reads meanwhile (recorder_read) sees it whole. */
static inline void recorder_add(struct recorder *r, uint64_t rip, uint64_t code, uint64_t info,
				uint64_t tsc, uint32_t kind)
{
	struct exit_record *entry = &r->entries[r->next % RECORDER_SIZE];

	entry->rip = rip;
	entry->info = info;
	entry->tsc = tsc;
	entry->code = (uint32_t)code;
	compiler_barrier(); /* two stores are cheaper than making one of them */
	entry->kind = kind;
	compiler_barrier();
	r->next++;
}

static inline const struct exit_record *recorder_last(const struct recorder *r)
{
	return &r->entries[(r->next - 1) % RECORDER_SIZE];
}

/*
 * Copies at most count entries from window->position on, or from the oldest that is kept, and fills the
 * window in; answers how many. Any CPU, whatever the vCPU does: what was overwritten meanwhile is lost, and
 * the oldest one cannot be told from one that is just being overwritten, unless nobody writes (still).
 */
unsigned recorder_read(const struct recorder *r, bool still, struct exit_window *window,
		       struct exit_record *to, unsigned count);
