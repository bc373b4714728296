/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds an entry in a few steps: the two dense ranges of leaves have an index, the rest is searched. */
#include "kernel/cpuid_table.h"

#include "kernel/partition.h"
#include "lib/string.h"

#define EXTENDED_BASE 0x80000000u

static uint8_t *index_of(struct partition *part, uint32_t leaf)
{
	if (leaf < ARRAY_SIZE(part->cpuid_index[0]))
		return &part->cpuid_index[0][leaf];
	if (leaf - EXTENDED_BASE < ARRAY_SIZE(part->cpuid_index[1]))
		return &part->cpuid_index[1][leaf - EXTENDED_BASE];
	return NULL;
}

void cpuid_index(struct partition *part)
{
	memset(part->cpuid_index, 0, sizeof(part->cpuid_index));
	for (uint32_t i = part->cpuid_count; i-- > 0;) {
		uint8_t *index = index_of(part, part->cpuid[i].leaf);

		if (index)
			*index = (uint8_t)(i + 1);
	}
}

static uint32_t first_entry(const struct partition *part, uint32_t leaf)
{
	uint32_t i;

	if (leaf < ARRAY_SIZE(part->cpuid_index[0]))
		return part->cpuid_index[0][leaf];
	if (leaf - EXTENDED_BASE < ARRAY_SIZE(part->cpuid_index[1]))
		return part->cpuid_index[1][leaf - EXTENDED_BASE];
	for (i = 0; i < part->cpuid_count; i++)
		if (part->cpuid[i].leaf == leaf)
			return i + 1;
	return 0;
}

const struct cpuid_entry *cpuid_find(const struct partition *part, uint32_t leaf, uint32_t subleaf)
{
	uint32_t i = first_entry(part, leaf);

	if (!i)
		return NULL;
	for (i--; i < part->cpuid_count && part->cpuid[i].leaf == leaf; i++) {
		const struct cpuid_entry *e = &part->cpuid[i];

		if (!(e->flags & CPUID_HAS_SUBLEAF) || e->subleaf == subleaf)
			return e;
	}
	return NULL;
}
