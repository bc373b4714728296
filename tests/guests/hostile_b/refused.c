/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS B10, B13, B14, B15: registers that reach into the machine below: none of them is there, or it holds
 * one value that cannot be changed.
 */
#include "tests/guests/hostile_b/cases.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/msr.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/vendor.h"

struct msr_range {
	const char *name;
	uint32_t first, last;
};

/* Speculation: the features are hidden, and so all are #GP. */
static const struct msr_range speculation[] = {
	{"SPEC_CTRL, PRED_CMD", 0x48, 0x49}, {"CORE_CAPABILITIES", 0xcf, 0xcf},
	{"ARCH_CAPABILITIES", 0x10a, 0x10a}, {"FLUSH_CMD", 0x10b, 0x10b},
	{"TSX_CTRL", 0x122, 0x123},	     {"VIRT_SPEC_CTRL", 0xc001011f, 0xc001011f},
	{"LS_CFG", 0xc0011020, 0xc0011020},  {"IC_CFG, DC_CFG", 0xc0011021, 0xc0011022},
};

static const struct msr_range machine_checks[] = {
	{"MC banks", 0x400, 0x47f},
	{"MCi_CTL2", 0x280, 0x29f},
	{"MCG_CTL", 0x17b, 0x17b},
	{"MCG_EXT_CTL", 0x4d0, 0x4d0},
	{"MCi_CTL_MASK", 0xc0010044, 0xc001004a},
	{"scalable MCA", 0xc0002000, 0xc00023ff},
};

static const struct msr_range platform[] = {
	{"TEST_CTL", 0x33, 0x33},
	{"FEATURE_CONTROL", 0x3a, 0x3a},
	{"microcode load", 0x79, 0x79},
	{"SGX launch key", 0x8c, 0x8f},
	{"SMBASE", 0x9e, 0x9e},
	{"SMM_MONITOR_CTL", 0x9b, 0x9b},
	{"PMCs", 0xc1, 0xc8},
	{"SMRR", 0x1f2, 0x1f3},
	{"event selects", 0x186, 0x189},
	{"PERF_CTL", 0x198, 0x19c},
	{"LBRs", 0x1c8, 0x1c9},
	{"fixed counters", 0x309, 0x30c},
	{"PMU control", 0x38d, 0x390},
	{"PEBS", 0x3f1, 0x3f1},
	{"VMX capabilities", 0x480, 0x491},
	{"SGX owner", 0x300, 0x301},
	{"SGX seal", 0x500, 0x500},
	{"PT", 0x560, 0x561},
	{"RTIT", 0x570, 0x58f},
	{"DS_AREA", 0x600, 0x600},
	{"RAPL", 0x606, 0x606},
	{"RAPL of the package", 0x610, 0x614},
	{"HWP", 0x770, 0x777},
	{"TME", 0x981, 0x984},
	{"PASID", 0xd93, 0xd93},
	{"TOP_MEM", 0xc001001a, 0xc001001d},
	{"microcode load of AMD", 0xc0010020, 0xc0010020},
	{"P-states", 0xc0010061, 0xc001006b},
	{"SMM_ADDR and what is beside it", 0xc0010111, 0xc0010119},
	{"PMU of AMD", 0xc0010200, 0xc001020b},
	{"RAPL of AMD", 0xc0010299, 0xc001029b},
	{"SEV", 0xc0010130, 0xc0010132},
	{"IBS", 0xc0011030, 0xc001103d},
};

/* The counters that AMD's processors have without a bit of CPUID: off. */
static const struct msr_range counters = {"K7 PMU", 0xc0010000, 0xc0010007};

static void check_absent(const struct msr_range *range)
{
	static const uint64_t values[] = {0, 1, ~0ULL, BIT(63)};

	for (uint32_t index = range->first; index <= range->last; index++) {
		uint64_t value = 0;

		test_check(msr_read_fault(index, &value).vector == VECTOR_GP, "%s: RDMSR %x is %lx",
			   range->name, index, value);
		for (unsigned i = 0; i < ARRAY_SIZE(values); i++)
			test_check(msr_write_fault(index, values[i]).vector == VECTOR_GP,
				   "%s: WRMSR %x = %lx", range->name, index, values[i]);
	}
}

static void check_all(const struct msr_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_absent(&ranges[i]);
}

