/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of the VMM's MSRs and what reads and writes do. Values are our own, never the host's.
 * What an operating system insists on is there with one sane, constant value.
 */
#include "vmm/msr.h"

#include "abi/layout.h"
#include "vmm/guest_features.h"
#include "vmm/host_clock.h"
#include "vmm/msr_mtrr.h"
#include "vmm/partition.h"
#include "vmm/pvclock.h"
#include "vmm/steal.h"

/* Each vCPU's own. Touched by that vCPU's VMM half only. */
struct msr_state {
	struct mtrr mtrr;
	uint64_t mcg_status;
	uint64_t misc_enable;
	uint64_t kvm_time, kvm_wall; /* as written */
};

static struct msr_state states[MAX_VCPUS];

enum { ONLY_INTEL = 1 << 0, ONLY_AMD = 1 << 1 };

/*
 * A run of MSRs. Without functions it reads as value; a write must leave the bits of keep as they
 * are in value, and is then forgotten.
 */
struct msr_rule {
	uint32_t first, last;
	unsigned vendor; /* 0: both */
	bool (*read)(struct msr_state *state, uint32_t index, uint64_t *value);
	bool (*write)(struct msr_state *state, uint32_t index, uint64_t value);
	uint64_t value, keep;
};

#define ALL_BITS UINT64_MAX

/* IA32_MISC_ENABLE: fast strings 0; branch trace 11 and PEBS 12 unavailable. SDM 4 table 2-2 */
#define MISC_FAST_STRINGS BIT(0)
#define MISC_ENABLE	  (MISC_FAST_STRINGS | BIT(11) | BIT(12))

#define MCG_STATUS_BITS BITS(2, 0)
#define KVM_ENABLED	BIT(0)

static bool read_mtrr(struct msr_state *state, uint32_t index, uint64_t *value)
{
	return mtrr_read(&state->mtrr, index, value);
}

static bool write_mtrr(struct msr_state *state, uint32_t index, uint64_t value)
{
	return mtrr_write(&state->mtrr, guest_features.cpu.maxphyaddr, index, value);
}

static bool read_mcg_status(struct msr_state *state, uint32_t index, uint64_t *value)
{
	(void)index;
	*value = state->mcg_status;
	return true;
}

static bool write_mcg_status(struct msr_state *state, uint32_t index, uint64_t value)
{
	(void)index;
	if (value & ~MCG_STATUS_BITS)
		return false;
	state->mcg_status = value;
	return true;
}

static bool read_misc_enable(struct msr_state *state, uint32_t index, uint64_t *value)
{
	(void)index;
	*value = state->misc_enable;
	return true;
}

static bool write_misc_enable(struct msr_state *state, uint32_t index, uint64_t value)
{
	(void)index;
	if ((value ^ MISC_ENABLE) & ~MISC_FAST_STRINGS)
		return false;
	state->misc_enable = value;
	return true;
}

static struct pvclock_source clock_source(void)
{
	return (struct pvclock_source){
		.tsc_khz = partition->tsc_khz,
		.start_tsc = host_clock_guest_start(),
		.start_wall = partition->start_wall,
	};
}

static bool read_kvm_time(struct msr_state *state, uint32_t index, uint64_t *value)
{
	(void)index;
	*value = state->kvm_time;
	return true;
}

static bool write_kvm_time(struct msr_state *state, uint32_t index, uint64_t value)
{
	struct pvclock_source source = clock_source();

	(void)index;
	state->kvm_time = value;
	if (value & KVM_ENABLED)
		pvclock_write_time(&source, value & ~KVM_ENABLED);
	return true;
}

static bool read_kvm_wall(struct msr_state *state, uint32_t index, uint64_t *value)
{
	(void)index;
	*value = state->kvm_wall;
	return true;
}

static bool write_kvm_wall(struct msr_state *state, uint32_t index, uint64_t value)
{
	struct pvclock_source source = clock_source();

	(void)index;
	state->kvm_wall = value;
	pvclock_write_wall(&source, value);
	return true;
}

static unsigned vcpu_of(const struct msr_state *state)
{
	return (unsigned)(state - states);
}

static bool read_steal(struct msr_state *state, uint32_t index, uint64_t *value)
{
	(void)index;
	*value = steal_msr_read(vcpu_of(state));
	return true;
}

static bool write_steal(struct msr_state *state, uint32_t index, uint64_t value)
{
	(void)index;
	return steal_msr_write(vcpu_of(state), value);
}

