/* SPDX-License-Identifier: BSD-2-Clause */
/* Events into the guest: EVENTINJ or V_IRQ, the interrupt window by V_IRQ, NMI blocking kept in software. */
#include "arch/x86_64/regs.h"
#include "arch/x86_64/svm/vcpu.h"

#define V_IRQ_FIELDS (SVM_V_IRQ | SVM_V_PRIORITY | SVM_V_IGNORE_TPR | SVM_V_VECTOR)

bool svm_injecting(const struct virt_vcpu *v)
{
	return svm_vmcb(v)->event_inject & SVM_EVENT_VALID || v->virq;
}

/* QEMU aborts when the guest writes CR8 while V_IRQ is set. */
static void watch_cr8(struct virt_vcpu *v)
{
	struct vmcb *vmcb = svm_vmcb(v);

	if (v->tpr_watched || v->window_wanted || v->virq)
		vmcb->intercept_cr_write |= 1u << 8;
	else
		vmcb->intercept_cr_write &= (uint16_t) ~(1u << 8);
}

/* The guest is open for it: it goes in before the first instruction, unless an exit comes before. */
static void put_in_by_virq(struct virt_vcpu *v, uint8_t vector)
{
	struct vmcb *vmcb = svm_vmcb(v);

	if (v->window_wanted)
		svm_want_window(v, false); /* who waits behind this one asks again */
	vmcb->v_intr = (vmcb->v_intr & ~V_IRQ_FIELDS) | SVM_V_IRQ | SVM_V_PRIORITY |
		       SVM_V_IGNORE_TPR | (uint64_t)vector << SVM_V_VECTOR_SHIFT;
	v->virq = true;
	v->virq_rip = vmcb->rip;
	watch_cr8(v);
}

/* V_IRQ is wanted for something else, or was not taken. Answers what was in it. */
static uint8_t take_out_of_virq(struct virt_vcpu *v)
{
	struct vmcb *vmcb = svm_vmcb(v);
	uint8_t vector = (uint8_t)(vmcb->v_intr >> SVM_V_VECTOR_SHIFT);

	vmcb->v_intr &= ~V_IRQ_FIELDS;
	v->virq = false;
	watch_cr8(v);
	return vector;
}

void svm_forget_injection(struct virt_vcpu *v)
{
	svm_vmcb(v)->event_inject = 0;
	v->step_pending = false;
	if (v->virq)
		take_out_of_virq(v);
}

/* There is one V_IRQ: no window can be wanted behind what is in it. */
bool svm_take_back(struct virt_vcpu *v, int vector)
{
	if (!v->virq || (uint8_t)(svm_vmcb(v)->v_intr >> SVM_V_VECTOR_SHIFT) != vector)
		return false;
	take_out_of_virq(v);
	return true;
}

/*
 * One that was cut short while it went in is in EXITINTINFO, whatever V_IRQ says. One whose delivery gave the
 * guest an exception is spent (SDM 3A 6.15), though TCG leaves V_IRQ set: the guest has moved on then.
 */
void svm_virq_after_exit(struct virt_vcpu *v)
{
	const struct vmcb *vmcb = svm_vmcb(v);
	bool waits = vmcb->v_intr & SVM_V_IRQ && !(vmcb->exit_int_info & SVM_EVENT_VALID) &&
		     vmcb->rip == v->virq_rip;
	uint8_t vector = take_out_of_virq(v);

	if (!waits)
		return;
	v->reinject_valid = true;
	v->reinject = (struct frame_event){.type = INJECT_EXTERNAL, .vector = vector};
}

bool svm_interrupt(struct virt_vcpu *v, uint8_t vector)
{
	if (!svm_interrupt_open(v))
		return false;
	if (svm_by_virq)
		put_in_by_virq(v, vector);
	else
		svm_vmcb(v)->event_inject = vector | SVM_EVENT_VALID; /* type 0 */
	return true;
}

bool svm_interrupt_open(const struct virt_vcpu *v)
{
	const struct vmcb *vmcb = svm_vmcb(v);

	return (vmcb->rflags & RFLAGS_IF) && !(vmcb->shadow & SVM_SHADOW) && !svm_injecting(v);
}

bool svm_nmi_open(const struct virt_vcpu *v)
{
	return !v->nmi_blocked && !(svm_vmcb(v)->shadow & SVM_SHADOW) && !svm_injecting(v);
}

static bool is_fault(const struct frame_event *event)
{
	return event->type == INJECT_EXCEPTION && event->vector < 32 &&
	       (EXCEPTIONS_FAULTS >> event->vector & 1);
}