/* It is readable, and no write changes a bit of those in mask. */
static void check_fixed(const char *name, uint32_t index, uint64_t mask)
{
	uint64_t old = msr_read(index), value;

	for (unsigned bit = 0; bit < 64; bit++) {
		struct fault fault;

		if (!(mask & BIT(bit)))
			continue;
		fault = msr_write_fault(index, old ^ BIT(bit));
		value = msr_read(index);
		test_check(fault.vector == VECTOR_GP && value == old, "%s bit %u: vector %d, %lx",
			   name, bit, fault.vector, value);
	}
}

enum { DEBUGCTL_LBR = 1 << 0, DEBUGCTL_BTF = 1 << 1 };

/* LBR and BTF are taken and forgotten; TR, BTS, BTINT, the freezes and all reserved bits are #GP. */
void b_test_debugctl(void)
{
	check_fixed("DEBUGCTL", MSR_DEBUGCTL, ~(uint64_t)(DEBUGCTL_LBR | DEBUGCTL_BTF));
	msr_write(MSR_DEBUGCTL, DEBUGCTL_LBR | DEBUGCTL_BTF);
	test_check(msr_read(MSR_DEBUGCTL) == 0, "DEBUGCTL %lx", msr_read(MSR_DEBUGCTL));
}

enum { MCG_CAP = 0x179, MCG_STATUS = 0x17a, TOGGLES = 100 };

void b_test_machine_check(void)
{
	uint64_t cr4 = cr4_read();

	check_all(machine_checks, ARRAY_SIZE(machine_checks));
	test_check(msr_read(MCG_CAP) == 0, "MCG_CAP %lx: there are no banks", msr_read(MCG_CAP));
	check_fixed("MCG_CAP", MCG_CAP, ~0ULL);
	check_fixed("MCG_STATUS", MCG_STATUS, ~7ULL);
	test_check(msr_write_fault(MCG_STATUS, 7).vector == NO_FAULT && msr_read(MCG_STATUS) == 7,
		   "MCG_STATUS %lx", msr_read(MCG_STATUS));
	msr_write(MCG_STATUS, 0);
	for (unsigned i = 0; i < TOGGLES; i++) {
		cr4_write(cr4 ^ CR4_MCE);
		test_check(cr4_read() == (cr4 ^ CR4_MCE), "cr4 %lx", cr4_read());
		cr4_write(cr4);
	}
	test_check(cr4_read() == cr4, "cr4 %lx", cr4_read());
}

void b_test_speculation(void)
{
	uint32_t edx7 = cpuid(7, 0).edx, ebx8 = cpuid(0x80000008, 0).ebx;

	/* SPEC_CTRL, STIBP, FLUSH_CMD, ARCH_CAPABILITIES, CORE_CAPABILITIES, SSBD. */
	test_check(!(edx7 >> 26), "leaf 7 EDX %x", edx7);
	/* IBPB, IBRS, STIBP, SSBD, VIRT_SSBD. */
	test_check(!(ebx8 & (BIT(12) | BIT(14) | BIT(15) | BIT(24) | BIT(25))),
		   "leaf 80000008h EBX %x", ebx8);
	check_all(speculation, ARRAY_SIZE(speculation));
}

enum { MISC_FAST_STRINGS = 1 << 0, HWCR_SETTABLE = 1 << 3 | 1 << 6 | 1 << 8 };
enum { NB_CFG = 0xc001001f, DE_CFG = 0xc0011029, PATCH_LEVEL = 0x8b };

/* What operating systems insist on holds one value, but for bits that they set without asking. */
void b_test_platform(void)
{
	check_all(platform, ARRAY_SIZE(platform));
	if (vendor_is_intel()) {
		check_absent(&counters);
		check_fixed("MISC_ENABLE", MSR_MISC_ENABLE, ~(uint64_t)MISC_FAST_STRINGS);
		return;
	}
	for (uint32_t index = counters.first; index <= counters.last; index++) {
		check_fixed(counters.name, index, ~0ULL);
		test_check(msr_write_fault(index, 0).vector == NO_FAULT && msr_read(index) == 0,
			   "%s: MSR %x cannot be cleared", counters.name, index);
	}
	check_fixed("HWCR", MSR_HWCR, ~(uint64_t)HWCR_SETTABLE);
	check_fixed("SYSCFG", MSR_SYSCFG, ~0ULL);
	check_fixed("NB_CFG", (uint32_t)NB_CFG, ~BIT(46));
	check_fixed("DE_CFG", (uint32_t)DE_CFG, ~0ULL);
	check_fixed("PATCH_LEVEL", PATCH_LEVEL, ~0ULL);
}
