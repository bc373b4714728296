/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the guest's CPUID says: the hardware's answers cut down by one table of rules, and our own
 * leaves. The kernel answers CPUID from the result, and patches what follows the guest's state:
 * OSXSAVE, OSPKE, the APIC bit, the initial APIC id, and the sizes of leaf Dh.
 */
#pragma once

#include "abi/calls.h"
#include "lib/types.h"

/* Four registers, as CPUID answers. */
struct cpuid_regs {
	uint32_t eax, ebx, ecx, edx;
};

/* The hardware's CPUID, or a test's. */
typedef struct cpuid_regs (*cpuid_host_t)(uint32_t leaf, uint32_t subleaf);

/* What the answers depend on beside the hardware. */
struct cpuid_guest {
	cpuid_host_t host;
	uint32_t vcpu, vcpu_count; /* vcpu is the APIC id */
	uint32_t phys_bits;	   /* the guest's MAXPHYADDR */
	uint64_t tsc_khz;
};

/* The instruction itself. */
struct cpuid_regs cpuid_execute(uint32_t leaf, uint32_t subleaf);

/* Fills in a vCPU's table; returns the number of entries, at most CPUID_ENTRIES_MAX. */
unsigned cpuid_build(const struct cpuid_guest *guest, struct cpuid_entry entries[CPUID_ENTRIES_MAX]);

/* The entry for a leaf of a table, or null: then all four registers read as zero. */
const struct cpuid_entry *cpuid_find(const struct cpuid_entry *entries, unsigned count,
				     uint32_t leaf, uint32_t subleaf);

/* The number of bits that hold an APIC id below vcpu_count. */
unsigned cpuid_id_bits(uint32_t vcpu_count);

/* The nominal rate of the local APIC's timer, which is also what leaf 15h calls the crystal. */
#define CPUID_APIC_HZ 1000000000u
