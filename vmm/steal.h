/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steal time as KVM's guests know it (Linux, Documentation/virt/kvm/x86/msr.rst, MSR_KVM_STEAL_TIME): a
 * structure in guest memory that says how long this vCPU could have run while its CPU ran others. It is
 * written anew when the vCPU gets its CPU back, so it is right whenever the guest reads its own.
 */
#pragma once

#include "lib/types.h"

/* Nothing is told. Before the vCPU first runs. */
void steal_init(unsigned vcpu);

/* The MSR, for the vCPU that calls. False: #GP(0). */
uint64_t steal_msr_read(unsigned vcpu);
bool must_check steal_msr_write(unsigned vcpu, uint64_t value);

/* EVENT_STEAL: it is so many ticks by now. */
void steal_grown(unsigned vcpu, uint64_t tsc);
