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

static inline void cpuid_answer(const struct cpuid_entry *e, uint64_t *gpr)
{
	gpr[GPR_RAX] = e->eax;
	gpr[GPR_RBX] = e->ebx;
	gpr[GPR_RCX] = e->ecx;
	gpr[GPR_RDX] = e->edx;
}

static inline uint32_t cpuid_quick_place(uint32_t leaf)
{
	return leaf << 1 | leaf >> 31;
}

/* Answers a leaf of the two dense ranges that has no subleaves and is not live; false: nothing was done. */
static inline bool cpuid_plain(const struct partition *part, uint32_t leaf, uint64_t *gpr)
{
	uint32_t place = cpuid_quick_place(leaf), offset;

	if (place >= ARRAY_SIZE(part->cpuid_quick))
		return false;
	offset = part->cpuid_quick[place];
	if (!offset)
		return false;
	cpuid_answer((const void *)((const char *)part + offset), gpr);
	return true;
}
