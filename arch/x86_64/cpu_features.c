/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading CPUID into struct cpu_features: SDM 2A "CPUID", APM3 E "Obtaining Processor Information".
 */
#include "arch/x86_64/cpu_features.h"

#include "arch/x86_64/fpu.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"

struct cpu_features cpu_features;

enum leaf {
	LEAF_VENDOR = 0,
	LEAF_VERSION = 1,
	LEAF_POWER = 6,
	LEAF_FEATURES = 7,
	LEAF_XSTATE = 0xd,
	LEAF_EXT_MAX = 0x80000000,
	LEAF_EXT_FEATURES = 0x80000001,
	LEAF_EXT_NAME = 0x80000002,
	LEAF_EXT_POWER = 0x80000007,
	LEAF_EXT_SIZES = 0x80000008,
	LEAF_EXT_SVM = 0x8000000a,
};

enum cpuid_register { REG_EAX, REG_EBX, REG_ECX, REG_EDX };

struct feature_bit {
	uint32_t leaf;
	uint8_t subleaf, reg, bit;
	uint16_t offset; /* of a bool in struct cpu_features */
	bool needed;	 /* the kernel does not run without it */
	bool compared;	 /* what CPU 0 has of it, the others must have */
	const char *name;
};

#define FEATURE(leaf_, subleaf_, reg_, bit_, field, needed_, compared_)               \
	{                                                                             \
		.leaf = (leaf_), .subleaf = (subleaf_), .reg = (reg_), .bit = (bit_), \
		.offset = offsetof(struct cpu_features, field), .needed = (needed_),  \
		.compared = (compared_), .name = #field,                              \
	}

static const struct feature_bit feature_bits[] = {
	FEATURE(LEAF_VERSION, 0, REG_EDX, 4, tsc, true, true),
	FEATURE(LEAF_VERSION, 0, REG_EDX, 5, msr, true, true),
	FEATURE(LEAF_VERSION, 0, REG_EDX, 6, pae, true, true),
	FEATURE(LEAF_VERSION, 0, REG_EDX, 7, mce, true, true),
	FEATURE(LEAF_VERSION, 0, REG_EDX, 9, apic, true, true),
	FEATURE(LEAF_VERSION, 0, REG_EDX, 13, pge, true, true),
	FEATURE(LEAF_VERSION, 0, REG_EDX, 16, pat, true, true),
	FEATURE(LEAF_VERSION, 0, REG_EDX, 24, fxsr, true, true),
	FEATURE(LEAF_VERSION, 0, REG_ECX, 3, monitor, false, false),
	FEATURE(LEAF_VERSION, 0, REG_ECX, 5, vmx, false, true),
	FEATURE(LEAF_VERSION, 0, REG_ECX, 17, pcid, false, true),
	FEATURE(LEAF_VERSION, 0, REG_ECX, 21, x2apic, false, true),
	FEATURE(LEAF_VERSION, 0, REG_ECX, 24, tsc_deadline, false, true),
	FEATURE(LEAF_VERSION, 0, REG_ECX, 26, xsave, false, true),
	FEATURE(LEAF_VERSION, 0, REG_ECX, 30, rdrand, false, false),
	FEATURE(LEAF_VERSION, 0, REG_ECX, 31, hypervisor, false, false),
	FEATURE(LEAF_POWER, 0, REG_EAX, 2, arat, false, false),
	FEATURE(LEAF_FEATURES, 0, REG_EBX, 0, fsgsbase, false, true),
	FEATURE(LEAF_FEATURES, 0, REG_EBX, 1, tsc_adjust, false, false),
	FEATURE(LEAF_FEATURES, 0, REG_EBX, 7, smep, false, true),
	FEATURE(LEAF_FEATURES, 0, REG_EBX, 10, invpcid, false, true),
	FEATURE(LEAF_FEATURES, 0, REG_EBX, 20, smap, false, true),
	FEATURE(LEAF_FEATURES, 0, REG_ECX, 2, umip, false, true),
	FEATURE(LEAF_FEATURES, 0, REG_ECX, 3, pku, false, true),
	FEATURE(LEAF_FEATURES, 0, REG_ECX, 7, cet_ss, false, false),
	FEATURE(LEAF_FEATURES, 0, REG_ECX, 16, la57, false, false),
	FEATURE(LEAF_FEATURES, 0, REG_EDX, 26, spec_ctrl, false, true),
	FEATURE(LEAF_EXT_SIZES, 0, REG_EBX, 2, xsaveerptr, false, true),
	FEATURE(LEAF_EXT_SIZES, 0, REG_EBX, 12, ibpb, false, true),
	FEATURE(LEAF_XSTATE, 1, REG_EAX, 0, xsaveopt, false, true),
	FEATURE(LEAF_XSTATE, 1, REG_EAX, 1, xsavec, false, true),
	FEATURE(LEAF_XSTATE, 1, REG_EAX, 3, xsaves, false, true),
	FEATURE(LEAF_EXT_FEATURES, 0, REG_ECX, 2, svm, false, true),
	FEATURE(LEAF_EXT_FEATURES, 0, REG_EDX, 20, nx, true, true),
	FEATURE(LEAF_EXT_FEATURES, 0, REG_EDX, 26, gib_pages, false, true),
	FEATURE(LEAF_EXT_FEATURES, 0, REG_EDX, 27, rdtscp, false, true),
	FEATURE(LEAF_EXT_FEATURES, 0, REG_EDX, 29, long_mode, true, true),
	FEATURE(LEAF_EXT_POWER, 0, REG_EDX, 8, invariant_tsc, false, true),
};

