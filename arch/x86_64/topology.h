/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which CPUs are threads of one core: their APIC IDs differ in a few low bits only (SDM 3A 9.9.1
 * "Hierarchical Mapping of Shared Resources"). Pure logic over an answerer of CPUID.
 */
#pragma once

#include "arch/x86_64/insn.h"

typedef struct cpuid_regs topology_cpuid_t(uint32_t leaf, uint32_t subleaf);

/* How many low bits of an APIC ID tell a core's threads apart; 0: a core has one thread. */
unsigned topology_thread_bits(topology_cpuid_t *ask);
