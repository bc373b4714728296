/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this machine's processors can do, asked once per boot on CPU 0. Every other CPU is compared
 * with it: what the kernel relies on must be there on all of them.
 */
#pragma once

#include "lib/types.h"

enum cpu_vendor { CPU_VENDOR_OTHER, CPU_VENDOR_INTEL, CPU_VENDOR_AMD }; /* AMD: Hygon too */

/* CPUID Fn8000_000A_EDX: APM3 E.4.9 "Function 8000_000Ah: SVM Features". */
enum virt_feature {
	SVM_FEATURE_NP = BIT(0),
	SVM_FEATURE_LBR_VIRT = BIT(1),
	SVM_FEATURE_LOCK = BIT(2),
	SVM_FEATURE_NRIPS = BIT(3),
	SVM_FEATURE_TSC_RATE = BIT(4),
	SVM_FEATURE_VMCB_CLEAN = BIT(5),
	SVM_FEATURE_FLUSH_BY_ASID = BIT(6),
	SVM_FEATURE_DECODE_ASSISTS = BIT(7),
	SVM_FEATURE_PAUSE_FILTER = BIT(10),
	SVM_FEATURE_PAUSE_THRESHOLD = BIT(12),
	SVM_FEATURE_AVIC = BIT(13),
	SVM_FEATURE_VLS = BIT(15), /* virtualised VMLOAD and VMSAVE */
	SVM_FEATURE_VGIF = BIT(16),
	SVM_FEATURE_SPEC_CTRL = BIT(20),
};

struct cpu_features {
	enum cpu_vendor vendor;
	char vendor_name[13];
	char model_name[49];
	uint32_t family, model, stepping; /* extended parts added in */
	uint32_t max_leaf, max_extended_leaf;
	uint8_t phys_bits, linear_bits;

	/* What the kernel cannot do without: cpu_features_missing(). */
	bool long_mode, nx, pae, pge, pat, apic, msr, fxsr, mce, tsc;
	/* Used where they are. */
	bool smep, smap, umip, pcid, invpcid, fsgsbase, la57, pku, cet_ss;
	bool gib_pages; /* 1 GiB leaves in the host's and the nested tables */
	bool x2apic, tsc_deadline, invariant_tsc, tsc_adjust, rdtscp, arat;
	bool monitor, rdrand;
	bool spec_ctrl, ibpb; /* either: PRED_CMD.IBPB is there */
	bool hypervisor;      /* we run on somebody else's hypervisor or emulator */

	bool xsave, xsaveopt, xsavec, xsaves;
	uint64_t xcr0_supported; /* CPUID 0Dh */
	uint64_t xcr0_host;	 /* what the host enables and switches: 0 without XSAVE */
	bool xsaveerptr;	 /* AMD: FOP, FIP and FDP are saved and restored whatever FSW.ES */
	uint32_t xsave_size; /* bytes of the standard format under xcr0_host; 512 without XSAVE */

	bool vmx, svm;
	uint32_t virt_revision, virt_asids;
	uint64_t virt_features; /* enum virt_feature */
};

/* CPU 0's, and constant from cpu_features_init on. */
extern struct cpu_features cpu_features;

/* First of all: reads CPUID only, writes no register. */
void cpu_features_init(void);

/* What is missing that the kernel needs, as a word for the panic, or NULL. */
const char *cpu_features_missing(void);

/*
 * On another CPU: the name of the first feature in which it is less than CPU 0, in a way that
 * matters, or NULL. Such a CPU must not run.
 */
const char *cpu_features_differ(void);
