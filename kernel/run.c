/* SPDX-License-Identifier: BSD-2-Clause */
/* The way into the guest where something has to be done first, and the way away from it. */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "kernel/cpu.h"
#include "kernel/machine.h"
#include "kernel/partition.h"
#include "kernel/sched.h"
#include "kernel/upcall.h"

/* INIT and SIPI are acted on here, and told to the VMM, which knows the architected state. */
static uint32_t filter_startup(struct vcpu *v, uint32_t events)
{
	if (events & EVENT_INIT) {
		lapic_init(&v->lapic);
		vcpu_timer_update(v);
		vcpu_sync_tpr(v);
		vcpu_init_registers(v);
		vcpu_take(v, PEND_NMI | PEND_NMI_SECOND);
		v->nmi_held = false;
		v->virt.nmi_blocked = false;
		v->virt.reinject_valid = false;
		v->virt.activity = ACTIVITY_WAIT_SIPI;
		events &= ~(uint32_t)EVENT_SIPI;
	} else if (events & EVENT_SIPI) {
		if (v->virt.activity == ACTIVITY_WAIT_SIPI)
			v->virt.activity = ACTIVITY_RUN;
		else
			events &= ~(uint32_t)EVENT_SIPI;
	}
	return events;
}

/*
 * A SIPI that came in one go with the INIT before it stays pending until the INIT was told, and EVENT_START
 * until its answer has come (upcall.c): the guest is entered by nothing less.
 */
static uint32_t take_events(struct vcpu *v)
{
	uint32_t pending = vcpu_pending(v);
	uint32_t keep = EVENT_START | (pending & EVENT_INIT ? (uint32_t)EVENT_SIPI : 0);

	return filter_startup(v, (pending & EVENT_START) | vcpu_take(v, PEND_EVENTS & ~keep));
}

/* Answers false if the vCPU has to leave the CPU. */
static bool pending_work(struct vcpu *v, uint32_t pending)
{
	if (pending & (PEND_STOP | PEND_DETACH))
		return false;
	if (pending & PEND_RESCHEDULE) {
		vcpu_take(v, PEND_RESCHEDULE);
		return false;
	}
	if (pending & PEND_REARM)
		return false; /* the scheduler sees to it */
	if (pending & PEND_EVENTS) {
		uint32_t events = take_events(v);

		if (events)
			vcpu_upcall_events(v, events);
	}
	vcpu_deliver(v);
	return true;
}

/* An NMI that the guest is not open for stays pending; one that just came does not wait. */
static bool claim(struct vcpu *v)
{
	uint32_t waits = v->virt.recheck & RECHECK_NMI ? PEND_NMI | PEND_NMI_SECOND : 0;

	virt_claim(&v->virt);
	return !(vcpu_pending(v) & ~waits);
}

bool vcpu_work(struct vcpu *v)
{
	struct virt_vcpu *virt = &v->virt;

	do {
		uint32_t pending = vcpu_pending(v);

		__atomic_store_n(&virt->state, VIRT_OUT, __ATOMIC_RELAXED);
		if (pending | virt->recheck | virt->reinject_valid)
			if (!pending_work(v, pending))
				return false;
		if (virt->activity != ACTIVITY_RUN)
			return false;
		/* Where a guest entered with IF=0 would mask physical interrupts (EMULATORS: Bochs). */
		if (!(machine.virt->rflags(virt) & RFLAGS_IF))
			interrupts_window();
	} while (!claim(v));
	return true;
}

void kernel_tpr_moved(struct virt_vcpu *virt)
{
	lapic_cr8_write(&vcpu_of(virt)->lapic, virt->cr8);
}

noreturn void kernel_leave(struct virt_vcpu *virt)
{
	__atomic_store_n(&virt->state, VIRT_OUT, __ATOMIC_RELAXED);
	cpu_loop();
}
