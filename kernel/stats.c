/* SPDX-License-Identifier: BSD-2-Clause */
/* Figures for the console. */
#include "kernel/stats.h"

#include "arch/x86_64/insn.h"
#include "kernel/cpu.h"
#include "kernel/machine.h"

void stats_cpu(unsigned number, struct cpu_info *info)
{
	const struct cpu *cpu;

	info->apic_id = machine.cpu_apic_ids[number];
	info->partition = CPU_NO_OWNER;
	if (!cpu_online(number)) {
		info->state = CPU_FAILED;
		return;
	}
	cpu = cpu_of(number);
	info->state = cpu->owner == CPU_NO_OWNER ? CPU_POOL : CPU_DEDICATED;
	info->partition = cpu->owner;
	info->vcpus = cpu->vcpu_count;
	info->idle_tsc = cpu->idle_tsc;
	if (__atomic_load_n(&cpu->idle, __ATOMIC_ACQUIRE))
		info->idle_tsc += tsc_read() - __atomic_load_n(&cpu->idle_since, __ATOMIC_RELAXED);
	info->busy_tsc = cpu->busy_tsc;
	info->clean_tsc = cpu->clean_tsc;
	info->cleaned = cpu->cleaned;
}
