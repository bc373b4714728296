/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RDMSR and WRMSR of each register that a guest may look for, and of some that nobody has: what it holds, and
 * which values it refuses: SDM 4 2.1 "Architectural MSRs", APM2 A "MSR Cross-Reference".
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/transcript/shot.h"
#include "tests/guests/transcript/subject.h"

/* The upper halves of RAX, RCX and RDX: RDMSR clears two of them and looks at none. */
#define UPPER 0x7654321000000000UL

/* What is not tried with an MSR: it lives, or does something that outlives the line. */
enum msr_kind { STORES, LIVES, READ_ONLY };

static const struct {
	const char *name;
	uint32_t index;
	enum msr_kind kind;
} msrs[] = {
	{"P5_MC_ADDR", 0, READ_ONLY},
	{"TSC", 0x10, LIVES},
	{"PLATFORM_ID", 0x17, STORES},
	{"APIC_BASE", 0x1b, READ_ONLY},
	{"FEATURE_CONTROL", 0x3a, READ_ONLY},
	{"TSC_ADJUST", 0x3b, LIVES},
	{"SPEC_CTRL", 0x48, STORES},
	{"PRED_CMD", 0x49, STORES},
	{"BIOS_SIGN_ID", 0x8b, READ_ONLY},
	{"PMC0", 0xc1, STORES},
	{"MTRRCAP", 0xfe, STORES},
	{"ARCH_CAPABILITIES", 0x10a, STORES},
	{"FLUSH_CMD", 0x10b, STORES},
	{"SYSENTER_CS", 0x174, STORES},
	{"SYSENTER_ESP", 0x175, STORES},
	{"SYSENTER_EIP", 0x176, STORES},
	{"MCG_CAP", 0x179, STORES},
	{"MCG_STATUS", 0x17a, STORES},
	{"MCG_CTL", 0x17b, STORES},
	{"PERFEVTSEL0", 0x186, STORES},
	{"MISC_ENABLE", 0x1a0, READ_ONLY},
	{"DEBUGCTL", 0x1d9, STORES},
	{"MTRR_PHYSBASE0", 0x200, STORES},
	{"MTRR_PHYSMASK0", 0x201, STORES},
	{"MTRR_PHYSMASK7", 0x20f, STORES},
	{"MTRR_PHYSBASE10", 0x214, STORES},
	{"MTRR_FIX64K_00000", 0x250, STORES},
	{"MTRR_FIX16K_80000", 0x258, STORES},
	{"MTRR_FIX4K_F8000", 0x26f, STORES},
	{"PAT", 0x277, STORES},
	{"MTRR_DEF_TYPE", 0x2ff, READ_ONLY},
	{"PERF_GLOBAL_CTRL", 0x38f, STORES},
	{"MC0_CTL", 0x400, READ_ONLY},
	{"MC0_STATUS", 0x401, READ_ONLY},
	{"VMX_BASIC", 0x480, STORES},
	{"TSC_DEADLINE", 0x6e0, LIVES},
	{"X2APIC_ID", 0x802, STORES},
	{"BNDCFGS", 0xd90, STORES},
	{"XSS", 0xda0, STORES},
	{"40000000h", 0x40000000, STORES},
	{"EFER", MSR_EFER, READ_ONLY},
	{"STAR", MSR_STAR, STORES},
	{"LSTAR", MSR_LSTAR, STORES},
	{"CSTAR", MSR_CSTAR, STORES},
	{"SFMASK", MSR_SFMASK, STORES},
	{"FS_BASE", MSR_FS_BASE, STORES},
	{"GS_BASE", MSR_GS_BASE, STORES},
	{"KERNEL_GS_BASE", MSR_KERNEL_GS_BASE, STORES},
	{"TSC_AUX", MSR_TSC_AUX, STORES},
	{"TSC_RATIO", 0xc0000104, STORES},
	{"SYSCFG", MSR_SYSCFG, READ_ONLY},
	{"HWCR", MSR_HWCR, READ_ONLY},
	{"NB_CFG", 0xc001001f, READ_ONLY},
	{"VM_CR", 0xc0010114, READ_ONLY},
	{"VM_HSAVE_PA", 0xc0010117, READ_ONLY},
	{"DE_CFG", 0xc0011029, READ_ONLY},
	{"DEADBEEFh", 0xdeadbeef, STORES},
	{"FFFFFFFFh", 0xffffffff, STORES},
};

