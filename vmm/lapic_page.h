/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page of the xAPIC's registers, as the instruction emulator reaches it: it is in the kernel.
 */
#pragma once

#include "lib/types.h"

#define LAPIC_PAGE 0xfee00000ULL

static inline bool lapic_page_has(gpa_t gpa)
{
	return (gpa & ~PAGE_MASK) == LAPIC_PAGE;
}

/*
 * For the calling vCPU. SDM 3A 11.4.1 "The Local APIC Block Diagram": registers are 32 bits wide on
 * 16-byte boundaries and have to be accessed so. Of what is undefined there, a read inside one
 * register gives that part of it, any other read gives all-ones, and a write that is not of a whole
 * register is dropped.
 */
uint64_t lapic_page_read(gpa_t gpa, unsigned size);
void lapic_page_write(gpa_t gpa, unsigned size, uint64_t value);
