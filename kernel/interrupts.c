/* SPDX-License-Identifier: BSD-2-Clause */
/* An interrupt's way: from an ICR, a message or a timer into a local APIC, and on into the guest. */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "kernel/cpu.h"
#include "kernel/machine.h"
#include "kernel/partition.h"

/* Later than any TSC will be. */
#define DEADLINE_FAR (DEADLINE_NONE / 2)

static void timer_expired(struct deadline *deadline)
{
	struct vcpu *v = CONTAINER_OF(deadline, struct vcpu, timer);
	uint64_t now = vcpu_tsc_to_guest(v, tsc_read());
	bool is_due = lapic_timer_remaining(&v->lapic, now) == 0;

	lapic_timer_expire(&v->lapic, now);
	vcpu_notify(v, PEND_INTERRUPT);
	/* Until v has had a turn further periods are the same interrupt, at its neighbours' cost. */
	if (!is_due || this_cpu()->running == v)
		vcpu_timer_update(v);
}

void vcpu_timer_update(struct vcpu *v)
{
	struct cpu *cpu = this_cpu();
	uint64_t now = tsc_read();
	uint64_t left = lapic_timer_remaining(&v->lapic, vcpu_tsc_to_guest(v, now));

	if (left == UINT64_MAX) {
		deadline_cancel(&v->timer);
		return;
	}
	v->timer.expired = timer_expired;
	deadline_set(&cpu->deadlines, &v->timer,
		     left > DEADLINE_FAR - now ? DEADLINE_FAR : now + left);
	cpu_timer_update(cpu);
}

void vcpu_timer_catch_up(struct vcpu *v)
{
	if (deadline_is_set(&v->timer) || !lapic_timer_deadline(&v->lapic))
		return;
	lapic_timer_expire(&v->lapic, vcpu_tsc_to_guest(v, tsc_read()));
	vcpu_look_at_irr(v);
	vcpu_timer_update(v);
}

/* A shorthand goes over the same bus: an APIC that is off hears nothing there. */
static bool ipi_hits(const struct vcpu *target, const struct vcpu *sender,
		     const struct lapic_ipi *ipi)
{
	switch ((enum lapic_shorthand)ipi->shorthand) {
	case LAPIC_TO_SELF:
		return target == sender;
	case LAPIC_TO_ALL:
		return lapic_matches(&target->lapic, LAPIC_DEST_ALL, false);
	case LAPIC_TO_OTHERS:
		return target != sender && lapic_matches(&target->lapic, LAPIC_DEST_ALL, false);
	case LAPIC_TO_DEST:
		break;
	}
	return lapic_matches(&target->lapic, ipi->dest, ipi->logical);
}

/*
 * A processor takes an NMI at once, and holds one more while that one's handler runs. Here the first may
 * have to wait for its vCPU's turn: the second is told apart from it for that long.
 */