static bool read(const char *name, uint32_t index, bool hide, uint64_t *value)
{
	struct shot shot;

	shot_begin(&shot, 0);
	SHOT_CODE(&shot, 0x0f, 0x32);
	shot.gpr[RAX] = UPPER;
	shot.gpr[RDX] = UPPER;
	shot.gpr[RCX] = UPPER | index;
	shot.hide = hide ? BIT(RAX) | BIT(RDX) : 0;
	shot_fire(&shot, "rdmsr %s", name);
	*value = shot.end.rdx << 32 | (uint32_t)shot.end.rax;
	return shot.vector == NO_FAULT;
}

/* WRMSR; RDMSR, if it can be read. */
static void write(const char *name, uint32_t index, uint64_t value, bool readable)
{
	struct shot shot;

	shot_begin(&shot, 0);
	SHOT_CODE(&shot, 0x0f, 0x30, 0x0f, 0x32);
	shot.size = readable ? 4 : 2;
	shot.gpr[RAX] = UPPER | (uint32_t)value;
	shot.gpr[RDX] = UPPER | value >> 32;
	shot.gpr[RCX] = UPPER | index;
	shot_fire(&shot, "wrmsr %s = %lx", name, value);
}

/* A register that can be read need not take what it holds. */
static void put_back(uint32_t index, uint64_t value)
{
	struct shot shot;

	shot_begin(&shot, 0);
	SHOT_CODE(&shot, 0x0f, 0x30);
	shot.gpr[RAX] = (uint32_t)value;
	shot.gpr[RDX] = value >> 32;
	shot.gpr[RCX] = index;
	shot_run(&shot);
}

static void try_values(const char *name, uint32_t index, const uint64_t *values, unsigned count)
{
	uint64_t old = msr_read(index);

	for (unsigned i = 0; i < count; i++) {
		write(name, index, values[i], true);
		put_back(index, old);
	}
}

static void all(void)
{
	static const uint64_t values[] = {0, 0x1234, 0x0000800000000000, 0xffff800000000000, ~0UL};

	for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++) {
		uint64_t old;
		bool there = read(msrs[i].name, msrs[i].index, msrs[i].kind == LIVES, &old);

		for (unsigned j = 0; j < ARRAY_SIZE(values) && msrs[i].kind == STORES; j++) {
			write(msrs[i].name, msrs[i].index, values[j], there);
			if (there)
				put_back(msrs[i].index, old);
		}
	}
}

static void pat(void)
{
	const uint64_t plain = 0x0606060606060606;
	uint64_t values[16];

	for (unsigned type = 0; type < 8; type++) {
		values[type] = (plain & ~0xffUL) | type;
		values[8 + type] = (plain & ~BITS(63, 56)) | (uint64_t)(type + 8) << 56;
	}
	try_values("PAT", MSR_PAT, values, 12);
}

static void efer(void)
{
	uint64_t old = msr_read(MSR_EFER), value;

	for (unsigned bit = 0; bit < 22; bit++) {
		value = old ^ BIT(bit);
		try_values("EFER", MSR_EFER, &value, 1);
	}
	value = old | BIT(32);
	try_values("EFER", MSR_EFER, &value, 1);
	value = 0;
	try_values("EFER", MSR_EFER, &value, 1);
}

/* Reserved bits, and other places for its page: SDM 3A 11.4.4 "Local APIC Status and Location". */
static void apic_base(void)
{
	static const uint64_t changes[] = {BIT(0),  BIT(7),  BIT(9),  BIT(10) | BIT(11),
					   BIT(12), BIT(31), BIT(52), BIT(63)};
	uint64_t old = msr_read(MSR_APIC_BASE);

	if (test_bed("bare-qemu"))
		return; /* an APIC that TCG has switched off does not come back */
	for (unsigned i = 0; i < ARRAY_SIZE(changes); i++) {
		uint64_t value = old ^ changes[i];

		try_values("APIC_BASE", MSR_APIC_BASE, &value, 1);
	}
}

static void types(void)
{
	static const uint64_t bases[] = {6, 7, 2, 3, 0x1006, BIT(52) | 6};
	static const uint64_t fixed[] = {0x0606060606060606, 0x0606060606060603, 0x0706060606060606};

	try_values("MTRR_PHYSBASE0", 0x200, bases, ARRAY_SIZE(bases));
	try_values("MTRR_FIX64K_00000", 0x250, fixed, ARRAY_SIZE(fixed));
}

void subject_msr(void)
{
	all();
	pat();
	efer();
	apic_base();
	types();
}
