/* SPDX-License-Identifier: BSD-2-Clause */
/* What reads and writes of the VMM's MSRs do; which there are, lib/msr_policy.c says. */
#include "vmm/msr.h"

#include "abi/layout.h"
#include "lib/msr_policy.h"
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

/* Without a function to write with, a write is #GP(0). MSR_KIND_VALUE needs neither: the row has it all. */
static const struct {
	bool (*read)(struct msr_state *state, uint32_t index, uint64_t *value);
	bool (*write)(struct msr_state *state, uint32_t index, uint64_t value);
} kinds[MSR_KINDS] = {
	[MSR_KIND_MTRR_CAP] = {read_mtrr, NULL},
	[MSR_KIND_MTRR] = {read_mtrr, write_mtrr},
	[MSR_KIND_MCG_STATUS] = {read_mcg_status, write_mcg_status},
	[MSR_KIND_MISC_ENABLE] = {read_misc_enable, write_misc_enable},
	[MSR_KIND_KVM_TIME] = {read_kvm_time, write_kvm_time},
	[MSR_KIND_KVM_WALL] = {read_kvm_wall, write_kvm_wall},
	[MSR_KIND_KVM_STEAL] = {read_steal, write_steal},
};

static const struct msr_policy *find_rule(uint32_t index)
{
	unsigned vendor = guest_features.is_amd ? MSR_AMD : MSR_INTEL;

	for (unsigned i = 0; i < msr_policy_count; i++) {
		const struct msr_policy *rule = &msr_policy[i];

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
	const struct msr_policy *rule = find_rule(index);

	if (!rule)
		return false;
	if (kinds[rule->kind].read)
		return kinds[rule->kind].read(&states[vcpu], index, value);
	*value = rule->value;
	return true;
}

bool msr_write(unsigned vcpu, uint32_t index, uint64_t value)
{
	const struct msr_policy *rule = find_rule(index);

	if (!rule)
		return false;
	if (rule->kind == MSR_KIND_VALUE)
		return ((value ^ rule->value) & rule->keep) == 0;
	return kinds[rule->kind].write && kinds[rule->kind].write(&states[vcpu], index, value);
}
