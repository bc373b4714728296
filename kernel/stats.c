/* SPDX-License-Identifier: BSD-2-Clause */
/* Figures for the console. */
#include "kernel/stats.h"

#include "arch/x86_64/insn.h"
#include "kernel/cores.h"
#include "kernel/cpu.h"
#include "kernel/machine.h"

/* A partition that has a CPU of this core, or CPU_NO_OWNER. */
static uint32_t core_owner(unsigned core)
{
	for (unsigned i = 0; i < cpu_count(); i++)
		if (core_of(i) == core && cpu_online(i) && cpu_of(i)->owner != CPU_NO_OWNER)
			return cpu_of(i)->owner;
	return CPU_NO_OWNER;
}

void stats_cpu(unsigned number, struct cpu_info *info)
{
	const struct cpu *cpu;

	info->apic_id = machine.cpu_apic_ids[number];
	info->partition = CPU_NO_OWNER;
	info->core = core_of(number);
	if (!cpu_online(number)) {
		info->state = CPU_FAILED;
		return;
	}
	cpu = cpu_of(number);
	info->state = cpu->owner != CPU_NO_OWNER ? CPU_DEDICATED
		      : core_serves_pool(number) ? CPU_POOL
						 : CPU_SIBLING;
	info->partition = info->state == CPU_SIBLING ? core_owner(info->core) : cpu->owner;
	info->admits = (uint32_t)core_admits(number, false) | (uint32_t)core_admits(number, true)
								      << 1;
	info->vcpus = cpu->vcpu_count;
	info->idle_tsc = cpu->idle_tsc;
	if (__atomic_load_n(&cpu->idle, __ATOMIC_ACQUIRE))
		info->idle_tsc += tsc_read() - __atomic_load_n(&cpu->idle_since, __ATOMIC_RELAXED);
	info->busy_tsc = cpu->busy_tsc;
	info->clean_tsc = cpu->clean_tsc;
	info->cleaned = cpu->cleaned;
}
