/* SPDX-License-Identifier: BSD-2-Clause */
/* A partition's CPUID table: what the VMM gave by CALL_CPUID_SET, indexed for speed. */
#pragma once

#include "kernel/partition.h"

/* Leaves 0 and 80000000h up are found by an index of this many. */
enum { CPUID_INDEXED = 32 };
#define CPUID_EXTENDED_BIT 0x80000000u

/* Builds the index over part->cpuid. Entries of one leaf stand together, in rising order of subleaf. */
void cpuid_index(struct partition *part);

/* cpuid_entry.flags, the kernel's own: a register follows the vCPU's live state. */
#define CPUID_LIVE 0x80000000u

/* The entry that answers, or NULL: all zero. */
const struct cpuid_entry *cpuid_search(const struct partition *part, uint32_t leaf,
				       uint32_t subleaf);

/* The same for a leaf that is in the index, has no subleaves and is not live; NULL says nothing. */
static inline const struct cpuid_entry *cpuid_plain(const struct partition *part, uint32_t leaf)
{
	uint32_t place = leaf & ~CPUID_EXTENDED_BIT;
	const struct cpuid_entry *e;
	uint32_t first;

	if (place >= CPUID_INDEXED)
		return NULL;
	first = part->cpuid_index[leaf >> 31][place];
	if (!first)
		return NULL;
	e = &part->cpuid[first - 1];
	return e->flags ? NULL : e;
}
