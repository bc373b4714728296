/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose processor it is, where the vendors' manuals differ. */
#pragma once

#include "arch/x86_64/insn.h"

enum { VENDOR_INTEL = 0x756e6547 /* "Genu" */, HYPERCALL_SIZE = 3 };

struct hypercall {
	const char *name;
	uint8_t code[HYPERCALL_SIZE];
};

static inline bool vendor_is_intel(void)
{
	return cpuid(0, 0).ebx == VENDOR_INTEL;
}

/*
 * VMCALL and VMMCALL: one is the processor's own, the other is #UD. SDM 3C 31.3 "VMX Instructions", APM3
 * "VMMCALL". own: the one that is there; else the other.
 */
static inline struct hypercall hypercall_of(bool own)
{
	return vendor_is_intel() == own ? (struct hypercall){"VMCALL", {0x0f, 0x01, 0xc1}}
					: (struct hypercall){"VMMCALL", {0x0f, 0x01, 0xd9}};
}
