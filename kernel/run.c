/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop around the guest: pending work, entry, exit. */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "kernel/cpu.h"
#include "kernel/machine.h"
#include "kernel/partition.h"
#include "kernel/upcall.h"

/* INIT and SIPI are acted on here, and told to the VMM, which knows the architected state. */
static uint32_t filter_startup(struct vcpu *v, uint32_t events)
{
	if (events & EVENT_INIT) {
		lapic_init(&v->lapic);
		vcpu_timer_update(v);
		vcpu_sync_tpr(v);
		vcpu_init_registers(v);
		vcpu_take(v, PEND_NMI);
		v->virt.nmi_blocked = false;
		v->virt.reinject_valid = false;
		v->activity = ACTIVITY_WAIT_SIPI;
		events &= ~(uint32_t)EVENT_SIPI;
	} else if (events & EVENT_SIPI) {
		if (v->activity == ACTIVITY_WAIT_SIPI)
			v->activity = ACTIVITY_RUN;
		else
			events &= ~(uint32_t)EVENT_SIPI;
	}
	return events;
}

/* A SIPI that came in one go with the INIT before it stays pending until the INIT was told. */
static uint32_t take_events(struct vcpu *v)
{
	uint32_t keep = vcpu_pending(v) & EVENT_INIT ? EVENT_SIPI : 0;

	return filter_startup(v, vcpu_take(v, PEND_EVENTS & ~keep));
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

/* Returns when that was. */
static inline uint64_t record(struct vcpu *v, const struct virt_ops *virt)
{
	struct recorder_entry *entry = recorder_next(&v->recorder);
	uint32_t kind = v->virt.exit.kind;

	entry->rip = virt->rip(&v->virt);
	entry->info = v->virt.exit.info;
	entry->tsc = tsc_read();
	entry->code = (uint32_t)v->virt.exit.code;
	entry->kind = kind;
	v->exits[kind]++;
	return entry->tsc;
}

void vcpu_run(struct vcpu *v)
{
	const struct virt_ops *virt = machine.virt;

	for (;;) {
		uint32_t pending = vcpu_pending(v), waits;

		if (pending | v->recheck | v->virt.reinject_valid)
			if (!pending_work(v, pending))
				return;
		if (v->activity != ACTIVITY_RUN)
			return;
		/* Where a guest entered with IF=0 would mask physical interrupts (EMULATORS: Bochs). */
		if (!(virt->rflags(&v->virt) & RFLAGS_IF))
			interrupts_window();
		/* A full barrier: who sets a pending bit after the check sees GUEST and kicks. */
		__atomic_exchange_n(&v->state, VCPU_GUEST, __ATOMIC_SEQ_CST);
		/* An NMI that the guest is not open for stays pending; one that just came does not wait. */
		waits = v->recheck & RECHECK_NMI ? PEND_NMI : 0;
		if (__builtin_expect(vcpu_pending(v) & ~waits, 0)) {
			__atomic_store_n(&v->state, VCPU_OUT, __ATOMIC_RELAXED);
			continue;
		}
		virt->run(&v->virt);
		__atomic_store_n(&v->state, VCPU_OUT, __ATOMIC_RELAXED);
		if (v->virt.cr8 != lapic_cr8_read(&v->lapic))
			lapic_cr8_write(&v->lapic, v->virt.cr8); /* written without an exit */
		cpu_timer_check(this_cpu(), record(v, virt));
		if (vcpu_handle_exit(v) == VCPU_LEAVE)
			return;
	}
}
