/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions into the guest, and what becomes of two at once: SDM 3A 6.15 "Exception and Interrupt
 * Reference", table 6-5 "Conditions for Generating a Double Fault".
 */
#include "kernel/inject.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "kernel/machine.h"
#include "kernel/partition.h"

enum exception_class { CLASS_BENIGN, CLASS_CONTRIBUTORY, CLASS_PAGE_FAULT, CLASS_DOUBLE_FAULT };

static enum exception_class exception_class(const struct frame_event *event)
{
	static const uint8_t classes[32] = {
		[EXCEPTION_DE] = CLASS_CONTRIBUTORY, [EXCEPTION_TS] = CLASS_CONTRIBUTORY,
		[EXCEPTION_NP] = CLASS_CONTRIBUTORY, [EXCEPTION_SS] = CLASS_CONTRIBUTORY,
		[EXCEPTION_GP] = CLASS_CONTRIBUTORY, [EXCEPTION_CP] = CLASS_CONTRIBUTORY,
		[EXCEPTION_PF] = CLASS_PAGE_FAULT,   [EXCEPTION_DF] = CLASS_DOUBLE_FAULT,
	};

	if (event->type != INJECT_EXCEPTION || event->vector >= ARRAY_SIZE(classes))
		return CLASS_BENIGN;
	return classes[event->vector];
}

enum inject_outcome inject_combine(const struct frame_event *first,
				   const struct frame_event *second, struct frame_event *result)
{
	enum exception_class one = exception_class(first);
	enum exception_class two = exception_class(second);

	*result = *second;
	if (one == CLASS_DOUBLE_FAULT && two != CLASS_BENIGN)
		return INJECT_TRIPLE_FAULT;
	if ((one == CLASS_CONTRIBUTORY && two == CLASS_CONTRIBUTORY) ||
	    (one == CLASS_PAGE_FAULT && (two == CLASS_CONTRIBUTORY || two == CLASS_PAGE_FAULT)))
		*result = (struct frame_event){
			.type = INJECT_EXCEPTION,
			.vector = EXCEPTION_DF,
			.has_error = 1,
		};
	return INJECT_ONE;
}

bool inject_valid(const struct frame_event *event)
{
	switch (event->type) {
	case INJECT_EXTERNAL:
		return !event->has_error;
	case INJECT_NMI:
		return event->vector == EXCEPTION_NMI && !event->has_error;
	case INJECT_EXCEPTION:
		return event->vector < 32 && event->vector != EXCEPTION_NMI;
	case INJECT_SOFT:
		return event->insn_len >= 1 && event->insn_len <= 15 && !event->has_error;
	default:
		return false;
	}
}

void vcpu_inject(struct vcpu *v, const struct frame_event *event)
{
	struct frame_event result = *event;

	if (v->virt.reinject_valid) {
		v->virt.reinject_valid = false;
		if (inject_combine(&v->virt.reinject, event, &result) == INJECT_TRIPLE_FAULT) {
			v->virt.exit.kind = VM_EXIT_TRIPLE_FAULT;
			vcpu_upcall(v, EXIT_TRIPLE_FAULT);
		}
		/*
		 * An interrupt whose delivery faulted comes after the fault's handler: it goes back. The
		 * 8259's is not the local APIC's to take back.
		 */
		if (v->virt.reinject.type == INJECT_EXTERNAL &&
		    v->lapic.isr_top == v->virt.reinject.vector) {
			lapic_unaccept(&v->lapic, v->virt.reinject.vector);
			v->interrupts--;
			vcpu_pend_local(v, PEND_INTERRUPT);
		}
		if (v->virt.reinject.type == INJECT_NMI) {
			v->virt.nmi_blocked = false;
			vcpu_pend_local(v, PEND_NMI);
		}
	}
	/* The processor's own exceptions leave no trace; where ours led to the guest's end is to be found. */
	recorder_add(&v->recorder, machine.virt->rip(&v->virt), result.vector, result.error,
		     tsc_read(), RECORD_INJECTED);
	machine.virt->inject(&v->virt, &result);
}

void vcpu_inject_ud(struct vcpu *v)
{
	vcpu_inject(v, &(struct frame_event){.type = INJECT_EXCEPTION, .vector = EXCEPTION_UD});
}

void vcpu_inject_gp(struct vcpu *v)
{
	vcpu_inject(v, &(struct frame_event){
			       .type = INJECT_EXCEPTION, .vector = EXCEPTION_GP, .has_error = 1});
}
