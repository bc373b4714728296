/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPUID policy: what of each leaf passes through from the hardware, and what is set. What is
 * not named here is hidden: virtualization, MONITOR, performance counters and debug stores, power
 * and thermal management, SGX, SMX, Processor Trace, CET, TSX, AMX, user interrupts, WAITPKG,
 * the speculation controls (their MSRs are not there either), IBS, LWP, SKINIT, RDPRU, MWAITX;
 * XSAVEC and XSAVES, whose area's size would have to follow XCR0 and IA32_XSS in another leaf.
 */
#include "vmm/cpuid_bits.h"
#include "vmm/cpuid_rules.h"

#define ALL 0xffffffffu

/* In both leaf 1 and, on AMD, leaf 80000001h. */
#define BASIC_EDX                                                                                 \
	(D1_FPU | D1_VME | D1_DE | D1_PSE | D1_TSC | D1_MSR | D1_PAE | D1_MCE | D1_CX8 | D1_PGE | \
	 D1_MCA | D1_CMOV | D1_PAT | D1_PSE36 | D1_MMX | D1_FXSR)

/* Emulated by us, so there whatever the hardware has. */
#define EMULATED_EDX (D1_APIC | D1_MTRR)

#define LEAF_1_ECX                                                                              \
	(C1_SSE3 | C1_PCLMULQDQ | C1_SSSE3 | C1_FMA | C1_CX16 | C1_PCID | C1_SSE41 | C1_SSE42 | \
	 C1_MOVBE | C1_POPCNT | C1_AES | C1_XSAVE | C1_AVX | C1_F16C | C1_RDRAND)

#define LEAF_7_EBX                                                                                \
	(B7_FSGSBASE | B7_BMI1 | B7_AVX2 | B7_FDP_EXCPTN_ONLY | B7_SMEP | B7_BMI2 | B7_ERMS |     \
	 B7_INVPCID | B7_NO_FPU_CS_DS | B7_AVX512F | B7_AVX512DQ | B7_RDSEED | B7_ADX | B7_SMAP | \
	 B7_AVX512IFMA | B7_CLFLUSHOPT | B7_CLWB | B7_AVX512PF | B7_AVX512ER | B7_AVX512CD |      \
	 B7_SHA | B7_AVX512BW | B7_AVX512VL)

#define LEAF_7_ECX                                                                                \
	(C7_PREFETCHWT1 | C7_AVX512VBMI | C7_UMIP | C7_PKU | C7_AVX512VBMI2 | C7_GFNI | C7_VAES | \
	 C7_VPCLMULQDQ | C7_AVX512VNNI | C7_AVX512BITALG | C7_AVX512VPOPCNTDQ | C7_LA57 |         \
	 C7_RDPID | C7_CLDEMOTE | C7_MOVDIRI | C7_MOVDIR64B)

#define LEAF_7_EDX                                                                             \
	(D7_AVX512_4VNNIW | D7_AVX512_4FMAPS | D7_FSRM | D7_AVX512VP2INTERSECT | D7_MD_CLEAR | \
	 D7_SERIALIZE | D7_AVX512FP16)

#define LEAF_7_1_EAX (A71_AVX_VNNI | A71_AVX512BF16 | A71_FZRM | A71_FSRS | A71_FSRC | A71_AVX_IFMA)

#define LEAF_EXT1_ECX                                                                          \
	(CE1_LAHF64 | CE1_CR8_LEGACY | CE1_ABM | CE1_SSE4A | CE1_MISALIGNSSE | CE1_PREFETCHW | \
	 CE1_XOP | CE1_FMA4 | CE1_TBM)

#define LEAF_EXT1_EDX                                                                           \
	(DE1_SYSCALL | DE1_NX | DE1_MMXEXT | DE1_PAGE1GB | DE1_RDTSCP | DE1_LM | DE1_3DNOWEXT | \
	 DE1_3DNOW)

