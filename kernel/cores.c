/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/cores.h"

#include "abi/layout.h"
#include "kernel/cpu.h"

static struct {
	uint16_t core[MAX_CPUS];   /* by CPU */
	uint16_t first[MAX_CPUS];  /* by core: the lowest of its CPUs that runs */
	uint16_t taken[MAX_CPUS];  /* by core: how many CPUs are partitions' own */
	uint16_t shared[MAX_CPUS]; /* of these, those of partitions that share */
} cores;

void cores_init(const uint32_t *apic_ids, unsigned count, unsigned thread_bits)
{
	unsigned used = 0;

	for (unsigned cpu = 0; cpu < count; cpu++) {
		unsigned core = used;

		for (unsigned other = 0; other < cpu && core == used; other++)
			if (apic_ids[other] >> thread_bits == apic_ids[cpu] >> thread_bits)
				core = cores.core[other];
		cores.core[cpu] = (uint16_t)core;
		if (core == used || !cpu_online(cores.first[core]))
			cores.first[core] = (uint16_t)cpu;
		used += core == used;
		cores.taken[core] = cores.shared[core] = 0;
	}
}

unsigned core_of(unsigned cpu)
{
	return cores.core[cpu];
}

bool core_serves_pool(unsigned cpu)
{
	unsigned core = cores.core[cpu];

	return cpu_online(cpu) && !cores.taken[core] && cores.first[core] == cpu;
}

bool core_admits(unsigned cpu, bool share)
{
	unsigned core = cores.core[cpu];

	if (!cpu_online(cpu) || core == cores.core[0] || cpu_of(cpu)->owner != CPU_NO_OWNER)
		return false;
	return !cores.taken[core] || (share && cores.shared[core] == cores.taken[core]);
}

void core_take(unsigned cpu, bool share)
{
	cores.taken[cores.core[cpu]]++;
	cores.shared[cores.core[cpu]] += share;
}

void core_release(unsigned cpu, bool share)
{
	cores.taken[cores.core[cpu]]--;
	cores.shared[cores.core[cpu]] -= share;
}
