/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Five machines of the kinds that Freehold is tested on, and one that has every feature bit there
 * is. Values are composed from the vendors' manuals; what no test looks at is left out.
 */
#include "tests/unit/cpuid_hosts.h"

#define ALL 0xffffffffu
#define AMD_NAME(eax)                                   \
	{                                               \
		eax, 0x68747541, 0x444d4163, 0x69746e65 \
	}
#define INTEL_NAME(eax)                                 \
	{                                               \
		eax, 0x756e6547, 0x6c65746e, 0x49656e69 \
	}

/* An emulated EPYC: no x2APIC, no TSC-deadline, no invariant TSC, no PCID, SVM shown. */
static const struct host_leaf epyc[] = {
	{0, 0, AMD_NAME(0xd)},
	{1, 0, {0x00800f12, 0x00020800, 0xf6d83203, 0x178bfbff}},
	{7, 0, {0, 0x219c01a9, 0x0000000c, 0}},
	{0xd, 0, {0x207, 0x340, 0xa88, 0}},
	{0xd, 1, {0x5, 0, 0, 0}},
	{0xd, 2, {0x100, 0x240, 0, 0}},
	{0xd, 9, {0x8, 0xa80, 0, 0}},
	{0x80000000, 0, AMD_NAME(0x8000001e)},
	{0x80000001, 0, {0x00800f12, 0, 0x000001f7, 0x2fd3fbff}},
	{0x80000002, 0, {0x20444d41, 0x43595045, 0x6f725020, 0x73736563}},
	{0x80000005, 0, {0xff40ff40, 0xff40ff40, 0x20080140, 0x40040140}},
	{0x80000006, 0, {0, 0x42004200, 0x02008140, 0x00808140}},
	{0x80000008, 0, {0x3028, 0x00001205, 0x2001, 0}},
	{0x8000000a, 0, {1, 16, 0, 0x80000001}},
	{0x8000001d, 0, {0x00000121, 0x01c0003f, 0x3f, 0}},
	{0x8000001d, 1, {0x00000122, 0x00c0003f, 0xff, 0}},
	{0x8000001d, 2, {0x00000143, 0x01c0003f, 0x3ff, 0}},
	{0x8000001d, 3, {0x0001c163, 0x03c0003f, 0x1fff, 6}},
	{0x8000001e, 0, {3, 0x101, 0x300, 0}},
};

static const struct host_leaf ryzen[] = {
	{0, 0, AMD_NAME(0xd)},
	{1, 0, {0x00810f10, 0x05080800, 0x7ed8320b, 0x178bfbff}},
	{5, 0, {0x40, 0x40, 3, 0x11}},
	{6, 0, {4, 0, 1, 0}},
	{7, 0, {0, 0x209c01a9, 0, 0}},
	{0xd, 0, {0x7, 0x340, 0x340, 0}},
	{0xd, 1, {0xf, 0x340, 0, 0}},
	{0xd, 2, {0x100, 0x240, 0, 0}},
	{0x80000000, 0, AMD_NAME(0x8000001f)},
	{0x80000001, 0, {0x00810f10, 0, 0x35c233ff, 0x2fd3fbff}},
	{0x80000007, 0, {0, 0x1b, 0, 0x6599}},
	{0x80000008, 0, {0x3030, 0x1007, 0x4007, 0}},
	{0x8000000a, 0, {1, 0x8000, 0, 0x1bcff}},
	{0x8000001b, 0, {0x3ff, 0, 0, 0}},
	{0x8000001d, 0, {0x4121, 0x01c0003f, 0x3f, 0}},
	{0x8000001e, 0, {5, 0x102, 0, 0}},
};