const struct cpuid_rule cpuid_rules[] = {
	{.leaf = 0, .vendors = VENDOR_ANY, .pass = {0, ALL, ALL, ALL}, .fix = cpuid_fix_0},
	{.leaf = 1,
	 .vendors = VENDOR_ANY,
	 .pass = {ALL, 0xff00, LEAF_1_ECX, BASIC_EDX | D1_SEP | D1_CLFSH | D1_SSE | D1_SSE2 | D1_SS},
	 .set = {0, 0, C1_X2APIC | C1_TSC_DEADLINE | C1_HYPERVISOR, EMULATED_EDX},
	 .fix = cpuid_fix_1},
	{.leaf = 2, .vendors = VENDOR_INTEL, .pass = {ALL, ALL, ALL, ALL}},
	/* Caches: type, level and shape; not who shares them. */
	{.leaf = 4,
	 .vendors = VENDOR_INTEL,
	 .subleaves = true,
	 .last = 4,
	 .pass = {0x3fff, ALL, ALL, ALL},
	 .fix = cpuid_fix_4},
	{.leaf = 6, .vendors = VENDOR_ANY, .set = {.eax = A6_ARAT}},
	{.leaf = 7,
	 .vendors = VENDOR_ANY,
	 .subleaves = true,
	 .pass = {ALL, LEAF_7_EBX, LEAF_7_ECX, LEAF_7_EDX},
	 .set = {.ebx = B7_TSC_ADJUST},
	 .fix = cpuid_fix_7},
	{.leaf = 7,
	 .vendors = VENDOR_ANY,
	 .subleaves = true,
	 .first = 1,
	 .last = 1,
	 .pass = {.eax = LEAF_7_1_EAX},
	 .fix = cpuid_fix_7},
	{.leaf = 0xb, .vendors = VENDOR_ANY, .subleaves = true, .last = 2, .fix = cpuid_fix_b},
	{.leaf = 0xd,
	 .vendors = VENDOR_ANY,
	 .subleaves = true,
	 .pass = {XCR0_OFFERED, 0, 0, 0},
	 .fix = cpuid_fix_d},
	{.leaf = 0xd,
	 .vendors = VENDOR_ANY,
	 .subleaves = true,
	 .first = 1,
	 .last = 1,
	 .pass = {.eax = AD1_XSAVEOPT | AD1_XGETBV1},
	 .fix = cpuid_fix_d_components},
	{.leaf = 0xd,
	 .vendors = VENDOR_ANY,
	 .subleaves = true,
	 .first = 2,
	 .last = 9,
	 .pass = {ALL, ALL, 2, 0},
	 .fix = cpuid_fix_d_components},
	{.leaf = 0x15, .vendors = VENDOR_INTEL, .fix = cpuid_fix_15},
	/* Ours: the highest leaf and the name; then the version of what the other leaves mean. */
	{.leaf = 0x40000000,
	 .vendors = VENDOR_ANY,
	 .set = {0x40000010, 0x65657246, 0x646c6f68, 0x00315648}}, /* "FreeholdHV1" */
	{.leaf = 0x40000001, .vendors = VENDOR_ANY, .set = {.eax = 1}},
	{.leaf = 0x40000010, .vendors = VENDOR_ANY, .fix = cpuid_fix_timing},
	{.leaf = 0x40000100,
	 .vendors = VENDOR_ANY,
	 .set = {0x40000101, 0x4b4d564b, 0x564b4d56, 0x0000004d}}, /* "KVMKVMKVM" */
	{.leaf = 0x40000101,
	 .vendors = VENDOR_ANY,
	 .set = {.eax = KVM_CLOCKSOURCE | KVM_CLOCKSOURCE2 | KVM_STEAL_TIME |
			KVM_CLOCKSOURCE_STABLE}},
	{.leaf = 0x80000000, .vendors = VENDOR_ANY, .pass = {0, ALL, ALL, ALL}, .fix = cpuid_fix_ext0},
	{.leaf = 0x80000001,
	 .vendors = VENDOR_ANY,
	 .pass = {ALL, 0, LEAF_EXT1_ECX, LEAF_EXT1_EDX},
	 .fix = cpuid_fix_ext1},
	/* The processor's name. */
	{.leaf = 0x80000002, .vendors = VENDOR_ANY, .pass = {ALL, ALL, ALL, ALL}},
	{.leaf = 0x80000003, .vendors = VENDOR_ANY, .pass = {ALL, ALL, ALL, ALL}},
	{.leaf = 0x80000004, .vendors = VENDOR_ANY, .pass = {ALL, ALL, ALL, ALL}},
	/* Caches and TLBs. */
	{.leaf = 0x80000005, .vendors = VENDOR_AMD, .pass = {ALL, ALL, ALL, ALL}},
	{.leaf = 0x80000006, .vendors = VENDOR_ANY, .pass = {ALL, ALL, ALL, ALL}},
	{.leaf = 0x80000007, .vendors = VENDOR_ANY, .set = {.edx = DE7_INVARIANT_TSC}},
	{.leaf = 0x80000008,
	 .vendors = VENDOR_ANY,
	 .pass = {.ebx = BE8_CLZERO | BE8_XSAVEERPTR},
	 .fix = cpuid_fix_ext8},
	{.leaf = 0x80000019, .vendors = VENDOR_AMD, .pass = {ALL, ALL, 0, 0}},
	{.leaf = 0x8000001a, .vendors = VENDOR_AMD, .pass = {.eax = ALL}},
	{.leaf = 0x8000001d,
	 .vendors = VENDOR_AMD,
	 .subleaves = true,
	 .last = 4,
	 .pass = {0x3fff, ALL, ALL, ALL},
	 .fix = cpuid_fix_ext1d},
	{.leaf = 0x8000001e, .vendors = VENDOR_AMD, .fix = cpuid_fix_ext1e},
	{.leaf = 0x80000021,
	 .vendors = VENDOR_AMD,
	 .pass = {.eax = AE21_NO_NESTED_DATA_BP | AE21_LFENCE_SERIALIZING |
			 AE21_NULL_SEL_CLEARS_BASE}},
};

const unsigned cpuid_rule_count = ARRAY_SIZE(cpuid_rules);
