/* SPDX-License-Identifier: BSD-2-Clause */
/* Processors for the tests of the CPUID policy, as tables of what their CPUID answers. */
#pragma once

#include "vmm/cpuid.h"

struct host_leaf {
	uint32_t leaf, subleaf;
	struct cpuid_regs regs;
};

struct cpuid_host {
	const char *name;
	const struct host_leaf *leaves;
	unsigned count;
	bool amd;
};

enum { CPUID_HOSTS = 6 };

extern const struct cpuid_host cpuid_hosts[CPUID_HOSTS];

/* Chooses the processor that cpuid_host_answer speaks for. */
void cpuid_host_choose(const struct cpuid_host *host);

/* A cpuid_host_t. Leaves that are not in the table read as zero. */
struct cpuid_regs cpuid_host_answer(uint32_t leaf, uint32_t subleaf);