static bool *feature_flag(struct cpu_features *features, const struct feature_bit *bit)
{
	return (bool *)(void *)((char *)features + bit->offset);
}

/* A leaf beyond the highest one reads as zero: Intel would answer with the highest one's data. */
static struct cpuid_regs leaf_read(const struct cpu_features *features, uint32_t leaf,
				   uint32_t subleaf)
{
	uint32_t max = leaf < LEAF_EXT_MAX ? features->max_leaf : features->max_extended_leaf;

	return leaf <= max ? cpuid(leaf, subleaf) : (struct cpuid_regs){0};
}

static bool feature_read(const struct cpu_features *features, const struct feature_bit *bit)
{
	struct cpuid_regs r = leaf_read(features, bit->leaf, bit->subleaf);
	const uint32_t regs[] = {r.eax, r.ebx, r.ecx, r.edx};

	return regs[bit->reg] >> bit->bit & 1;
}

static void feature_store(struct cpu_features *features, const struct feature_bit *bit)
{
	*feature_flag(features, bit) = feature_read(features, bit);
}

static void read_vendor(struct cpu_features *features)
{
	static const struct {
		char name[13];
		enum cpu_vendor vendor;
	} vendors[] = {
		{"GenuineIntel", CPU_VENDOR_INTEL},
		{"AuthenticAMD", CPU_VENDOR_AMD},
		{"HygonGenuine", CPU_VENDOR_AMD},
	};
	struct cpuid_regs r = cpuid(LEAF_VENDOR, 0);
	const uint32_t name[] = {r.ebx, r.edx, r.ecx};

	features->max_leaf = r.eax;
	features->max_extended_leaf = cpuid(LEAF_EXT_MAX, 0).eax;
	memcpy(features->vendor_name, name, sizeof(name));
	for (size_t i = 0; i < ARRAY_SIZE(vendors); i++) {
		if (!memcmp(vendors[i].name, features->vendor_name, sizeof(name)))
			features->vendor = vendors[i].vendor;
	}
}