static void inject(struct virt_vcpu *v, struct vmcb *vmcb, const struct frame_event *event)
{
	uint64_t inject = event->vector | (uint64_t)event->type << SVM_EVENT_TYPE_SHIFT |
			  SVM_EVENT_VALID;

	/* Real mode pushes none, and the hardware does as it is told. */
	if (event->has_error && vmcb->cr0 & CR0_PE)
		inject |= SVM_EVENT_ERROR | (uint64_t)event->error << SVM_EVENT_ERROR_SHIFT;
	if (is_fault(event))
		vmcb->rflags |= RFLAGS_RF;
	if (event->type == INJECT_EXCEPTION && event->vector == EXCEPTION_PF)
		svm_store_cr2(v, event->cr2);
	if (event->type == INJECT_NMI) {
		v->nmi_blocked = true;
		vmcb->intercept_misc1 |= SVM_INTERCEPT_IRET;
	}
	vmcb->event_inject = inject;
}

void svm_inject(struct virt_vcpu *v, const struct frame_event *event)
{
	struct vmcb *vmcb = svm_vmcb(v);

	if (event->type == INJECT_EXTERNAL && svm_by_virq && svm_interrupt_open(v))
		put_in_by_virq(v, event->vector);
	else
		inject(v, vmcb, event);
}

/* VMRUN would forget the shadow, and V_IRQ come before the instruction that the shadow is for. */
static bool shadow_is_forgotten(const struct virt_vcpu *v)
{
	const struct vmcb *vmcb = svm_vmcb(v);

	return svm_by_virq && vmcb->shadow & SVM_SHADOW && vmcb->rflags & RFLAGS_IF &&
	       !svm_injecting(v);
}

/*
 * APM2 15.21.4 "Injecting Virtual (INTR) Interrupts": V_IRQ with an intercept waits for IF. An
 * interrupt of the 8259 cannot be taken back, and goes by EVENTINJ, though TCG may deliver it twice.
 */
void svm_want_window(struct virt_vcpu *v, bool on)
{
	struct vmcb *vmcb = svm_vmcb(v);

	if (on && shadow_is_forgotten(v)) {
		v->step_pending = true;
		on = false;
	}
	if (on == v->window_wanted)
		return;
	v->window_wanted = on;
	if (v->virq)
		vmcb->event_inject = take_out_of_virq(v) | SVM_EVENT_VALID;
	if (on) {
		vmcb->v_intr |= SVM_V_IRQ | SVM_V_PRIORITY | SVM_V_IGNORE_TPR;
		vmcb->intercept_misc1 |= SVM_INTERCEPT_VINTR;
	} else {
		vmcb->v_intr &= ~(SVM_V_IRQ | SVM_V_PRIORITY | SVM_V_IGNORE_TPR);
		vmcb->intercept_misc1 &= ~(uint32_t)SVM_INTERCEPT_VINTR;
	}
	watch_cr8(v);
}

/*
 * Without virtual NMIs nobody tells when an IRET has completed. It is let through, and NMIs open when
 * the guest has moved on from it; if one waits, a single step makes that moment an exit, as it does
 * the end of a shadow. Where NMIs are blocked the exit at IRET comes first.
 */
void svm_want_nmi_window(struct virt_vcpu *v)
{
	const struct vmcb *vmcb = svm_vmcb(v);

	if (v->nmi_blocked ? !(vmcb->intercept_misc1 & SVM_INTERCEPT_IRET)
			   : vmcb->shadow & SVM_SHADOW)
		v->step_pending = true;
}

void svm_nmi_iret(struct virt_vcpu *v)
{
	svm_vmcb(v)->intercept_misc1 &= ~(uint32_t)SVM_INTERCEPT_IRET;
	v->nmi_iret_rip = svm_vmcb(v)->rip;
}

void svm_nmi_after_exit(struct virt_vcpu *v)
{
	const struct vmcb *vmcb = svm_vmcb(v);

	if (!(vmcb->intercept_misc1 & SVM_INTERCEPT_IRET) && vmcb->rip != v->nmi_iret_rip)
		v->nmi_blocked = false;
}

void svm_set_tpr(struct virt_vcpu *v, uint8_t cr8, bool watch)
{
	struct vmcb *vmcb = svm_vmcb(v);

	v->cr8 = cr8;
	v->tpr_watched = watch;
	vmcb->v_intr = (vmcb->v_intr & ~SVM_V_TPR) | (cr8 & SVM_V_TPR);
	watch_cr8(v);
}

bool svm_idt_reaches(const struct virt_vcpu *v, uint8_t vector)
{
	const struct vmcb *vmcb = svm_vmcb(v);
	uint32_t gate = vmcb->efer & EFER_LMA ? 16 : vmcb->cr0 & CR0_PE ? 8 : 4;

	return vmcb->idtr.limit >= (vector + 1u) * gate - 1;
}
