/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The feature bits of CPUID that the policy names, in bit order for each register.
 * SDM 2A "CPUID--CPU Identification"; APM3 Appendix E "Obtaining Processor Information".
 */
#pragma once

/* Leaf 1, ECX. */
enum cpuid_1_ecx {
	C1_SSE3 = 1 << 0,
	C1_PCLMULQDQ = 1 << 1,
	C1_MONITOR = 1 << 3,
	C1_VMX = 1 << 5,
	C1_SMX = 1 << 6,
	C1_SSSE3 = 1 << 9,
	C1_FMA = 1 << 12,
	C1_CX16 = 1 << 13,
	C1_PDCM = 1 << 15,
	C1_PCID = 1 << 17,
	C1_SSE41 = 1 << 19,
	C1_SSE42 = 1 << 20,
	C1_X2APIC = 1 << 21,
	C1_MOVBE = 1 << 22,
	C1_POPCNT = 1 << 23,
	C1_TSC_DEADLINE = 1 << 24,
	C1_AES = 1 << 25,
	C1_XSAVE = 1 << 26,
	C1_OSXSAVE = 1 << 27,
	C1_AVX = 1 << 28,
	C1_F16C = 1 << 29,
	C1_RDRAND = 1 << 30,
};

#define C1_HYPERVISOR 0x80000000u

/* Leaf 1, EDX; the bits marked AMD are repeated in leaf 80000001h there. */
enum cpuid_1_edx {
	D1_FPU = 1 << 0, /* AMD, and all up to MCA but SEP */
	D1_VME = 1 << 1,
	D1_DE = 1 << 2,
	D1_PSE = 1 << 3,
	D1_TSC = 1 << 4,
	D1_MSR = 1 << 5,
	D1_PAE = 1 << 6,
	D1_MCE = 1 << 7,
	D1_CX8 = 1 << 8,
	D1_APIC = 1 << 9,
	D1_SEP = 1 << 11,
	D1_MTRR = 1 << 12,
	D1_PGE = 1 << 13,
	D1_MCA = 1 << 14,
	D1_CMOV = 1 << 15,  /* AMD */
	D1_PAT = 1 << 16,   /* AMD */
	D1_PSE36 = 1 << 17, /* AMD */
	D1_CLFSH = 1 << 19,
	D1_MMX = 1 << 23,  /* AMD */
	D1_FXSR = 1 << 24, /* AMD */
	D1_SSE = 1 << 25,
	D1_SSE2 = 1 << 26,
	D1_SS = 1 << 27,
	D1_HTT = 1 << 28,
};

/* Leaf 6, EAX. */
enum cpuid_6_eax { A6_ARAT = 1 << 2 };

/* Leaf 7, subleaf 0, EBX. */
enum cpuid_7_ebx {
	B7_FSGSBASE = 1 << 0,
	B7_TSC_ADJUST = 1 << 1,
	B7_BMI1 = 1 << 3,
	B7_AVX2 = 1 << 5,
	B7_FDP_EXCPTN_ONLY = 1 << 6,
	B7_SMEP = 1 << 7,
	B7_BMI2 = 1 << 8,
	B7_ERMS = 1 << 9,
	B7_INVPCID = 1 << 10,
	B7_NO_FPU_CS_DS = 1 << 13,
	B7_AVX512F = 1 << 16,
	B7_AVX512DQ = 1 << 17,
	B7_RDSEED = 1 << 18,
	B7_ADX = 1 << 19,
	B7_SMAP = 1 << 20,
	B7_AVX512IFMA = 1 << 21,
	B7_CLFLUSHOPT = 1 << 23,
	B7_CLWB = 1 << 24,
	B7_AVX512PF = 1 << 26,
	B7_AVX512ER = 1 << 27,
	B7_AVX512CD = 1 << 28,
	B7_SHA = 1 << 29,
	B7_AVX512BW = 1 << 30,
};

#define B7_AVX512VL 0x80000000u

