/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks that VM entry makes on the guest's state, in software, to say which field the hardware
 * refused: SDM 3C 27.3.1 "Checks on the Guest State Area", and those of 27.2.1.3 on the event to
 * inject. Pure. Run only after an entry has failed.
 */
#pragma once

#include "abi/frame.h"
#include "lib/types.h"

struct vmx_guest_segment {
	uint16_t selector;
	uint32_t access; /* enum vmx_access */
	uint32_t limit;
	uint64_t base;
};

/* The fields as the VMCS holds them. */
struct vmx_guest_state {
	uint64_t cr0, cr3, cr4, dr7, debugctl, pat, efer;
	uint64_t sysenter_esp, sysenter_eip;
	struct vmx_guest_segment seg[SEG_COUNT];
	struct table_reg gdtr, idtr;
	uint64_t rip, rflags, pending_debug;
	uint64_t link_pointer;
	uint64_t pdpte[4];
	uint32_t activity, interruptibility;
	uint32_t entry_controls, event, insn_len;
	uint64_t event_error;
};

/* What the processor demands; unrestricted guest and virtual NMIs are on. */
struct vmx_check_limits {
	uint64_t cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
	unsigned phys_bits, linear_bits;
	bool any_error_code; /* injected exceptions may have one or not, as we like */
};

/* The name of the first field that breaks a rule, in the order of the manual; NULL: none does. */
const char *vmx_check_guest(const struct vmx_guest_state *state,
			    const struct vmx_check_limits *limits);

/* The part about the event to inject, which is a control: for it VMLAUNCH and VMRESUME fail. */
const char *vmx_check_event(const struct vmx_guest_state *state,
			    const struct vmx_check_limits *limits);

/* check_segment.c: the part about segment registers. */
const char *vmx_check_segments(const struct vmx_guest_state *state,
			       const struct vmx_check_limits *l);

/* By the width of the processor's linear addresses, whatever CR4.LA57. */
static inline bool vmx_check_canonical(uint64_t address, const struct vmx_check_limits *limits)
{
	unsigned unused = 64 - limits->linear_bits;

	return (uint64_t)((int64_t)(address << unused) >> unused) == address;
}