/* SDM 2A "CPUID", figure 3-6 "Version Information Returned by CPUID in EAX". */
static void read_version(struct cpu_features *features)
{
	uint32_t eax = leaf_read(features, LEAF_VERSION, 0).eax;

	features->stepping = eax & 0xf;
	features->model = (eax >> 4 & 0xf) | (eax >> 12 & 0xf0);
	features->family = eax >> 8 & 0xf;
	if (features->family == 0xf)
		features->family += eax >> 20 & 0xff;
	else if (features->family != 6)
		features->model &= 0xf;
}

static void read_model_name(struct cpu_features *features)
{
	uint32_t name[12];

	for (uint32_t i = 0; i < 3; i++) {
		struct cpuid_regs r = leaf_read(features, LEAF_EXT_NAME + i, 0);

		memcpy(&name[i * 4ULL], &r, sizeof(r));
	}
	memcpy(features->model_name, name, sizeof(name));
}

static void read_sizes(struct cpu_features *features)
{
	uint32_t eax = leaf_read(features, LEAF_EXT_SIZES, 0).eax;

	features->phys_bits = (uint8_t)(eax & 0xff);
	features->linear_bits = (uint8_t)(eax >> 8 & 0xff);
	if (features->phys_bits < 36 || features->phys_bits > 52)
		features->phys_bits = 36;
}

static void read_svm(struct cpu_features *features)
{
	struct cpuid_regs r;

	if (!features->svm)
		return;
	r = leaf_read(features, LEAF_EXT_SVM, 0);
	features->virt_revision = r.eax & 0xff;
	features->virt_asids = r.ebx;
	features->virt_features = r.edx;
}

/*
 * Of what may be on in XCR0, that whose place in an XSAVE area is told: Bochs's tigerlake tells none for
 * PKRU, and XSAVE would write it behind an area of the size that the others add up to.
 */
static uint64_t read_xcr0(struct cpu_features *features)
{
	struct cpuid_regs r = leaf_read(features, LEAF_XSTATE, 0);
	uint64_t xcr0 = (uint64_t)r.edx << 32 | r.eax;

	for (uint32_t i = 2; i < 63; i++)
		if (xcr0 & BIT(i) && !leaf_read(features, LEAF_XSTATE, i).eax)
			xcr0 &= ~BIT(i);
	return xcr0;
}

static void read_all(struct cpu_features *features)
{
	memset(features, 0, sizeof(*features));
	read_vendor(features);
	read_version(features);
	read_model_name(features);
	for (size_t i = 0; i < ARRAY_SIZE(feature_bits); i++)
		feature_store(features, &feature_bits[i]);
	read_sizes(features);
	read_svm(features);
	if (features->xsave)
		features->xcr0_supported = read_xcr0(features);
	fpu_features(features);
}

void cpu_features_init(void)
{
	read_all(&cpu_features);
}

const char *cpu_features_missing(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(feature_bits); i++) {
		const struct feature_bit *bit = &feature_bits[i];

		if (bit->needed && !*feature_flag(&cpu_features, bit))
			return bit->name;
	}
	return NULL;
}

const char *cpu_features_differ(void)
{
	struct cpu_features mine;

	read_all(&mine);
	for (size_t i = 0; i < ARRAY_SIZE(feature_bits); i++) {
		const struct feature_bit *bit = &feature_bits[i];

		if (bit->compared && *feature_flag(&cpu_features, bit) && !*feature_flag(&mine, bit))
			return bit->name;
	}
	if (mine.vendor != cpu_features.vendor)
		return "vendor";
	if (mine.phys_bits < cpu_features.phys_bits)
		return "phys_bits";
	if (cpu_features.xcr0_host & ~mine.xcr0_supported)
		return "xcr0";
	if (mine.xsave_size > cpu_features.xsave_size)
		return "xsave_size";
	if (cpu_features.virt_features & ~mine.virt_features)
		return "virt_features";
	return mine.virt_asids < cpu_features.virt_asids ? "virt_asids" : NULL;
}
