/* SPDX-License-Identifier: BSD-2-Clause */
/* Creation's step for CPUs that become a partition's own: the pool's vCPUs leave them, core by core. */
#include "kernel/creation.h"

#include "kernel/cores.h"
#include "kernel/cpu.h"
#include "kernel/sched.h"
#include "kernel/vcpu.h"

/* A dedicated CPU takes its core with it. */
static bool core_in_plan(unsigned cpu)
{
	for (uint32_t i = 0; i < making.desc.vcpu_count; i++)
		if (core_of(making.plan.cpus[i]) == core_of(cpu))
			return true;
	return false;
}

/* Moves one vCPU off a CPU that becomes somebody's own. True when it is gone. */
static bool evacuate(struct vcpu *v)
{
	unsigned best = 0;

	if (__atomic_load_n(&v->homed, __ATOMIC_SEQ_CST)) {
		vcpu_notify(v, PEND_DETACH);
		cpu_kick(v->cpu);
		return false;
	}
	for (unsigned cpu = 1; cpu < cpu_count(); cpu++)
		if (core_serves_pool(cpu) && !core_in_plan(cpu) &&
		    cpu_of(cpu)->vcpu_count < cpu_of(best)->vcpu_count)
			best = cpu;
	cpu_of(v->cpu)->vcpu_count--;
	cpu_of(best)->vcpu_count++;
	v->cpu = best;
	/* Asked for once more while it left: it is not to leave its new CPU too. */
	vcpu_take(v, PEND_DETACH);
	__atomic_fetch_or(&v->virt.pending, PEND_REARM, __ATOMIC_SEQ_CST);
	sched_attach(v);
	return true;
}

/* Before a dedicated CPU is its owner's, the pool's vCPUs leave it. */
int create_step_evacuate(void)
{
	bool busy = false;

	if (!(making.desc.flags & PART_DEDICATED))
		return ERR_NONE;
	for (unsigned slot = 0; slot < MAX_PARTITIONS; slot++) {
		struct partition *part = partitions[slot];

		for (uint32_t i = 0; part && i < part->desc.vcpu_count; i++) {
			struct vcpu *v = part->vcpus[i];

			if (!(part->desc.flags & PART_DEDICATED) && core_in_plan(v->cpu))
				busy |= !evacuate(v);
		}
	}
	return busy ? ERR_AGAIN : ERR_NONE;
}

bool create_settle(void)
{
	bool settled = true;

	for (unsigned slot = 0; slot < MAX_PARTITIONS; slot++) {
		struct partition *part = partitions[slot];

		/* A dedicated one that is homed nowhere is on its way out, and its CPU with it. */
		if (!part || part->desc.flags & PART_DEDICATED)
			continue;
		for (uint32_t i = 0; i < part->desc.vcpu_count; i++) {
			struct vcpu *v = part->vcpus[i];

			if (!__atomic_load_n(&v->homed, __ATOMIC_SEQ_CST))
				(void)evacuate(v);
			else if (vcpu_pending(v) & PEND_DETACH)
				settled = false;
		}
	}
	return settled;
}