static const struct msr_rule rules[] = {
	{0x11, 0x11, .read = read_kvm_wall, .write = write_kvm_wall}, /* the KVM clock's old numbers */
	{0x12, 0x12, .read = read_kvm_time, .write = write_kvm_time},
	{0x17, 0x17, ONLY_INTEL, .keep = ALL_BITS}, /* IA32_PLATFORM_ID */
	{0x2a, 0x2a, ONLY_INTEL, .keep = ALL_BITS}, /* EBL_CR_POWERON */
	/* The microcode's revision. A guest writes 0 before it reads (SDM 3A 10.11.7.1). */
	{0x8b, 0x8b, ONLY_INTEL, .value = BIT(32), .keep = BITS(31, 0)},
	{0x8b, 0x8b, ONLY_AMD, .value = 0x01000065, .keep = ALL_BITS}, /* PATCH_LEVEL */
	{0xfe, 0xfe, .read = read_mtrr},			       /* IA32_MTRRCAP */
	{0x179, 0x179, .keep = ALL_BITS},			       /* IA32_MCG_CAP: no banks */
	{0x17a, 0x17a, .read = read_mcg_status, .write = write_mcg_status},
	{0x1a0, 0x1a0, ONLY_INTEL, .read = read_misc_enable, .write = write_misc_enable},
	/* DEBUGCTL: LBR and BTF may be set, to no effect; tracing cannot. */
	{0x1d9, 0x1d9, .keep = ~BITS(1, 0)},
	{0x200, 0x20f, .read = read_mtrr, .write = write_mtrr},
	{0x250, 0x250, .read = read_mtrr, .write = write_mtrr},
	{0x258, 0x259, .read = read_mtrr, .write = write_mtrr},
	{0x268, 0x26f, .read = read_mtrr, .write = write_mtrr},
	{0x2ff, 0x2ff, .read = read_mtrr, .write = write_mtrr},
	{0x4b564d00, 0x4b564d00, .read = read_kvm_wall, .write = write_kvm_wall},
	{0x4b564d01, 0x4b564d01, .read = read_kvm_time, .write = write_kvm_time},
	{0x4b564d03, 0x4b564d03, .read = read_steal, .write = write_steal},
	{0xc0010010, 0xc0010010, ONLY_AMD, .keep = ALL_BITS}, /* SYSCFG */
	/* HWCR: TscFreqSel 24 is 1; TlbCacheDis 3, FFDIS 6 and MonMwaitDis 8 may be written. */
	{0xc0010015, 0xc0010015, ONLY_AMD, .value = BIT(24), .keep = ~(BIT(3) | BIT(6) | BIT(8))},
	/* NB_CFG: Linux sets EnableCf8ExtCfg, 46, without asking whether it can. */
	{0xc001001f, 0xc001001f, ONLY_AMD, .keep = ~BIT(46)},
	{0xc0010055, 0xc0010055, ONLY_AMD, .keep = ALL_BITS}, /* interrupt pending message */
	/* DE_CFG: LFENCE serializes, and stays so. */
	{0xc0011029, 0xc0011029, ONLY_AMD, .value = BIT(1), .keep = ALL_BITS},
};

static const struct msr_rule *find_rule(uint32_t index)
{
	unsigned vendor = guest_features.is_amd ? ONLY_AMD : ONLY_INTEL;

	for (unsigned i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct msr_rule *rule = &rules[i];

		if (index - rule->first <= rule->last - rule->first &&
		    (!rule->vendor || rule->vendor == vendor))
			return rule;
	}
	return NULL;
}

void msr_init(unsigned vcpu)
{
	states[vcpu] = (struct msr_state){.misc_enable = MISC_ENABLE};
	steal_init(vcpu);
	mtrr_init(&states[vcpu].mtrr, guest_features.cpu.maxphyaddr);
}

bool msr_read(unsigned vcpu, uint32_t index, uint64_t *value)
{
	const struct msr_rule *rule = find_rule(index);

	if (!rule)
		return false;
	if (rule->read)
		return rule->read(&states[vcpu], index, value);
	*value = rule->value;
	return true;
}

bool msr_write(unsigned vcpu, uint32_t index, uint64_t value)
{
	const struct msr_rule *rule = find_rule(index);

	if (!rule || (rule->read && !rule->write))
		return false;
	if (rule->write)
		return rule->write(&states[vcpu], index, value);
	return ((value ^ rule->value) & rule->keep) == 0;
}
