/* SPDX-License-Identifier: BSD-2-Clause */
/* Machine checks: the processor's reports of hardware errors. */
#pragma once

#include "lib/types.h"

struct vcpu;

/*
 * Each CPU, before guests run: all errors are reported, and what banks hold from before the start is told and
 * cleared. SDM 3B "Machine-Check Initialization".
 */
void machine_check_init_cpu(void);

/*
 * Reads and clears the banks. Panics if the processor's context is corrupt or memory of ours may be; else
 * notes it. On the #MC stack, or after an exit. rip: where it struck.
 */
void machine_check(uint64_t rip);

/* While a guest ran: an uncorrected error that the processor can go on from costs that guest only. */
void machine_check_in_guest(struct vcpu *v);
