/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop of each CPU: requests to its vCPUs, the console's share, turns of a slice, idle work. */
#include "kernel/sched.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/trap.h"
#include "drivers/tsc.h"
#include "kernel/console.h"
#include "kernel/cpu.h"
#include "kernel/machine.h"
#include "kernel/partition.h"
#include "kernel/sched_turn.h"
#include "kernel/scrub.h"

/* What the scheduler does for a vCPU that does not run. */
#define PEND_SERVICE ((uint32_t)(PEND_STOP | PEND_DETACH | PEND_REARM))

static void ring_insert(struct cpu *cpu, struct vcpu *v)
{
	if (cpu->vcpus) {
		v->next_homed = cpu->vcpus->next_homed;
		cpu->vcpus->next_homed = v;
	} else {
		v->next_homed = v;
		cpu->vcpus = v;
	}
	cpu->turns.slice = us_to_tsc(SLICE_US);
	cpu->turns.slice_min = us_to_tsc(SLICE_MIN_US);
	turn_join(&cpu->turns, &v->turn, v->part->slot, v->part->desc.weight);
	v->ready = false;
}

static void ring_remove(struct cpu *cpu, struct vcpu *v)
{
	struct vcpu *before = v;

	while (before->next_homed != v)
		before = before->next_homed;
	before->next_homed = v->next_homed;
	if (cpu->vcpus == v) {
		cpu->vcpus = before == v ? NULL : before;
		deadline_cancel(&cpu->slice); /* its turn is nobody's */
	}
	v->next_homed = NULL;
	turn_leave(&v->turn);
}

void sched_attach(struct vcpu *v)
{
	struct cpu *cpu = cpu_of(v->cpu);

	spin_lock(&cpu->inbox_lock);
	v->next_homed = cpu->inbox;
	__atomic_store_n(&cpu->inbox, v, __ATOMIC_RELEASE);
	__atomic_store_n(&v->homed, 1, __ATOMIC_RELEASE);
	spin_unlock(&cpu->inbox_lock);
	cpu_kick(v->cpu);
}

static void take_inbox(struct cpu *cpu)
{
	struct vcpu *v;

	if (!__atomic_load_n(&cpu->inbox, __ATOMIC_ACQUIRE))
		return;
	spin_lock(&cpu->inbox_lock);
	v = cpu->inbox;
	cpu->inbox = NULL;
	spin_unlock(&cpu->inbox_lock);
	while (v) {
		struct vcpu *next = v->next_homed;

		ring_insert(cpu, v);
		v = next;
	}
}

static void vmm_deadline_expired(struct deadline *deadline)
{
	vcpu_notify(CONTAINER_OF(deadline, struct vcpu, vmm_deadline), EVENT_DEADLINE);
}

void sched_rearm(struct vcpu *v)
{
	struct cpu *cpu = this_cpu();
	uint64_t deadline = __atomic_load_n(&v->part->deadline, __ATOMIC_ACQUIRE);

	vcpu_timer_update(v);
	if (v->index)
		return;
	v->vmm_deadline.expired = vmm_deadline_expired;
	if (deadline)
		deadline_set(&cpu->deadlines, &v->vmm_deadline, deadline);
	else
		deadline_cancel(&v->vmm_deadline);
	cpu_timer_update(cpu);
}

static void leave_hardware(struct cpu *cpu, struct vcpu *v)
{
	if (cpu->loaded == v)
		vcpu_unload(v);
	deadline_cancel(&v->timer);
	deadline_cancel(&v->vmm_deadline);
}

/*
 * What others asked of one vCPU that is homed here and not running. A stop is acknowledged (part_is_out) by
 * taking its bit, when nothing here will touch the vCPU any more. If the partition goes on already, a
 * request to rearm came with the stop, and both are to be done; if not, one comes when it does. A detach is
 * acknowledged by homed alone: who sees that it is homed sees the request, too, until it has been done.
 */
