/* SPDX-License-Identifier: BSD-2-Clause */
/* Between a CPU's loop (sched.c) and the rules (turn.h, cap.h): who wants it, who is charged for it. */
#pragma once

#include "kernel/cpu.h"

/* Charges the vCPU that runs up to now. */
void sched_charge(struct cpu *cpu);

/* Whether it wants the CPU and may have it. If only its cap holds it back, the CPU looks again in time. */
bool sched_look(struct cpu *cpu, struct vcpu *v, uint64_t now);

/* Whose turn it is that can run, or NULL. */
struct vcpu *sched_pick(struct cpu *cpu);

/* How long the turn of the one that was picked may last, in ticks. */
uint64_t sched_turn_length(struct cpu *cpu, struct vcpu *v, uint64_t now);

/* It did not want the CPU up to now; it does, and comes before who has it. */
bool sched_woke(struct cpu *cpu, struct vcpu *v);
