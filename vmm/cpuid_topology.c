/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPUID's picture of the partition's processors: one package, a core for each vCPU, no threads, the
 * outermost cache shared by all of them.
 */
#include "vmm/cpuid_rules.h"

#include "lib/types.h"

/* Leaf 4 and leaf 8000001Dh have EAX alike: type 4:0, level 7:5, ids that share the cache 25:14. */
static uint32_t cache_type(const struct cpuid_entry *entry)
{
	return entry->eax & 0x1f;
}

static uint32_t cache_level(const struct cpuid_entry *entry)
{
	return entry->eax >> 5 & 7;
}

static void share_cache(const struct cpuid_guest *guest, struct cpuid_entry *entry)
{
	uint32_t ids = 1u << cpuid_id_bits(guest->vcpu_count);

	if (cache_level(entry) >= 3)
		entry->eax |= (ids - 1) << 14;
}

bool cpuid_fix_4(const struct cpuid_guest *guest, struct cpuid_entry *entry)
{
	uint32_t ids = 1u << cpuid_id_bits(guest->vcpu_count);

	if (cache_type(entry) == 0)
		return false;
	share_cache(guest, entry);
	entry->eax |= (ids - 1) << 26;
	return true;
}

bool cpuid_fix_ext1d(const struct cpuid_guest *guest, struct cpuid_entry *entry)
{
	if (cache_type(entry) == 0)
		return false;
	share_cache(guest, entry);
	return true;
}

/* SDM 2A "INPUT EAX = 0BH: Returns Extended Topology Information" */
bool cpuid_fix_b(const struct cpuid_guest *guest, struct cpuid_entry *entry)
{
	enum { LEVEL_SMT = 1, LEVEL_CORE = 2 };

	entry->ecx = entry->subleaf;
	entry->edx = guest->vcpu;
	if (entry->subleaf == 0) {
		entry->ebx = 1;
		entry->ecx |= LEVEL_SMT << 8;
	} else if (entry->subleaf == 1) {
		entry->eax = cpuid_id_bits(guest->vcpu_count);
		entry->ebx = guest->vcpu_count;
		entry->ecx |= LEVEL_CORE << 8;
	}
	return true;
}

/*
 * APM3 E.4.15 "Processor Topology Information": APIC id; core id and threads in a core; one node.
 */
bool cpuid_fix_ext1e(const struct cpuid_guest *guest, struct cpuid_entry *entry)
{
	entry->eax = guest->vcpu;
	entry->ebx = guest->vcpu & 0xff;
	return true;
}