static void serve(struct cpu *cpu, struct vcpu *v)
{
	uint32_t asked = vcpu_pending(v) & (PEND_STOP | PEND_DETACH);

	if (asked)
		leave_hardware(cpu, v);
	asked |= vcpu_take(v, (asked & ~(uint32_t)PEND_DETACH) | PEND_REARM | PEND_RESCHEDULE);
	if (asked & PEND_REARM && !(asked & PEND_DETACH) && part_may_run(v->part))
		sched_rearm(v);
	if (asked & PEND_DETACH) {
		ring_remove(cpu, v);
		__atomic_store_n(&v->homed, 0, __ATOMIC_RELEASE);
	} else if (asked & PEND_STOP) {
		console_event(CONSOLE_PARTITION);
	}
}

static void serve_all(struct cpu *cpu)
{
	struct vcpu *v = cpu->vcpus, *at = v;
	unsigned count = 0;

	if (!v)
		return;
	do {
		count++;
		at = at->next_homed;
	} while (at != v);
	/* By count: the ring changes while it is walked. */
	while (count--) {
		struct vcpu *next = v->next_homed;

		if (vcpu_pending(v) & PEND_SERVICE)
			serve(cpu, v);
		v = next;
	}
}

static void charge(struct cpu *cpu)
{
	if (!cpu->running)
		return;
	sched_charge(cpu);
	cpu->running->ready_since = cpu->charged;
	/* Before any look at pending words: who sets a bit after that look sees this, and kicks. */
	__atomic_store_n(&cpu->running, NULL, __ATOMIC_SEQ_CST);
}

static void slice_expired(struct deadline *deadline)
{
	struct cpu *cpu = this_cpu();

	(void)deadline;
	if (cpu->running)
		vcpu_pend_local(cpu->running, PEND_RESCHEDULE);
}

static void slice_set(struct cpu *cpu, uint64_t tsc)
{
	cpu->slice.expired = slice_expired;
	deadline_set(&cpu->deadlines, &cpu->slice, tsc);
	cpu_timer_update(cpu);
}

/* It waited until now: its VMM hears of it before the guest does anything. */
static void count_steal(struct vcpu *v, uint64_t now)
{
	v->steal_tsc += now - v->ready_since;
	if (!v->steal_watch || v->steal_tsc - v->steal_told < us_to_tsc(STEAL_TOLD_US))
		return;
	v->steal_told = v->steal_tsc;
	vcpu_pend_local(v, EVENT_STEAL);
}

static noreturn void run(struct cpu *cpu, struct vcpu *v)
{
	bool goes_on = cpu->vcpus == v && deadline_is_set(&cpu->slice);
	uint64_t now = tsc_read();

	cpu->vcpus = v;
	__atomic_store_n(&cpu->running, v, __ATOMIC_RELAXED);
	cpu->slice_start = cpu->charged = now;
	if (!goes_on)
		slice_set(cpu, now + sched_turn_length(cpu, v, now));
	vcpu_take(v, PEND_RESCHEDULE); /* meant for an earlier turn */
	count_steal(v, now);
	vcpu_timer_catch_up(v);
	vcpu_load(v);
	machine.virt->run(&v->virt, 0);
}

static bool has_work(struct cpu *cpu)
{
	struct vcpu *v = cpu->vcpus;
	uint64_t now = tsc_read();

	if (__atomic_load_n(&cpu->inbox, __ATOMIC_SEQ_CST) ||
	    (cpu->number == 0 && console_wants_cpu()))
		return true;
	if (!v)
		return false;
	do {
		if (vcpu_pending(v) & PEND_SERVICE || sched_look(cpu, v, now))
			return true;
		v = v->next_homed;
	} while (v != cpu->vcpus);
	return false;
}

