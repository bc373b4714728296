/* SPDX-License-Identifier: BSD-2-Clause */
/* Applies the CPUID policy's table to the hardware's answers. */
#include "vmm/cpuid.h"

#include "vmm/cpuid_rules.h"

struct cpuid_regs cpuid_execute(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs regs = {.eax = leaf, .ecx = subleaf};

	asm volatile("cpuid" : "+a"(regs.eax), "=b"(regs.ebx), "+c"(regs.ecx), "=d"(regs.edx));
	return regs;
}

enum cpuid_vendor cpuid_vendor_named(uint32_t leaf0_ebx)
{
	/* "Auth" of AuthenticAMD, "Hygo" of HygonGenuine. */
	return leaf0_ebx == 0x68747541 || leaf0_ebx == 0x6f677948 ? VENDOR_AMD : VENDOR_INTEL;
}

enum cpuid_vendor cpuid_vendor(const struct cpuid_guest *guest)
{
	return cpuid_vendor_named(guest->host(0, 0).ebx);
}

bool cpuid_host_has(const struct cpuid_guest *guest, uint32_t leaf)
{
	uint32_t highest = guest->host(leaf & 0x80000000u, 0).eax;

	return leaf <= highest && (highest & 0x80000000u) == (leaf & 0x80000000u);
}

unsigned cpuid_id_bits(uint32_t vcpu_count)
{
	unsigned bits = 0;

	while (vcpu_count > 1u << bits)
		bits++;
	return bits;
}

/* A leaf that the hardware lacks gives zeros, not (as Intel's do) the highest one's data. */
static struct cpuid_regs ask(const struct cpuid_guest *guest, uint32_t leaf, uint32_t subleaf)
{
	if (!cpuid_host_has(guest, leaf))
		return (struct cpuid_regs){0, 0, 0, 0};
	return guest->host(leaf, subleaf);
}

static bool apply(const struct cpuid_guest *guest, const struct cpuid_rule *rule, uint32_t subleaf,
		  struct cpuid_entry *entry)
{
	struct cpuid_regs host = ask(guest, rule->leaf, subleaf);

	*entry = (struct cpuid_entry){
		.leaf = rule->leaf,
		.subleaf = subleaf,
		.flags = rule->subleaves ? CPUID_HAS_SUBLEAF : 0,
		.eax = (host.eax & rule->pass.eax) | rule->set.eax,
		.ebx = (host.ebx & rule->pass.ebx) | rule->set.ebx,
		.ecx = (host.ecx & rule->pass.ecx) | rule->set.ecx,
		.edx = (host.edx & rule->pass.edx) | rule->set.edx,
	};
	return !rule->fix || rule->fix(guest, entry);
}

unsigned cpuid_build(const struct cpuid_guest *guest, struct cpuid_entry entries[CPUID_ENTRIES_MAX])
{
	enum cpuid_vendor vendor = cpuid_vendor(guest);
	unsigned count = 0;

	for (unsigned i = 0; i < cpuid_rule_count; i++) {
		const struct cpuid_rule *rule = &cpuid_rules[i];

		if (!(rule->vendors & vendor))
			continue;
		for (uint32_t subleaf = rule->first; subleaf <= rule->last; subleaf++)
			if (count < CPUID_ENTRIES_MAX && apply(guest, rule, subleaf, &entries[count]))
				count++;
	}
	return count;
}

const struct cpuid_entry *cpuid_find(const struct cpuid_entry *entries, unsigned count,
				     uint32_t leaf, uint32_t subleaf)
{
	for (unsigned i = 0; i < count; i++) {
		const struct cpuid_entry *entry = &entries[i];

		if (entry->leaf == leaf &&
		    (!(entry->flags & CPUID_HAS_SUBLEAF) || entry->subleaf == subleaf))
			return entry;
	}
	return NULL;
}
