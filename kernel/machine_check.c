/* SPDX-License-Identifier: BSD-2-Clause */
/* SDM 3B 16 "Machine-Check Architecture"; APM2 9 "Machine Check Architecture". */
#include "kernel/machine_check.h"

#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/panic.h"
#include "kernel/partition.h"

enum { MCG_CAP_COUNT = 0xff, BANK_STRIDE = 4 };

#define MCG_CAP_CTL	BIT(8)
#define MCG_STATUS_RIPV BIT(0)
#define MCG_STATUS_MCIP BIT(2)
#define MC_STATUS_VALID BIT(63)
#define MC_STATUS_UC	BIT(61)
#define MC_STATUS_PCC	BIT(57)

/*
 * Intel's of that age: SDM 3B "Machine-Check Initialization Pseudocode". AMD's family 10h: by erratum 383 a
 * guest can have bank 0 report two TLB entries for an address, which corrupts the context and ends the host.
 */
static bool is_firmwares(uint32_t bank)
{
	bool intel = cpu_features.vendor == CPU_VENDOR_INTEL && cpu_features.family == 6 &&
		     cpu_features.model < 0x1a;
	bool amd = cpu_features.vendor == CPU_VENDOR_AMD && cpu_features.family == 0x10;

	return bank == 0 && (intel || amd);
}

void machine_check_init_cpu(void)
{
	uint64_t cap = 0;

	if (!msr_read_safe(MSR_MCG_CAP, &cap))
		return;
	if (cap & MCG_CAP_CTL)
		(void)!msr_write_safe(MSR_MCG_CTL, UINT64_MAX);
	for (uint32_t bank = 0; bank < (cap & MCG_CAP_COUNT); bank++) {
		uint64_t value = 0;

		if (!is_firmwares(bank))
			(void)!msr_write_safe(MSR_MC0_CTL + BANK_STRIDE * bank, UINT64_MAX);
		if (msr_read_safe(MSR_MC0_STATUS + BANK_STRIDE * bank, &value) &&
		    (value & MC_STATUS_VALID))
			log_print(
				LOG_WARNING,
				"machine check: from before the start: cpu %u, bank %u, status 0x%lx",
				this_cpu()->number, bank, value);
		(void)!msr_write_safe(MSR_MC0_STATUS + BANK_STRIDE * bank, 0);
	}
}

struct findings {
	uint64_t worst; /* a bank's status; 0: nothing uncorrected */
	bool fatal;	/* the context is corrupt, or it cannot be gone on from */
};

static struct findings read_banks(void)
{
	struct findings found = {0};
	uint64_t cap = 0, status = 0;

	if (!msr_read_safe(MSR_MCG_CAP, &cap) || !msr_read_safe(MSR_MCG_STATUS, &status))
		return (struct findings){.fatal = true};
	for (uint32_t bank = 0; bank < (cap & MCG_CAP_COUNT); bank++) {
		uint64_t value = 0;

		if (!msr_read_safe(MSR_MC0_STATUS + BANK_STRIDE * bank, &value) ||
		    !(value & MC_STATUS_VALID))
			continue;
		if (value & MC_STATUS_UC)
			found.worst = value;
		if (value & MC_STATUS_PCC)
			found.fatal = true;
		(void)!msr_write_safe(MSR_MC0_STATUS + BANK_STRIDE * bank, 0);
	}
	/* A bank that CPUs share may have been read and cleared by another one. */
	if ((found.worst || status & MCG_STATUS_MCIP) && !(status & MCG_STATUS_RIPV))
		found.fatal = true;
	(void)!msr_write_safe(MSR_MCG_STATUS, 0);
	return found;
}

void machine_check(uint64_t rip)
{
	struct findings found = read_banks();

	/* Uncorrected in ring 0 or a VMM: whose data it hit is not known. */
	if (found.fatal || found.worst)
		panic("machine check: status 0x%lx at rip 0x%lx", found.worst, rip);
}

void machine_check_in_guest(struct vcpu *v)
{
	struct findings found = read_banks();

	if (found.fatal)
		panic("machine check: status 0x%lx while a guest ran", found.worst);
	if (found.worst)
		part_end(v->part, REASON_KERNEL, 0,
			 "vcpu %u: uncorrected memory error, bank status 0x%lx", v->index,
			 found.worst);
}
