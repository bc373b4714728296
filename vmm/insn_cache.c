/* SPDX-License-Identifier: BSD-2-Clause */
/* A small direct-mapped cache of decoded instructions for each vCPU. */
#include "vmm/insn_cache.h"

#include "abi/layout.h"

/* Few, since every VMM holds them for every vCPU there can be. */
enum { ENTRIES = 4 };

struct entry {
	uint64_t words[2];
	bool valid;
	struct insn insn; /* holds the mode */
};

static struct entry entries[MAX_VCPUS][ENTRIES];

static struct entry *entry_of(const struct insn_key *key)
{
	return &entries[key->vcpu % MAX_VCPUS][(key->rip ^ key->rip >> 4) % ENTRIES];
}

const struct insn *insn_cache_find(const struct insn_key *key)
{
	const struct entry *entry = entry_of(key);

	if (!entry->valid || entry->words[0] != key->words[0] || entry->words[1] != key->words[1] ||
	    entry->insn.mode != key->mode)
		return NULL;
	return &entry->insn;
}

void insn_cache_put(const struct insn_key *key, const struct insn *insn)
{
	*entry_of(key) = (struct entry){
		.words = {key->words[0], key->words[1]},
		.valid = true,
		.insn = *insn,
	};
}
