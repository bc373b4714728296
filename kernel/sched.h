/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs on a CPU. A dedicated CPU has one vCPU; on the others those homed on them take turns, of SLICE_US
 * or less, in shares by the weights of their partitions (turn.h), up to their partitions' caps (cap.h).
 * CPU 0 also runs the console, before vCPUs, for at most CONSOLE_SHARE of each window.
 */
#pragma once

#include "lib/types.h"

struct vcpu;
struct trap_frame;

enum {
	SLICE_US = 10000,
	SLICE_MIN_US = 1000, /* a vCPU that wakes up waits no longer than this for one that runs */
	CAP_WINDOW_US = 100000,
	CAP_TURN_US = 100,    /* the shortest turn for what is left of a budget: the rest is owed */
	STEAL_TOLD_US = 1000, /* a vCPU's VMM hears of so much waiting, and at the turn that follows */
	UPCALL_TICK_US = 1000,
	UPCALL_TICKS_MAX = 100, /* a VMM that saw this many ticks end in one upcall is stopped */
	CONSOLE_WINDOW_US = 100000,
	CONSOLE_SHARE_US = 20000,
};

/* Runs what there is to run, for ever. The stack below is abandoned when ring 3 is entered. */
noreturn void cpu_loop(void);

/* Gives a vCPU to its CPU (v->cpu). CPU 0. */
void sched_attach(struct vcpu *v);

/* A vCPU of this CPU may have something to do: if it comes first, the turn of the one that runs ends soon. */
void sched_wake_local(struct vcpu *v);

/* Another CPU asks to look: if what it did concerns a vCPU that does not run, that one gets its turn. */
void sched_kicked(void);

/* Sets the timers of a vCPU of this CPU from its local APIC and its VMM's deadline. */
void sched_rearm(struct vcpu *v);

/* Something more urgent than the running vCPU waits on this CPU: it leaves at its next look. */
void sched_preempt(void);

/* A timer interrupt on this CPU in so many microseconds, for sched_ring3_tick. */
void sched_tick_after(uint64_t us);

/* The timer interrupted ring 3. May not return. */
void sched_ring3_tick(struct trap_frame *frame);
