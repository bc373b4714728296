/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's part of a CPU: which vCPU is loaded, which are homed here, when its timer fires. Found from
 * the stack pointer (arch/x86_64/percpu.h).
 *
 * Legend. o: this CPU only. a: atomic, any CPU. l: under inbox_lock. c: constant once it runs.
 */
#pragma once

#include "arch/x86_64/percpu.h"
#include "kernel/deadline.h"
#include "kernel/spinlock.h"
#include "kernel/turn.h"

struct vcpu;
struct page_space;

#define CPU_NO_OWNER 0xffffffffu

enum presence { PRESENCE_COMING, PRESENCE_ONLINE, PRESENCE_LEFT_OUT };

struct cpu {
	unsigned number;   /* c */
	uint32_t idle;	   /* a: asleep or about to be; whoever gives it work kicks it */
	uint32_t presence; /* a: enum presence */
	uint32_t owner; /* a: partition slot that has it for its own, or CPU_NO_OWNER; CPU 0 writes */
	uint32_t vcpu_count;  /* a: homed here or on their way; CPU 0 writes */
	unsigned lock_ranks;  /* o */
	uint64_t tlb_epoch;   /* a: this CPU writes: flushed up to here */
	struct vcpu *loaded;  /* o: whose FPU, debug and hardware state is in the processor */
	struct vcpu *running; /* a: this CPU writes: whose turn it is */
	uint64_t predictor; /* o: serial of the partition that taught this CPU's branch predictor */
	const struct page_space *space; /* o: what CR3 points to */
	struct vcpu *vcpus;		/* o: ring of those homed here, through vcpu.next_homed */
	struct vcpu *inbox;		/* l: new ones, through vcpu.next_homed */
	spinlock_t inbox_lock;
	struct deadline_queue deadlines; /* o */
	struct deadline slice;		 /* o: the end of the running vCPU's turn */
	struct deadline tick;		 /* o: while ring 3 runs: a look at how long it takes */
	struct deadline uncap;		 /* o: when a capped partition may go on */
	struct turn_queue turns;	 /* o */
	unsigned owed; /* o: at the last choice, those that are owed time, without the chosen one */
	uint64_t slice_start;	 /* o: TSC */
	uint64_t charged;	 /* o: TSC up to which the running vCPU was charged */
	uint64_t armed;		 /* o: TSC that the timer is armed for, or DEADLINE_NONE */
	uint64_t idle_since;	 /* a: TSC; valid while idle is set */
	uint64_t idle_tsc;	 /* o: without the sleep that it is in */
	uint64_t busy_tsc;	 /* o */
	uint64_t clean_tsc;	 /* o */
	uint64_t cleaned;	 /* o: bytes, in clean_tsc */
	uint64_t interrupts;	 /* a: physical ones that it took; this CPU writes */
	uint64_t nmi_count;	 /* o */
	uint64_t spurious_count; /* o */
	bool in_console;	 /* o: ring 3 on this CPU is the console */
	bool in_firmware;	 /* o: or a service of the firmware's */
};

static_assert(sizeof(struct cpu) <= PERCPU_KERNEL_SIZE, "struct cpu has one page");

static inline struct cpu *this_cpu(void)
{
	return arch_cpu_kernel();
}

static inline struct cpu *cpu_of(unsigned number)
{
	return arch_cpu_kernel_of(number);
}

/* Prepares CPU number's struct; its block exists. CPU 0 before the others start. */
void cpu_prepare(unsigned number);

/* How many CPU numbers there are; some may have failed to start. */
unsigned cpu_count(void);
void cpu_set_count(unsigned count);
bool cpu_online(unsigned number);

/* The CPU itself says PRESENCE_ONLINE, or CPU 0 that it is left out: false to who comes second. */
bool must_check cpu_settle(unsigned number, enum presence presence);

/* Makes the CPU look at its vCPUs' pending words. Any CPU. */
void cpu_kick(unsigned number);

/* Loads CR3 if it is another space than the one loaded. */
void cpu_use_space(const struct page_space *space);

/*
 * Kernel mappings were taken away: every CPU has to flush before the addresses are used again. Answers
 * the epoch to wait for; cpu_epoch_reached says whether all have. CPU 0.
 */
uint64_t cpu_flush_begin(void);
bool cpu_epoch_reached(uint64_t epoch);
/* On each CPU, at each kick. */
void cpu_flush_check(void);

/* Sets the hardware timer for the first deadline, if that is earlier than what it is set for. */
void cpu_timer_update(struct cpu *cpu);
/* The timer's interrupt: runs what is due. */
void cpu_timer_interrupt(struct cpu *cpu);

/*
 * Whether that interrupt is overdue: then do the same. QEMU's TCG loses interrupts: while it leaves a guest
 * it changes the word in which another thread of it notes them. A timer that is waited for in vain would
 * never be armed again.
 */
static inline bool cpu_timer_overdue(const struct cpu *cpu, uint64_t now)
{
	return __builtin_expect(now >= cpu->armed, 0);
}
