/* SPDX-License-Identifier: BSD-2-Clause */
/* The exceptions that the VMM raises in its guest, as the frame page's event group wants them. */
#pragma once

#include "abi/frame.h"
#include "vmm/cpu_bits.h"

/*
 * An exception with an error code. In real mode none is pushed, and VMX refuses an entry that would
 * (SDM 3C 26.2.1.3 "VM-Entry Control Fields").
 */
static inline struct frame_event fault_with_error(const struct frame *frame, unsigned vector,
						  uint32_t error)
{
	return (struct frame_event){
		.type = INJECT_EXCEPTION,
		.vector = (uint8_t)vector,
		.has_error = frame->control.cr0 & CR0_PE,
		.error = frame->control.cr0 & CR0_PE ? error : 0,
	};
}

static inline struct frame_event fault_without_error(unsigned vector)
{
	return (struct frame_event){.type = INJECT_EXCEPTION, .vector = (uint8_t)vector};
}

static inline struct frame_event fault_page(const struct frame *frame, uint64_t cr2, uint32_t error)
{
	struct frame_event event = fault_with_error(frame, VECTOR_PF, error);

	event.cr2 = cr2;
	return event;
}
