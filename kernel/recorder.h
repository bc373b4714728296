/* SPDX-License-Identifier: BSD-2-Clause */
/* The flight recorder: the last exits of a vCPU, written at each exit, read when something went wrong. */
#pragma once

#include "arch/x86_64/insn.h"
#include "lib/types.h"

enum { RECORDER_SIZE = 64 };

struct recorder_entry {
	uint64_t rip;
	uint64_t info; /* the hardware's qualification */
	uint64_t tsc;
	uint32_t code; /* the hardware's exit number */
	uint32_t kind; /* enum vm_exit_kind */
};

struct recorder {
	uint32_t next; /* how many there were; modulo the size, the place of the next */
	struct recorder_entry entries[RECORDER_SIZE];
};

static inline void recorder_add(struct recorder *r, uint64_t rip, uint64_t code, uint64_t info,
				uint64_t tsc, uint32_t kind)
{
	struct recorder_entry *entry = &r->entries[r->next++ % RECORDER_SIZE];

	entry->rip = rip;
	entry->info = info;
	entry->tsc = tsc;
	entry->code = (uint32_t)code;
	compiler_barrier(); /* two stores are cheaper than making one of them */
	entry->kind = kind;
}

static inline const struct recorder_entry *recorder_last(const struct recorder *r)
{
	return &r->entries[(r->next - 1) % RECORDER_SIZE];
}
