/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds an entry in a few steps: the two dense ranges of leaves have an index, the rest is searched. */
#include "kernel/cpuid_table.h"

#include "kernel/partition.h"
#include "lib/string.h"

/* What cpuid.c patches. */
static bool is_live(uint32_t leaf)
{
	static const uint32_t live[] = {1, 7, 0xb, 0xd, 0x1f, 0x8000001e};

	for (unsigned i = 0; i < ARRAY_SIZE(live); i++)
		if (live[i] == leaf)
			return true;
	return false;
}

void cpuid_index(struct partition *part)
{
	memset(part->cpuid_index, 0, sizeof(part->cpuid_index));
	memset(part->cpuid_quick, 0, sizeof(part->cpuid_quick));
	for (uint32_t i = part->cpuid_count; i-- > 0;) {
		struct cpuid_entry *e = &part->cpuid[i];
		uint32_t place = e->leaf & ~CPUID_EXTENDED_BIT;

		e->flags &= CPUID_HAS_SUBLEAF;
		if (is_live(e->leaf))
			e->flags |= CPUID_LIVE;
		if (place >= CPUID_INDEXED)
			continue;
		part->cpuid_index[e->leaf >> 31][place] = (uint8_t)(i + 1);
		part->cpuid_quick[cpuid_quick_place(e->leaf)] = e->flags ? 0
									 : (uint16_t)((char *)e -
										      (char *)part);
	}
}

const struct cpuid_entry *cpuid_search(const struct partition *part, uint32_t leaf, uint32_t subleaf)
{
	uint32_t place = leaf & ~CPUID_EXTENDED_BIT;
	uint32_t i = 0;

	if (place < CPUID_INDEXED) {
		i = part->cpuid_index[leaf >> 31][place];
		if (!i--)
			return NULL;
	}
	for (; i < part->cpuid_count; i++) {
		const struct cpuid_entry *e = &part->cpuid[i];

		if (e->leaf == leaf && (!(e->flags & CPUID_HAS_SUBLEAF) || e->subleaf == subleaf))
			return e;
	}
	return NULL;
}
