/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a processor enters a guest with the segments that a frame has: by the rules of VM entry in
 * arch/x86_64/vmx/check_segment.c, on what arch/x86_64/vmx/segment.c makes of a frame.
 */
#pragma once

#include "arch/x86_64/vmx/check.h"
#include "arch/x86_64/vmx/vmcs.h"
#include "vmm/cpu_bits.h"

static inline struct vmx_guest_segment entry_segment(unsigned index, const struct seg *from)
{
	uint32_t access = (from->attributes & 0xffu) | (from->attributes & 0xf00u) << 4;

	if (index == SEG_TR)
		access |= VMX_ACCESS_P | 2;
	else if ((from->attributes & SEG_ATTR_UNUSABLE) ||
		 (index != SEG_CS && !(access & VMX_ACCESS_P)))
		access = VMX_ACCESS_UNUSABLE | (index == SEG_SS ? access & VMX_ACCESS_DPL : 0);
	else if (index != SEG_LDTR)
		access |= 1;
	if (from->limit >> 20)
		access |= VMX_ACCESS_G;
	else if ((from->limit & PAGE_MASK) != PAGE_MASK)
		access &= ~(uint32_t)VMX_ACCESS_G;
	return (struct vmx_guest_segment){from->selector, access, from->limit, from->base};
}

/* The first field that it would refuse, or NULL. */
static inline const char *entry_flaw(const struct frame *frame)
{
	static const struct vmx_check_limits limits = {.phys_bits = 40, .linear_bits = 48};
	struct vmx_guest_state state = {
		.cr0 = frame->control.cr0,
		.rflags = frame->rflags,
		.entry_controls = frame->control.efer & EFER_LMA ? VMX_ENTRY_LONG_MODE : 0,
	};

	for (unsigned i = 0; i < SEG_COUNT; i++) {
		struct seg seg = frame->seg[i];

		if ((frame->rflags & RFLAGS_VM) && i < SEG_LDTR)
			seg = (struct seg){seg.selector, 0xf3, 0xffff, (uint64_t)seg.selector << 4};
		state.seg[i] = entry_segment(i, &seg);
	}
	return vmx_check_segments(&state, &limits);
}
