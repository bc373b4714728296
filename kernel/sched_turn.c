/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/sched_turn.h"

#include "arch/x86_64/insn.h"
#include "drivers/tsc.h"
#include "kernel/partition.h"
#include "kernel/sched.h"

static bool runnable(const struct vcpu *v)
{
	uint32_t pending = vcpu_pending(v);
	uint32_t wake = v->virt.activity == ACTIVITY_HALT ? (uint32_t)PEND_WAKE
							  : (uint32_t)PEND_EVENTS;

	/* One that is blocked does not end HLT. */
	if (v->virt.recheck & RECHECK_NMI)
		wake &= ~(uint32_t)PEND_NMI;

	if (!part_may_run(v->part))
		return false;
	return v->virt.activity == ACTIVITY_RUN || (pending & wake);
}

void sched_charge(struct cpu *cpu)
{
	struct vcpu *v = cpu->running;
	struct partition *part = v->part;
	uint64_t now = tsc_read(), used = now - cpu->charged;

	cpu->charged = now;
	v->run_tsc += used;
	cpu->busy_tsc += used;
	turn_charge(&v->turn, used);
	if (!cap_is_set(&part->cap))
		return;
	spin_lock(&part->cap_lock);
	cap_charge(&part->cap, now, used);
	spin_unlock(&part->cap_lock);
}

/* A budget has come back: as a kick, since who waited for it wakes up. */
static void uncap_expired(struct deadline *deadline)
{
	(void)deadline;
	sched_kicked();
}

static uint64_t budget_left(struct cpu *cpu, struct partition *part, uint64_t now)
{
	uint64_t left, end;

	spin_lock(&part->cap_lock);
	left = cap_left(&part->cap, now);
	end = part->cap.end;
	spin_unlock(&part->cap_lock);
	if (!left && (!deadline_is_set(&cpu->uncap) || end < cpu->uncap.tsc)) {
		cpu->uncap.expired = uncap_expired;
		deadline_set(&cpu->deadlines, &cpu->uncap, end);
		cpu_timer_update(cpu);
	}
	return left;
}

bool sched_look(struct cpu *cpu, struct vcpu *v, uint64_t now)
{
	bool wants = runnable(v);

	if (wants && !v->ready)
		v->ready_since = now;
	v->ready = wants;
	if (wants && cap_is_set(&v->part->cap))
		wants = budget_left(cpu, v->part, now) != 0;
	turn_want(&cpu->turns, &v->turn, wants);
	return wants;
}

/*
 * A turn lasts until its deadline: one that the console cut short goes on. Else a guest whose output is
 * looked at would wait for its neighbours' turns at each byte. Among equals the next in the ring comes.
 */
struct vcpu *sched_pick(struct cpu *cpu)
{
	struct vcpu *v = cpu->vcpus, *best = NULL;
	uint64_t now = tsc_read();

	if (!v || (deadline_is_set(&cpu->slice) && sched_look(cpu, v, now)))
		return v;
	cpu->owed = 0;
	do {
		v = v->next_homed;
		if (!sched_look(cpu, v, now))
			continue;
		cpu->owed += turn_is_owed(&cpu->turns, &v->turn);
		if (!best || turn_before(&v->turn, &best->turn))
			best = v;
	} while (v != cpu->vcpus);
	if (best)
		cpu->owed -= turn_is_owed(&cpu->turns, &best->turn);
	return best;
}

uint64_t sched_turn_length(struct cpu *cpu, struct vcpu *v, uint64_t now)
{
	uint64_t ticks = turn_pick(&cpu->turns, &v->turn, cpu->owed);

	if (cap_is_set(&v->part->cap))
		ticks = MIN(ticks, MAX(budget_left(cpu, v->part, now), us_to_tsc(CAP_TURN_US)));
	return ticks;
}

bool sched_woke(struct cpu *cpu, struct vcpu *v)
{
	if (!v->turn.account || v->turn.wants)
		return false;
	if (cpu->running)
		sched_charge(cpu);
	if (!sched_look(cpu, v, tsc_read()))
		return false;
	return turn_preempts(&cpu->turns, &v->turn, &cpu->vcpus->turn);
}
