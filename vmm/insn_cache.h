/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decodings of bytes met before: a driver polls by the same few instructions. All that decides a
 * decoding is compared, so an entry is never out of date. Each vCPU has its own, and needs no lock.
 */
#pragma once

#include "abi/layout.h"
#include "vmm/insn.h"

/*
 * Few, since every VMM holds them for every vCPU there can be. Two ways, because a driver's poll and
 * its handler's EOI lie where the linker put them: with one, each may put out what the other needs.
 */
enum { INSN_CACHE_SETS = 4, INSN_CACHE_WAYS = 2 };

/* What decides a decoding, and where it was met, which only says where to look. */
struct insn_key {
	unsigned vcpu;
	uint64_t rip;
	uint64_t words[2]; /* the 16 bytes at RIP */
	enum insn_mode mode;
};

/* A plain MOV between a register or an immediate and memory, in 64-bit code, not through FS or GS. */
enum insn_move { INSN_MOVE_NONE, INSN_MOVE_LOAD, INSN_MOVE_STORE };

struct insn_entry {
	uint64_t rip; /* where it was met last; says only which of a set's entries to look at */
	uint64_t words[2];
	bool valid;
	uint8_t move;	  /* enum insn_move */
	uint8_t gpr;	  /* of the move: enum gpr */
	bool high_byte;	  /* of it: AH, CH, DH or BH */
	bool immediate;	  /* in its place: insn.immediate is stored */
	struct insn insn; /* holds the mode */
};

extern struct insn_entry insn_entries[MAX_VCPUS][INSN_CACHE_SETS][INSN_CACHE_WAYS];

static inline struct insn_entry *insn_cache_set(unsigned vcpu, uint64_t rip)
{
	return insn_entries[vcpu % MAX_VCPUS][(rip ^ rip >> 4) % INSN_CACHE_SETS];
}

/* Where it is if it is there: whoever looks compares the bytes and the mode, or the move. */
static inline const struct insn_entry *insn_cache_place(unsigned vcpu, uint64_t rip)
{
	const struct insn_entry *set = insn_cache_set(vcpu, rip);

	return &set[set->rip != rip];
}

/* The instruction, or null. Valid until this vCPU's next insn_cache_put. */
const struct insn *insn_cache_find(const struct insn_key *key);

/* Remembers a decoding that used at most the first 15 bytes of the key. */
void insn_cache_put(const struct insn_key *key, const struct insn *insn);
