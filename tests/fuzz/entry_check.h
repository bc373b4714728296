/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a processor enters a guest with the segments that a frame has: by the rules of VM entry in
 * arch/x86_64/vmx/check_segment.c, on what arch/x86_64/vmx/access.h makes of a frame.
 */
#pragma once

#include "arch/x86_64/vmx/access.h"
#include "arch/x86_64/vmx/check.h"
#include "vmm/cpu_bits.h"

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
			seg = vmx_v86_segment(seg.selector);
		state.seg[i] = (struct vmx_guest_segment){seg.selector, vmx_access_of(i, &seg),
							  seg.limit, seg.base};
	}
	return vmx_check_segments(&state, &limits);
}
