/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fetching the guest's instruction: a private copy of its bytes at CS:RIP, each read once, and the
 * decoding of that copy. What the guest writes there meanwhile changes nothing.
 */
#pragma once

#include "abi/frame.h"
#include "vmm/insn.h"
#include "vmm/walk.h"

/* What the guest's CPUID promises and the emulator has to keep to. */
struct guest_cpu {
	uint8_t maxphyaddr;
	bool gib_pages;
};

/* Fills in the context from GROUP_IP and GROUP_CONTROL of the frame. PKRU is taken as 0. */
void walk_context_init(struct walk_context *context, const struct frame *frame,
		       const struct guest_cpu *cpu);

/* The mode that CS and EFER give; needs GROUP_CONTROL and GROUP_CS. */
enum insn_mode insn_frame_mode(const struct frame *frame);

/* Whether an address is canonical under the guest's paging mode. */
bool guest_canonical(const struct frame *frame, uint64_t address);

enum fetch_status {
	FETCH_OK,
	FETCH_FAULT,  /* *event is what the processor would have raised: #PF, #GP, #UD */
	FETCH_RETRY,  /* a race on the guest's page tables: run the guest again */
	FETCH_NO_RAM, /* the bytes, or the page tables, are not in RAM: the partition has to stop */
	FETCH_UNKNOWN, /* the decoder does not know the instruction */
};

/*
 * Fetches and decodes the instruction at CS:RIP. Needs GROUP_IP, GROUP_CONTROL and GROUP_CS. The
 * second page is looked at only if the instruction goes on there.
 */
enum fetch_status must_check insn_fetch(const struct frame *frame,
					const struct walk_context *context, struct insn *insn,
					struct frame_event *event);

/*
 * For EXIT_LENGTH: the instruction's length and operation only, by the quick table where that
 * suffices. Whether the operation is the one that exited is for the caller to compare.
 */
enum fetch_status must_check insn_fetch_length(const struct frame *frame,
					       const struct walk_context *context, unsigned *length,
					       enum insn_op *op, struct frame_event *event);