void vcpu_send_nmi(struct vcpu *target)
{
	uint32_t old;

	do {
		old = vcpu_pending(target);
		while (old & PEND_NMI)
			if (__atomic_compare_exchange_n(&target->virt.pending, &old,
							old | PEND_NMI_SECOND, false,
							__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
				return;
	} while (vcpu_notify(target, PEND_NMI) & PEND_NMI);
}

static void ipi_deliver(struct vcpu *target, const struct lapic_ipi *ipi, bool level)
{
	switch ((enum lapic_delivery)ipi->mode) {
	case LAPIC_FIXED:
	case LAPIC_LOWEST:
		if (lapic_post(&target->lapic, ipi->vector, level))
			vcpu_notify(target, PEND_INTERRUPT);
		break;
	case LAPIC_NMI:
		vcpu_send_nmi(target);
		break;
	case LAPIC_INIT:
		vcpu_notify(target, EVENT_INIT);
		break;
	case LAPIC_SIPI:
		__atomic_store_n(&target->sipi_vector, ipi->vector, __ATOMIC_RELEASE);
		vcpu_notify(target, EVENT_SIPI);
		break;
	case LAPIC_EXTINT:
	case LAPIC_SMI:
		break;
	}
}

void part_send_ipi(struct partition *part, const struct vcpu *sender, const struct lapic_ipi *ipi,
		   bool level)
{
	struct vcpu *best = NULL;

	for (uint32_t i = 0; i < part->desc.vcpu_count; i++) {
		struct vcpu *target = part->vcpus[i];

		if (!ipi_hits(target, sender, ipi))
			continue;
		if (ipi->mode != LAPIC_LOWEST)
			ipi_deliver(target, ipi, level);
		else if (lapic_arbitrates(&target->lapic) &&
			 (!best || lapic_arbitration_priority(&target->lapic) <
					   lapic_arbitration_priority(&best->lapic)))
			best = target;
	}
	if (best)
		ipi_deliver(best, ipi, level);
}

void vcpu_apply_effect(struct vcpu *v, const struct lapic_effect *effect)
{
	if (effect->kinds & LAPIC_EFFECT_IPI)
		part_send_ipi(v->part, v, &effect->ipi, false);
	if (effect->kinds & LAPIC_EFFECT_TIMER)
		vcpu_timer_update(v);
	if (effect->kinds & LAPIC_EFFECT_EOI) {
		v->eoi_vectors[effect->eoi_vector / 64] |= BIT(effect->eoi_vector % 64);
		vcpu_pend_local(v, EVENT_EOI);
	}
}

/*
 * What was put in, and the guest was not entered with, waits in the local APIC again, and what has
 * priority goes first: nothing can wait behind it. The 8259's is nobody's to take back.
 */
static bool make_way(struct vcpu *v)
{
	int vector = v->lapic.isr_top;

	if (vector < 0 || !machine.virt->take_back(&v->virt, vector))
		return false;
	lapic_unaccept(&v->lapic, (unsigned)vector);
	v->interrupts--;
	vcpu_pend_local(v, PEND_INTERRUPT);
	return true;
}

static void want_window(struct vcpu *v)
{
	if (make_way(v))
		return;
	v->virt.recheck |= RECHECK_WINDOW;
	machine.virt->want_window(&v->virt, true);
}

void vcpu_check_lapic(struct vcpu *v)
{
	vcpu_sync_tpr(v);
	if (vcpu_lapic_waits(v) || v->lapic.nmi || v->lapic.line_seen)
		vcpu_pend_local(v, PEND_INTERRUPT);
}

/* A read of a reserved register raises LVT error, one that finds the timer due raises its vector. */
uint32_t vcpu_read_lapic(struct vcpu *v, unsigned offset)
{
	uint32_t value = lapic_read(&v->lapic, offset, vcpu_tsc_to_guest(v, tsc_read()));

	vcpu_look_at_irr(v);
	return value;
}

bool vcpu_read_x2apic(struct vcpu *v, uint32_t index, uint64_t *value)
{
	bool is_there = lapic_msr_read(&v->lapic, index, vcpu_tsc_to_guest(v, tsc_read()), value);

	vcpu_look_at_irr(v);
	return is_there;
}

void vcpu_sync_tpr(struct vcpu *v)
{
	uint8_t cr8 = (uint8_t)lapic_cr8_read(&v->lapic);

	if (__builtin_expect(v->virt.cr8 != cr8, 0))
		machine.virt->set_tpr(&v->virt, cr8, v->tpr_watch);
}

/* The TPR that the guest lowers next decides: have its writes exit only while something waits for that. */
static inline void watch_tpr(struct vcpu *v)
{
	bool watch = v->lapic.irr_top >= 0;

	if (__builtin_expect(watch == v->tpr_watch && v->virt.cr8 == lapic_cr8_read(&v->lapic), 1))
		return;
	v->tpr_watch = watch;
	machine.virt->set_tpr(&v->virt, (uint8_t)lapic_cr8_read(&v->lapic), watch);
}

/* Whether a handler of an NMI runs: then one more is held, and a further one is lost. */
static bool is_in_nmi(struct vcpu *v)
{
	struct frame state;

	machine.virt->get(&v->virt, GROUP_IP, &state);
	return state.shadow & SHADOW_NMI;
}

static void deliver_nmi(struct vcpu *v)
{
	static const struct frame_event nmi = {.type = INJECT_NMI, .vector = EXCEPTION_NMI};

	if (v->virt.activity != ACTIVITY_RUN && v->virt.activity != ACTIVITY_HALT)
		return;
	if (machine.virt->nmi_open(&v->virt) || (make_way(v) && machine.virt->nmi_open(&v->virt))) {
		bool second = vcpu_take(v, PEND_NMI | PEND_NMI_SECOND) & PEND_NMI_SECOND;

		v->virt.activity = ACTIVITY_RUN;
		v->nmi_held = second && !v->nmi_held;
		if (v->nmi_held)
			vcpu_pend_local(v, PEND_NMI);
		machine.virt->inject(&v->virt, &nmi);
	} else {
		v->virt.recheck |= RECHECK_NMI;
		v->nmi_held = v->nmi_held || is_in_nmi(v);
		machine.virt->want_nmi_window(&v->virt);
	}
}

/* It has been injected. */
static inline void interrupt_is_in(struct vcpu *v, uint8_t vector)
{
	lapic_accept(&v->lapic, vector);
	v->interrupts++;
	/* A second one, of a higher class, goes in when the first has been taken. */
	if (__builtin_expect(lapic_may_deliver(&v->lapic), 0))
		want_window(v);
	watch_tpr(v);
}

/*
 * What most of kernel_work's calls are for: an interrupt, and the guest is open for it. The vCPU stays
 * claimed: no interrupt window is needed, since the guest's IF is 1. False: it is not that simple.
 */
static inline bool deliver_plainly(struct vcpu *v)
{
	struct lapic *l = &v->lapic;
	int vector = lapic_pending_vector(l);

	if (vector < 0 || l->line_seen || l->nmi ||
	    !machine.virt->interrupt(&v->virt, (uint8_t)vector))
		return false;
	__atomic_fetch_and(&v->virt.pending, ~(uint32_t)PEND_INTERRUPT, __ATOMIC_SEQ_CST);
	interrupt_is_in(v, (uint8_t)vector);
	return !__atomic_load_n(&v->virt.work, __ATOMIC_RELAXED);
}

bool kernel_work(struct virt_vcpu *virt)
{
	struct vcpu *v = vcpu_of(virt);

	/* Equal: so nothing else is to be done, nothing waits, and the vCPU runs. */
	if (__atomic_load_n(&virt->work, __ATOMIC_RELAXED) == PEND_INTERRUPT && deliver_plainly(v))
		return true;
	return vcpu_work(v);
}

/* What the local APIC has, or the 8259 has next, is looked at when this one has gone in. */
static noreturn void ask_8259(struct vcpu *v)
{
	vcpu_pend_local(v, PEND_INTERRUPT);
	vcpu_upcall(v, EXIT_INTA);
}

void vcpu_deliver(struct vcpu *v)
{
	uint32_t taken = vcpu_take(v, PEND_INTERRUPT);
	bool extint;
	int vector;

	v->virt.recheck = 0;
	if (v->virt.reinject_valid) {
		v->virt.reinject_valid = false;
		machine.virt->inject(&v->virt, &v->virt.reinject);
	}
	vector = lapic_pending_vector(&v->lapic);
	extint = lapic_extint_pending(&v->lapic);
	if (lapic_take_nmi(&v->lapic))
		vcpu_pend_local(v, PEND_NMI);
	if (vcpu_pending(v) & PEND_NMI)
		deliver_nmi(v);
	watch_tpr(v);
	if (vector < 0 && !extint)
		return;
	if (v->virt.activity == ACTIVITY_HALT) {
		if (!(machine.virt->rflags(&v->virt) & RFLAGS_IF))
			return; /* asleep until NMI or INIT; a later merge finds the vector again */
		v->virt.activity = ACTIVITY_RUN;
	}
	if (v->virt.activity != ACTIVITY_RUN) {
		vcpu_pend_local(v, taken); /* kept for after the SIPI */
		return;
	}
	if (!extint && machine.virt->interrupt(&v->virt, (uint8_t)vector))
		interrupt_is_in(v, (uint8_t)vector);
	else if (extint && machine.virt->interrupt_open(&v->virt))
		ask_8259(v);
	else
		want_window(v);
}
