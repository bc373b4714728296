/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page of the xAPIC's registers, as the instruction emulator reaches it: it is in the kernel.
 */
#pragma once

#include "abi/frame.h"
#include "lib/types.h"

/* For the vCPU of that frame: each has its own, and may have moved it. */
static inline bool lapic_page_has(const struct frame *frame, gpa_t gpa)
{
	return (gpa & ~PAGE_MASK) == frame->lapic_page;
}

/*
 * For the calling vCPU. SDM 3A 11.4.1 "The Local APIC Block Diagram": registers are 32 bits wide on
 * 16-byte boundaries and have to be accessed so. Of what is undefined there, a read inside one
 * register gives that part of it, any other read gives all-ones, and a write that is not of a whole
 * register is dropped.
 */
uint64_t lapic_page_read(gpa_t gpa, unsigned size);
void lapic_page_write(gpa_t gpa, unsigned size, uint64_t value);
