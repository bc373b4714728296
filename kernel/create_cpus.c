/* SPDX-License-Identifier: BSD-2-Clause */
/* Creation's step for CPUs that become a partition's own: the pool's vCPUs leave them, core by core. */
#include "kernel/creation.h"

#include "kernel/cores.h"
#include "kernel/cpu.h"
#include "kernel/sched.h"
#include "kernel/vcpu.h"

/* A dedicated CPU takes its core with it. One that is being undone takes none. */
static bool core_in_plan(unsigned cpu)
{
	if (!making.under_way || making.failed)
		return false;
	for (uint32_t i = 0; i < making.desc.vcpu_count; i++)
		if (core_of(making.plan.cpus[i]) == core_of(cpu))
			return true;
	return false;
}

/* The one with the fewest vCPUs; the console's is the last choice. */
static void choose_cpu(struct vcpu *v)
{
	unsigned best = 0, best_load = ~0u;

	cpu_of(v->cpu)->vcpu_count--;
	for (unsigned cpu = cpu_count(); cpu-- > 0;)
		if (core_serves_pool(cpu) && !core_in_plan(cpu) &&
		    cpu_of(cpu)->vcpu_count < best_load) {
			best_load = cpu_of(cpu)->vcpu_count;
			best = cpu;
		}
	cpu_of(best)->vcpu_count++;
	v->cpu = best;
}

/* One that has left its CPU gets one of the pool's, or a dedicated one its own again. */
static void give_cpu(struct vcpu *v)
{
	if (!(v->part->desc.flags & PART_DEDICATED))
		choose_cpu(v);
	/* It is not to leave its new CPU too. */
	vcpu_take(v, PEND_DETACH);
	__atomic_fetch_or(&v->virt.pending, PEND_REARM, __ATOMIC_SEQ_CST);
	sched_attach(v);
}

/* Moves one vCPU off a CPU that becomes somebody's own. True when it is gone. */
static bool evacuate(struct vcpu *v)
{
	if (__atomic_load_n(&v->homed, __ATOMIC_SEQ_CST)) {
		vcpu_notify(v, PEND_DETACH);
		cpu_kick(v->cpu);
		return false;
	}
	give_cpu(v);
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

bool create_settle(bool all)
{
	bool settled = true;

	for (unsigned slot = 0; slot < MAX_PARTITIONS; slot++) {
		struct partition *part = partitions[slot];

		if (!part || (!all && part->desc.flags & PART_DEDICATED))
			continue;
		for (uint32_t i = 0; i < part->desc.vcpu_count; i++) {
			struct vcpu *v = part->vcpus[i];

			if (!__atomic_load_n(&v->homed, __ATOMIC_SEQ_CST))
				give_cpu(v);
			else if (vcpu_pending(v) & PEND_DETACH)
				settled = false;
		}
	}
	return settled;
}