static void idle(struct cpu *cpu)
{
	uint64_t start = tsc_read();

	deadline_cancel(&cpu->slice);
	__atomic_store_n(&cpu->idle_since, start, __ATOMIC_RELAXED);
	__atomic_store_n(&cpu->idle, 1, __ATOMIC_SEQ_CST);
	if (!has_work(cpu))
		cpu_idle();
	__atomic_store_n(&cpu->idle, 0, __ATOMIC_SEQ_CST);
	cpu->idle_tsc += tsc_read() - start;
}

noreturn void cpu_loop(void)
{
	struct cpu *cpu = this_cpu();

	for (;;) {
		struct vcpu *v;

		charge(cpu);
		interrupts_window();
		if (cpu_timer_overdue(cpu, tsc_read()))
			cpu_timer_interrupt(cpu);
		cpu_flush_check();
		take_inbox(cpu);
		serve_all(cpu);
		v = sched_pick(cpu);
		if (cpu->number == 0 && console_wants_cpu() && (!v || console_has_share()))
			console_enter();
		if (v)
			run(cpu, v);
		else if (!scrub_idle_piece())
			idle(cpu);
	}
}

/* Who runs has had enough, or will after SLICE_MIN_US. */
static void make_room(struct cpu *cpu)
{
	uint64_t earliest;

	if (!cpu->running) {
		/* The loop looks for itself. A turn that the console cut short has been long enough. */
		deadline_cancel(&cpu->slice);
		return;
	}
	earliest = cpu->slice_start + us_to_tsc(SLICE_MIN_US);
	if (tsc_read() >= earliest) {
		deadline_cancel(&cpu->slice);
		vcpu_pend_local(cpu->running, PEND_RESCHEDULE);
	} else if (cpu->slice.tsc > earliest) {
		slice_set(cpu, earliest);
	}
}

void sched_wake_local(struct vcpu *v)
{
	struct cpu *cpu = this_cpu();

	if (v != cpu->running && (vcpu_pending(v) & PEND_SERVICE || sched_woke(cpu, v)))
		make_room(cpu);
}

void sched_kicked(void)
{
	struct cpu *cpu = this_cpu();
	struct vcpu *v = cpu->vcpus;

	if (__atomic_load_n(&cpu->inbox, __ATOMIC_ACQUIRE))
		make_room(cpu);
	if (!v)
		return;
	do {
		sched_wake_local(v);
		v = v->next_homed;
	} while (v != cpu->vcpus);
}

void sched_preempt(void)
{
	struct cpu *cpu = this_cpu();

	if (cpu->running)
		vcpu_pend_local(cpu->running, PEND_RESCHEDULE);
}

static void tick_expired(struct deadline *deadline)
{
	(void)deadline; /* that the timer interrupted ring 3 is all */
}

void sched_tick_after(uint64_t us)
{
	struct cpu *cpu = this_cpu();

	cpu->tick.expired = tick_expired;
	deadline_set(&cpu->deadlines, &cpu->tick, tsc_read() + us_to_tsc(us));
	cpu_timer_update(cpu);
}

/* True if its VMM has used up what an upcall may take. Time counts: a neighbour's timers come here too. */
static bool upcall_takes_too_long(struct vcpu *v)
{
	uint64_t now = tsc_read();

	if (now < v->upcall_tick)
		return false;
	v->upcall_tick = now + us_to_tsc(UPCALL_TICK_US);
	return ++v->upcall_ticks >= UPCALL_TICKS_MAX;
}

void sched_ring3_tick(struct trap_frame *frame)
{
	struct cpu *cpu = this_cpu();
	struct vcpu *v = cpu->running;

	sched_tick_after(UPCALL_TICK_US);
	if (cpu->in_console) {
		console_tick(frame, sched_pick(cpu) != NULL);
		return;
	}
	if (!upcall_takes_too_long(v))
		return;
	part_end(v->part, REASON_VMM_LOOP, 0, "vcpu %u: the VMM took too long at rip 0x%lx",
		 v->index, frame->rip);
	kernel_leave(&v->virt);
}
