/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MSR policy: what a guest's RDMSR and WRMSR find, and who answers. The kernel's and the backends'
 * tables are made from the lists below, the VMM looks each MSR up in msr_policy, and the console prints
 * all three: there is no second list that could say something else. What none of them names is #GP(0).
 */
#pragma once

#include "lib/types.h"

/*
 * Not intercepted: the processor's own, switched with the vCPU, so that nothing of another's is seen.
 * ROW(index, name)
 */
#define MSR_POLICY_OPEN(ROW)       \
	ROW(0x174, "SYSENTER_CS")  \
	ROW(0x175, "SYSENTER_ESP") \
	ROW(0x176, "SYSENTER_EIP") \
	ROW(0xc0000081, "STAR")    \
	ROW(0xc0000082, "LSTAR")   \
	ROW(0xc0000083, "CSTAR")   \
	ROW(0xc0000084, "SFMASK")  \
	ROW(0xc0000100, "FS_BASE") \
	ROW(0xc0000101, "GS_BASE") \
	ROW(0xc0000102, "KERNEL_GS_BASE")

/*
 * Answered by the kernel, since they touch the local APIC or the processor. The hot ones first: it is
 * searched from the front. ROW(index, name, function, what may be written)
 */
#define MSR_POLICY_KERNEL(ROW)                                                               \
	ROW(0xc0000080, "EFER", efer, "SCE, NXE; LME without paging; LMA is kept")           \
	ROW(0x6e0, "TSC_DEADLINE", tsc_deadline, "any, in TSC-deadline mode; else ignored")  \
	ROW(0x10, "TSC", tsc, "any: moves this vCPU's TSC")                                  \
	ROW(0x1b, "APIC_BASE", apic_base, "the page; enable, x2APIC by allowed transitions") \
	ROW(0x3b, "TSC_ADJUST", tsc_adjust, "any: moves this vCPU's TSC")                    \
	ROW(0x277, "PAT", pat, "types 0, 1, 4 to 7 in each byte")                            \
	ROW(0xc0000103, "TSC_AUX", tsc_aux, "32 bits; with RDTSCP only")

/* The kernel's, too: registers of the local APIC in x2APIC mode. */
enum { MSR_X2APIC_FIRST = 0x800, MSR_X2APIC_LAST = 0x8ff };

enum msr_vendor { MSR_ANY = 0, MSR_INTEL = 1 << 0, MSR_AMD = 1 << 1 };

/* How the VMM answers. */
enum msr_kind {
	/* Reads as value; a write must leave the bits of keep as they are in value, and is forgotten. */
	MSR_KIND_VALUE,
	MSR_KIND_MTRR_CAP, /* reads; a write is #GP(0) */
	MSR_KIND_MTRR,
	MSR_KIND_MCG_STATUS,
	MSR_KIND_MISC_ENABLE,
	MSR_KIND_KVM_TIME,
	MSR_KIND_KVM_WALL,
	MSR_KIND_KVM_STEAL,
	MSR_KINDS
};

/* A run of MSRs that the VMM answers. */
struct msr_policy {
	uint32_t first, last;
	uint16_t vendor; /* enum msr_vendor: of the hardware it is for */
	uint16_t kind;	 /* enum msr_kind */
	uint64_t value, keep;
	const char *name;
	const char *writes; /* what may be written; NULL: keep says it */
};

extern const struct msr_policy msr_policy[];
extern const unsigned msr_policy_count;
