/* SPDX-License-Identifier: BSD-2-Clause */
/* Draws the guest's features from its CPUID table. */
#include "vmm/guest_features.h"

#include "vmm/cpuid.h"
#include "vmm/cpuid_bits.h"
#include "vmm/cpuid_rules.h"

struct guest_features guest_features;

enum { LEAF_XSTATE = 0xd, XSTATE_PKRU = 9 };

static struct cpuid_regs look_up_subleaf(const struct cpuid_entry *entries, unsigned count,
					 uint32_t leaf, uint32_t subleaf)
{
	const struct cpuid_entry *entry = cpuid_find(entries, count, leaf, subleaf);

	if (!entry)
		return (struct cpuid_regs){0, 0, 0, 0};
	return (struct cpuid_regs){entry->eax, entry->ebx, entry->ecx, entry->edx};
}

static struct cpuid_regs look_up(const struct cpuid_entry *entries, unsigned count, uint32_t leaf)
{
	return look_up_subleaf(entries, count, leaf, 0);
}

void guest_features_init(const struct cpuid_entry *entries, unsigned count)
{
	struct cpuid_regs leaf1 = look_up(entries, count, 1), leaf7 = look_up(entries, count, 7);
	struct cpuid_regs ext1 = look_up(entries, count, 0x80000001);
	uint8_t phys_bits = look_up(entries, count, 0x80000008).eax & 0xff;

	guest_features = (struct guest_features){
		.cpu = {.maxphyaddr = phys_bits, .gib_pages = ext1.edx & DE1_PAGE1GB},
		.cr = {.phys_bits = phys_bits,
		       .cr4_valid = cr4_valid_bits(leaf1.ecx, leaf1.edx, leaf7.ebx, leaf7.ecx)},
		.signature = leaf1.eax,
		.is_amd = cpuid_vendor_named(look_up(entries, count, 0).ebx) == VENDOR_AMD,
		.pkru_offset = look_up_subleaf(entries, count, LEAF_XSTATE, XSTATE_PKRU).ebx,
	};
}