static const struct host_leaf skylake_x[] = {
	{0, 0, INTEL_NAME(0x16)},
	{1, 0, {0x00050654, 0x02100800, 0x77fefbff, 0xbfebfbff}},
	{2, 0, {0x76036301, 0x00f0b5ff, 0, 0x00c30000}},
	{4, 0, {0x1c004121, 0x01c0003f, 0x3f, 0}},
	{4, 1, {0x1c004122, 0x01c0003f, 0x3f, 0}},
	{4, 2, {0x1c004143, 0x03c0003f, 0x3ff, 0}},
	{4, 3, {0x1c03c163, 0x0280003f, 0x2fff, 4}},
	{5, 0, {0x40, 0x40, 3, 0x2020}},
	{6, 0, {0x77, 2, 9, 0}},
	{7, 0, {0, 0xd39ffffb, 0, 0x9c000000}},
	{0xa, 0, {0x07300404, 0, 0, 0x603}},
	{0xb, 0, {1, 2, 0x100, 7}},
	{0xb, 1, {5, 16, 0x201, 7}},
	{0xd, 0, {0x2ff, 0xa88, 0xa88, 0}},
	{0xd, 1, {0xf, 0xa08, 0x100, 0}},
	{0xd, 2, {0x100, 0x240, 0, 0}},
	{0xd, 3, {0x40, 0x3c0, 0, 0}},
	{0xd, 4, {0x40, 0x400, 0, 0}},
	{0xd, 5, {0x40, 0x440, 0, 0}},
	{0xd, 6, {0x200, 0x480, 0, 0}},
	{0xd, 7, {0x400, 0x680, 0, 0}},
	{0xd, 8, {0x80, 0, 1, 0}},
	{0xd, 9, {8, 0xa80, 0, 0}},
	{0x14, 0, {1, 0xf, 7, 0}},
	{0x15, 0, {2, 0x124, 0, 0}},
	{0x16, 0, {3500, 4300, 100, 0}},
	{0x80000000, 0, {0x80000008, 0, 0, 0}},
	{0x80000001, 0, {0, 0, 0x121, 0x2c100800}},
	{0x80000006, 0, {0, 0, 0x01006040, 0}},
	{0x80000007, 0, {0, 0, 0, 0x100}},
	{0x80000008, 0, {0x302e, 0, 0, 0}},
};

/* As Bochs has it: keys, and a component of XSAVE for them whose place it does not tell. */
static const struct host_leaf tigerlake[] = {
	{0, 0, INTEL_NAME(0x16)},
	{1, 0, {0x000806c1, 0x00100800, 0x7ffafbbf, 0xbfebfbff}},
	{4, 0, {0x1c004121, 0x02c0003f, 0x3f, 0}},
	{7, 0, {0, 0xf1bf27eb, 0x00405fce, 0xfc100510}},
	{0xb, 0, {1, 2, 0x100, 0}},
	{0xb, 1, {3, 8, 0x201, 0}},
	{0xd, 0, {0x2e7, 0x240, 0xac0, 0}},
	{0xd, 1, {0xf, 0, 0, 0}},
	{0xd, 2, {0x100, 0x240, 0, 0}},
	{0xd, 5, {0x40, 0x440, 0, 0}},
	{0xd, 6, {0x200, 0x480, 0, 0}},
	{0xd, 7, {0x400, 0x680, 0, 0}},
	{0x80000000, 0, {0x80000008, 0, 0, 0}},
	{0x80000001, 0, {0, 0, 0x121, 0x2c100800}},
	{0x80000008, 0, {0x3027, 0, 0, 0}},
};

static const struct host_leaf haswell[] = {
	{0, 0, INTEL_NAME(0xd)},
	{1, 0, {0x000306c3, 0x00100800, 0x7fdafbbf, 0xbfebfbff}},
	{2, 0, {0x76036301, 0x00f0b6ff, 0, 0x00c10000}},
	{4, 0, {0x1c004121, 0x01c0003f, 0x3f, 0}},
	{4, 1, {0x1c004122, 0x01c0003f, 0x3f, 0}},
	{7, 0, {0, 0x000027ab, 0, 0}},
	{0xd, 0, {7, 0x340, 0x340, 0}},
	{0xd, 1, {1, 0, 0, 0}},
	{0xd, 2, {0x100, 0x240, 0, 0}},
	{0x80000000, 0, {0x80000008, 0, 0, 0}},
	{0x80000001, 0, {0, 0, 0x21, 0x2c100800}},
	{0x80000007, 0, {0, 0, 0, 0x100}},
	{0x80000008, 0, {0x3027, 0, 0, 0}},
};

