/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decodings of bytes met before: a driver polls by the same few instructions. All that decides a
 * decoding is compared, so an entry is never out of date. Each vCPU has its own, and needs no lock.
 */
#pragma once

#include "vmm/insn.h"

/* What decides a decoding, and where it was met, which only says where to look. */
struct insn_key {
	unsigned vcpu;
	uint64_t rip;
	uint64_t words[2]; /* the 16 bytes at RIP */
	enum insn_mode mode;
};

/* The instruction, or null. Valid until this vCPU's next insn_cache_put. */
const struct insn *insn_cache_find(const struct insn_key *key);

/* Remembers a decoding that used at most the first 15 bytes of the key. */
void insn_cache_put(const struct insn_key *key, const struct insn *insn);
