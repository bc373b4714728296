/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MSRs that the kernel leaves to the VMM: those that touch neither the local APIC nor the
 * host's registers. A table says which; for all others the guest gets #GP.
 */
#pragma once

#include "lib/types.h"

/* Values after power-up and a firmware's work, for a vCPU. Before it first runs. */
void msr_init(unsigned vcpu);

/* For the vCPU that calls. False: #GP(0), and nothing was changed. */
bool must_check msr_read(unsigned vcpu, uint32_t index, uint64_t *value);
bool must_check msr_write(unsigned vcpu, uint32_t index, uint64_t value);
