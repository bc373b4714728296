/* SPDX-License-Identifier: BSD-2-Clause */
/* The crossing to a VMM and back. On the vCPU's home CPU, with the vCPU loaded. */
#pragma once

#include "kernel/vcpu.h"

/* Tells events (enum event), which were taken from pending. */
noreturn void vcpu_upcall_events(struct vcpu *v, uint32_t events);

/* CALL_FRAME: more of the vCPU's state into its frame page. */
void vcpu_fill_frame(struct vcpu *v, uint32_t groups);

/* The partition has ended: its VMM is not returned to. */
noreturn void vcpu_abandon(struct vcpu *v);
