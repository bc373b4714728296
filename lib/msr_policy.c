/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the table of the MSRs that the VMM answers. Values are our own, never the host's. */
#include "lib/msr_policy.h"

#define ALL_BITS UINT64_MAX

/* What an operating system insists on is there with one sane, constant value. */
const struct msr_policy msr_policy[] = {
	{0x11, 0x11, MSR_ANY, MSR_KIND_KVM_WALL, .name = "KVM_WALL_CLOCK (old)",
	 .writes = "an address"},
	{0x12, 0x12, MSR_ANY, MSR_KIND_KVM_TIME, .name = "KVM_SYSTEM_TIME (old)",
	 .writes = "an address"},
	{0x17, 0x17, MSR_INTEL, MSR_KIND_VALUE, .keep = ALL_BITS, .name = "PLATFORM_ID"},
	{0x2a, 0x2a, MSR_INTEL, MSR_KIND_VALUE, .keep = ALL_BITS, .name = "EBL_CR_POWERON"},
	/* The microcode's revision. A guest writes 0 before it reads (SDM 3A 10.11.7.1). */
	{0x8b, 0x8b, MSR_INTEL, MSR_KIND_VALUE, BIT(32), BITS(31, 0), "BIOS_SIGN_ID", NULL},
	{0x8b, 0x8b, MSR_AMD, MSR_KIND_VALUE, 0x01000065, ALL_BITS, "PATCH_LEVEL", NULL},
	{0xfe, 0xfe, MSR_ANY, MSR_KIND_MTRR_CAP, .name = "MTRRCAP", .writes = "nothing"},
	{0x179, 0x179, MSR_ANY, MSR_KIND_VALUE, .keep = ALL_BITS, .name = "MCG_CAP"}, /* no banks */
	{0x17a, 0x17a, MSR_ANY, MSR_KIND_MCG_STATUS, .name = "MCG_STATUS", .writes = "bits 2:0"},
	{0x1a0, 0x1a0, MSR_INTEL, MSR_KIND_MISC_ENABLE, .name = "MISC_ENABLE",
	 .writes = "fast strings, 0"},
	/* LBR and BTF may be set, to no effect; tracing cannot. */
	{0x1d9, 0x1d9, MSR_ANY, MSR_KIND_VALUE, .keep = ~BITS(1, 0), .name = "DEBUGCTL"},
	{0x200, 0x20f, MSR_ANY, MSR_KIND_MTRR, .name = "MTRR_PHYS_BASE, _MASK",
	 .writes = "valid types"},
	{0x250, 0x250, MSR_ANY, MSR_KIND_MTRR, .name = "MTRR_FIX64K", .writes = "valid types"},
	{0x258, 0x259, MSR_ANY, MSR_KIND_MTRR, .name = "MTRR_FIX16K", .writes = "valid types"},
	{0x268, 0x26f, MSR_ANY, MSR_KIND_MTRR, .name = "MTRR_FIX4K", .writes = "valid types"},
	{0x2ff, 0x2ff, MSR_ANY, MSR_KIND_MTRR, .name = "MTRR_DEF_TYPE",
	 .writes = "a valid type, E, FE"},
	{0x4b564d00, 0x4b564d00, MSR_ANY, MSR_KIND_KVM_WALL, .name = "KVM_WALL_CLOCK",
	 .writes = "an address"},
	{0x4b564d01, 0x4b564d01, MSR_ANY, MSR_KIND_KVM_TIME, .name = "KVM_SYSTEM_TIME",
	 .writes = "an address"},
	{0x4b564d03, 0x4b564d03, MSR_ANY, MSR_KIND_KVM_STEAL, .name = "KVM_STEAL_TIME",
	 .writes = "an address, 64-byte"},
	/* No bit of CPUID announces these (APM2 13.2 "Performance Monitoring Counters"): off, for good. */
	{0xc0010000, 0xc0010007, MSR_AMD, MSR_KIND_VALUE, .keep = ALL_BITS, .name = "PERF_CTL, _CTR"},
	{0xc0010010, 0xc0010010, MSR_AMD, MSR_KIND_VALUE, .keep = ALL_BITS, .name = "SYSCFG"},
	/* TscFreqSel 24 is 1; TlbCacheDis 3, FFDIS 6 and MonMwaitDis 8 may be written. */
	{0xc0010015, 0xc0010015, MSR_AMD, MSR_KIND_VALUE, BIT(24), ~(BIT(3) | BIT(6) | BIT(8)),
	 "HWCR", NULL},
	/* Linux sets EnableCf8ExtCfg, 46, without asking whether it can. */
	{0xc001001f, 0xc001001f, MSR_AMD, MSR_KIND_VALUE, .keep = ~BIT(46), .name = "NB_CFG"},
	{0xc0010055, 0xc0010055, MSR_AMD, MSR_KIND_VALUE, .keep = ALL_BITS,
	 .name = "INT_PENDING_MSG"},
	/* LFENCE serializes, and stays so. */
	{0xc0011029, 0xc0011029, MSR_AMD, MSR_KIND_VALUE, BIT(1), ALL_BITS, "DE_CFG", NULL},
};

const unsigned msr_policy_count = ARRAY_SIZE(msr_policy);
