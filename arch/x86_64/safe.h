/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that may fault in ring 0, in safe.S, each with a fix-up: the function then answers
 * false. The MSR accesses are declared in insn.h; the rest is for the one file that wraps it.
 */
#pragma once

#include "lib/types.h"

/* From where a #GP or #PF in ring 0 is sent on, and where to. */
struct safe_fixup {
	uint64_t fault, resume;
};

extern const struct safe_fixup safe_fixups[], safe_fixups_end[];

/* fpu.c's. All states that XCR0 enables. */
void safe_xsave(void *area);
void safe_fxsave(void *area);
bool must_check safe_xrstor(const void *area);
bool must_check safe_fxrstor(const void *area);

/* user_copy.c's: with SMAP lifted. */
bool must_check safe_copy(void *to, const void *from, size_t size);