/* Leaf 7, subleaf 0, ECX. */
enum cpuid_7_ecx {
	C7_PREFETCHWT1 = 1 << 0,
	C7_AVX512VBMI = 1 << 1,
	C7_UMIP = 1 << 2,
	C7_PKU = 1 << 3,
	C7_OSPKE = 1 << 4,
	C7_AVX512VBMI2 = 1 << 6,
	C7_GFNI = 1 << 8,
	C7_VAES = 1 << 9,
	C7_VPCLMULQDQ = 1 << 10,
	C7_AVX512VNNI = 1 << 11,
	C7_AVX512BITALG = 1 << 12,
	C7_AVX512VPOPCNTDQ = 1 << 14,
	C7_LA57 = 1 << 16,
	C7_RDPID = 1 << 22,
	C7_CLDEMOTE = 1 << 25,
	C7_MOVDIRI = 1 << 27,
	C7_MOVDIR64B = 1 << 28,
};

/* Leaf 7, subleaf 0, EDX. */
enum cpuid_7_edx {
	D7_AVX512_4VNNIW = 1 << 2,
	D7_AVX512_4FMAPS = 1 << 3,
	D7_FSRM = 1 << 4,
	D7_AVX512VP2INTERSECT = 1 << 8,
	D7_MD_CLEAR = 1 << 10,
	D7_SERIALIZE = 1 << 14,
	D7_AVX512FP16 = 1 << 23,
};

/* Leaf 7, subleaf 1, EAX. */
enum cpuid_7_1_eax {
	A71_AVX_VNNI = 1 << 4,
	A71_AVX512BF16 = 1 << 5,
	A71_FZRM = 1 << 10,
	A71_FSRS = 1 << 11,
	A71_FSRC = 1 << 12,
	A71_AVX_IFMA = 1 << 23,
};

/* Leaf Dh, subleaf 1, EAX. */
enum cpuid_d_1_eax {
	AD1_XSAVEOPT = 1 << 0,
	AD1_XSAVEC = 1 << 1,
	AD1_XGETBV1 = 1 << 2,
};

/* Leaf 80000001h, ECX. */
enum cpuid_ext1_ecx {
	CE1_LAHF64 = 1 << 0,
	CE1_CMP_LEGACY = 1 << 1,
	CE1_SVM = 1 << 2,
	CE1_CR8_LEGACY = 1 << 4,
	CE1_ABM = 1 << 5,
	CE1_SSE4A = 1 << 6,
	CE1_MISALIGNSSE = 1 << 7,
	CE1_PREFETCHW = 1 << 8,
	CE1_XOP = 1 << 11,
	CE1_FMA4 = 1 << 16,
	CE1_TBM = 1 << 21,
	CE1_TOPOEXT = 1 << 22,
};

/* Leaf 80000001h, EDX, beside the repeated bits of leaf 1. */
enum cpuid_ext1_edx {
	DE1_SYSCALL = 1 << 11,
	DE1_NX = 1 << 20,
	DE1_MMXEXT = 1 << 22,
	DE1_PAGE1GB = 1 << 26,
	DE1_RDTSCP = 1 << 27,
	DE1_LM = 1 << 29,
	DE1_3DNOWEXT = 1 << 30,
};

#define DE1_3DNOW 0x80000000u

/* Leaf 80000007h, EDX. */
enum cpuid_ext7_edx { DE7_INVARIANT_TSC = 1 << 8 };

/* Leaf 80000008h, EBX. */
enum cpuid_ext8_ebx {
	BE8_CLZERO = 1 << 0,
	BE8_XSAVEERPTR = 1 << 2,
};

/* Leaf 80000021h, EAX. */
enum cpuid_ext21_eax {
	AE21_NO_NESTED_DATA_BP = 1 << 0,
	AE21_LFENCE_SERIALIZING = 1 << 2,
	AE21_NULL_SEL_CLEARS_BASE = 1 << 6,
};

/* Leaf 40000101h, EAX: KVM's paravirtual features (Linux, Documentation/virt/kvm/x86/cpuid.rst). */
enum cpuid_kvm_features {
	KVM_CLOCKSOURCE = 1 << 0,
	KVM_CLOCKSOURCE2 = 1 << 3,
	KVM_STEAL_TIME = 1 << 5,
	KVM_CLOCKSOURCE_STABLE = 1 << 24,
};
