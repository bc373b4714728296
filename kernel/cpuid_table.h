/* SPDX-License-Identifier: BSD-2-Clause */
/* A partition's CPUID table: what the VMM gave by CALL_CPUID_SET, indexed for speed. */
#pragma once

#include "abi/calls.h"

struct partition;

/* Builds the index over part->cpuid. Entries of one leaf stand together, in rising order of subleaf. */
void cpuid_index(struct partition *part);

/*
 * The entry that answers, or NULL (all zero): an Intel-style leaf above the highest basic one answers like
 * that one, as SDM 2A "CPUID" says for Intel processors; AMD's answer zero, and the VMM says which.
 */
const struct cpuid_entry *cpuid_find(const struct partition *part, uint32_t leaf, uint32_t subleaf);
