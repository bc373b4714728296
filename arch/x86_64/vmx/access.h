/* SPDX-License-Identifier: BSD-2-Clause */
/* What a frame's segment is to VM entry: what that demands and a processor would have set is forced. Pure. */
#pragma once

#include "abi/frame.h"
#include "arch/x86_64/vmx/vmcs.h"

/* The limit decides about G: SDM 3C 27.3.1.2 "Checks on Guest Segment Registers". */
static inline uint32_t vmx_granularity(uint32_t access, uint32_t limit)
{
	if (limit >> 20)
		return access | VMX_ACCESS_G;
	return (limit & PAGE_MASK) != PAGE_MASK ? access & ~(uint32_t)VMX_ACCESS_G : access;
}

/*
 * The access rights. The processor would have set what entry asks for when it loaded the segment: accessed,
 * and busy in TR, which is never unusable. The rest is the VMM's to get right, and entry's to refuse.
 */
static inline uint32_t vmx_access_of(unsigned index, const struct seg *from)
{
	uint32_t access = (from->attributes & 0xffu) | (from->attributes & 0xf00u) << 4;

	if (index == SEG_TR)
		return vmx_granularity(access | VMX_ACCESS_P | 2, from->limit);
	if ((from->attributes & SEG_ATTR_UNUSABLE) || (index != SEG_CS && !(access & VMX_ACCESS_P)))
		return VMX_ACCESS_UNUSABLE | (index == SEG_SS ? access & VMX_ACCESS_DPL : 0);
	if (index != SEG_LDTR)
		access |= 1;
	return vmx_granularity(access, from->limit);
}

/* In virtual-8086 mode a segment is what its selector says: SDM 3B 21.2.1 "8086 Emulation". */
static inline struct seg vmx_v86_segment(uint16_t selector)
{
	return (struct seg){.selector = selector,
			    .attributes = 0xf3,
			    .limit = 0xffff,
			    .base = (uint64_t)selector << 4};
}