/* Whatever it is asked, but for the sizes of the XSAVE components. */
static const struct host_leaf everything[] = {
	{0, 0, AMD_NAME(0x24)},
	{1, 0, {ALL, ALL, ALL, ALL}},
	{5, 0, {ALL, ALL, ALL, ALL}},
	{6, 0, {ALL, ALL, ALL, ALL}},
	{7, 0, {2, ALL, ALL, ALL}},
	{7, 1, {ALL, ALL, ALL, ALL}},
	{7, 2, {ALL, ALL, ALL, ALL}},
	{0xa, 0, {ALL, ALL, ALL, ALL}},
	{0xd, 0, {ALL, ALL, ALL, ALL}},
	{0xd, 1, {ALL, ALL, ALL, ALL}},
	{0xd, 2, {0x100, 0x240, 0, ALL}},
	{0xd, 5, {0x40, 0x440, 0, 0}},
	{0xd, 6, {0x200, 0x480, 0, 0}},
	{0xd, 7, {0x400, 0x680, ALL, 0}},
	{0xd, 9, {8, 0xa80, 0, 0}},
	{0xd, 17, {0x40, 0xac0, 2, 0}},
	{0xd, 18, {0x2000, 0xb00, 6, 0}},
	{0x14, 0, {ALL, ALL, ALL, ALL}},
	{0x80000000, 0, AMD_NAME(0x80000026)},
	{0x80000001, 0, {ALL, ALL, ALL, ALL}},
	{0x80000007, 0, {ALL, ALL, ALL, ALL}},
	{0x80000008, 0, {ALL, ALL, ALL, ALL}},
	{0x8000000a, 0, {ALL, ALL, ALL, ALL}},
	{0x8000001b, 0, {ALL, ALL, ALL, ALL}},
	{0x8000001d, 0, {ALL, ALL, ALL, ALL}},
	{0x8000001e, 0, {ALL, ALL, ALL, ALL}},
	{0x8000001f, 0, {ALL, ALL, ALL, ALL}},
	{0x80000021, 0, {ALL, ALL, ALL, ALL}},
};

const struct cpuid_host cpuid_hosts[CPUID_HOSTS] = {
	{"EPYC", epyc, ARRAY_SIZE(epyc), true},
	{"Ryzen", ryzen, ARRAY_SIZE(ryzen), true},
	{"Skylake-X", skylake_x, ARRAY_SIZE(skylake_x), false},
	{"Haswell", haswell, ARRAY_SIZE(haswell), false},
	{"everything", everything, ARRAY_SIZE(everything), true},
	{"Tiger Lake", tigerlake, ARRAY_SIZE(tigerlake), false},
};

static const struct cpuid_host *chosen;

void cpuid_host_choose(const struct cpuid_host *host)
{
	chosen = host;
}

struct cpuid_regs cpuid_host_answer(uint32_t leaf, uint32_t subleaf)
{
	const struct host_leaf *found = NULL;

	/* Where the table has one subleaf only, ECX does not count. */
	for (unsigned i = 0; i < chosen->count; i++) {
		const struct host_leaf *at = &chosen->leaves[i];

		if (at->leaf == leaf &&
		    (at->subleaf == subleaf ||
		     (leaf != 4 && leaf != 7 && leaf != 0xb && leaf != 0xd && leaf != 0x8000001d)))
			found = at;
	}
	return found ? found->regs : (struct cpuid_regs){0, 0, 0, 0};
}
