/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/x86_64/topology.h"

enum { LEVEL_SMT = 1, DEPTH_MAX = 31 };

static unsigned bits_for(uint32_t count)
{
	unsigned bits = 0;

	while (bits < DEPTH_MAX && count > 1u << bits)
		bits++;
	return bits;
}

/* SDM 2A "CPUID", leaf 0Bh: subleaf 0 is the threads of a core, if the leaf is there at all. */
static bool extended_topology(topology_cpuid_t *ask, unsigned *bits)
{
	struct cpuid_regs r;

	if (ask(0, 0).eax < 0xb)
		return false;
	r = ask(0xb, 0);
	if (!(r.ebx & 0xffff) || (r.ecx >> 8 & 0xff) != LEVEL_SMT)
		return false;
	*bits = r.eax & DEPTH_MAX;
	return true;
}

/* APM3 E.4.17 "Function 8000_001Eh: Extended APIC ID"; Fn8000_0001_ECX[TopologyExtensions] */
static bool amd_topology(topology_cpuid_t *ask, unsigned *bits)
{
	if (ask(0x80000000, 0).eax < 0x8000001e || !(ask(0x80000001, 0).ecx & BIT(22)))
		return false;
	*bits = bits_for((ask(0x8000001e, 0).ebx >> 8 & 0xff) + 1);
	return true;
}

/* SDM 3A 9.9.3.1 "Hierarchical ID of Logical Processors": leaves 1 and 4 of older processors. */
static bool legacy_topology(topology_cpuid_t *ask, unsigned *bits)
{
	struct cpuid_regs version = ask(1, 0);
	unsigned package, cores;

	if (ask(0, 0).eax < 4 || !(version.edx & BIT(28)) || !(ask(4, 0).eax & 0x1f))
		return false;
	package = bits_for(version.ebx >> 16 & 0xff);
	cores = bits_for((ask(4, 0).eax >> 26) + 1);
	*bits = package > cores ? package - cores : 0;
	return true;
}

unsigned topology_thread_bits(topology_cpuid_t *ask)
{
	unsigned bits = 0;

	if (extended_topology(ask, &bits) || amd_topology(ask, &bits) || legacy_topology(ask, &bits))
		return bits;
	return 0;
}
