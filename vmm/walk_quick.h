/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk of an instruction fetch in the usual case, without a call: 4-level paging, every entry present
 * and accessed, nothing in it that a rule beyond plain permission could concern. What it does not know it
 * leaves to walk(), which decides.
 */
#pragma once

#include "abi/frame.h"
#include "vmm/cpu_bits.h"
#include "vmm/guest_mem.h"

enum quick_bits {
	QUICK_P = 1 << 0,
	QUICK_US = 1 << 2,
	QUICK_A = 1 << 5,
	QUICK_PS = 1 << 7,
};

#define QUICK_NX      BIT(63)
#define QUICK_ADDRESS BITS(51, 12)

/* What a walk gathers; the checks come at its end. */
struct quick_walk {
	uint64_t entry;
	uint64_t all, any;
	bool ok;
};

/*
 * One level. An entry that is not present leads to some other word of the guest's own memory, which does
 * no harm: all tells in the end.
 */
static inline void quick_level(struct quick_walk *w, gva_t linear, unsigned shift)
{
	struct guest_word word = guest_read_word((w->entry & QUICK_ADDRESS) +
						 (linear >> (shift - 3) & (511 << 3)));

	w->entry = word.value;
	w->all &= word.value;
	w->any |= word.value;
	w->ok &= word.ok;
}

/* The permissions of SDM 3A 4.6.1 for a fetch, where they need no more than these bits. */
static inline bool quick_allowed(const struct frame *frame, uint64_t all, uint64_t any)
{
	if (!(all & QUICK_P) || !(all & QUICK_A) || any & QUICK_NX)
		return false;
	if (all & QUICK_US)
		return frame->control.cpl == 3 || !(frame->control.cr4 & CR4_SMEP);
	return frame->control.cpl != 3;
}

/* True: linear is at *gpa, and fetching there is allowed. False says nothing. 1 GiB pages are left out. */
static inline bool walk_quick_fetch(const struct frame *frame, gva_t linear, gpa_t *gpa)
{
	struct quick_walk w = {.entry = frame->control.cr3, .all = ~0ULL, .ok = true};
	uint64_t large;

	if (!(frame->control.cr0 & CR0_PG) || !(frame->control.efer & EFER_LMA) ||
	    frame->control.cr4 & CR4_LA57)
		return false;
	quick_level(&w, linear, 39);
	quick_level(&w, linear, 30);
	large = w.any & QUICK_PS;
	quick_level(&w, linear, 21);
	if (w.entry & QUICK_PS) {
		large |= w.entry & (MIB(2) - 1) & QUICK_ADDRESS; /* PAT, or reserved bits */
		*gpa = (w.entry & QUICK_ADDRESS) | (linear & (MIB(2) - 1));
	} else {
		quick_level(&w, linear, 12);
		*gpa = (w.entry & QUICK_ADDRESS) | (linear & PAGE_MASK);
	}
	return w.ok && !large && quick_allowed(frame, w.all, w.any);
}
