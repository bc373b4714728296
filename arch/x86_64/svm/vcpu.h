/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the SVM backend share: the VMCB of a vCPU and the functions behind svm_ops. */
#pragma once

#include "arch/x86_64/regs.h"
#include "arch/x86_64/svm/asid.h"
#include "arch/x86_64/svm/vmcb.h"
#include "arch/x86_64/virt.h"

/* One CPU's; virt_vcpu.cpu_state points to it while the vCPU is loaded. */
struct svm_cpu {
	hpa_t host_vmcb; /* VMSAVE page: what VMRUN does not restore. First: entry.S pushes it */
	struct asid_pool asids;
};

/* vmcb.intercept_exception; a step intercepts all. */
#define SVM_EXCEPTIONS \
	(1u << EXCEPTION_DB | 1u << EXCEPTION_DF | 1u << EXCEPTION_AC | 1u << EXCEPTION_MC)

/* vmcb.intercept_cr_read and intercept_cr_write */
#define SVM_INTERCEPT_CR4 (1u << 4)

static inline struct vmcb *svm_vmcb(const struct virt_vcpu *v)
{
	return v->hw;
}

/*
 * EFER, after CR0, if that changes too. The VMCB has LME together with CR0.PG only: QEMU, at an exit from a
 * guest with LME and without PAE, restores the host's CR0 without its PG. Every write of CR0.PG exits, so the
 * guest sees no difference.
 */
static inline void svm_store_efer(struct virt_vcpu *v, uint64_t guest)
{
	struct vmcb *vmcb = svm_vmcb(v);
	uint64_t plain = guest & ~(uint64_t)(EFER_LME | EFER_LMA | EFER_SVME);
	bool active = guest & EFER_LME && vmcb->cr0 & CR0_PG;

	v->efer = plain | (guest & EFER_LME) | (active ? EFER_LMA : 0);
	vmcb->efer = plain | (active ? EFER_LME | EFER_LMA : 0) | EFER_SVME;
}

/*
 * CR4. Machine checks are the host's: without MCE one would be a shutdown, and told as the guest's triple
 * fault. So the VMCB always has it, and reads exit while the guest's own is 0, which says just that.
 */
static inline void svm_store_cr4(struct vmcb *vmcb, uint64_t guest)
{
	uint16_t others = (uint16_t)(vmcb->intercept_cr_read & ~SVM_INTERCEPT_CR4);

	vmcb->cr4 = guest | CR4_MCE;
	vmcb->intercept_cr_read = guest & CR4_MCE ? others : others | SVM_INTERCEPT_CR4;
}

/* As the guest sees it. */
static inline uint64_t svm_guest_cr4(const struct vmcb *vmcb)
{
	return vmcb->intercept_cr_read & SVM_INTERCEPT_CR4 ? vmcb->cr4 & ~(uint64_t)CR4_MCE
							   : vmcb->cr4;
}

/* svm.c: the guest's CR2, in the VMCB and in the processor. v is loaded. */
void svm_store_cr2(struct virt_vcpu *v, uint64_t value);

/* setup.c: v->hw is a page of zeros. */
void svm_setup(struct virt_vcpu *v, const struct virt_setup *setup);

/* segment.c */
void svm_code_get(const struct virt_vcpu *v, struct seg *to);
/* 0 of 64-bit code: no other segment's base, limit or attributes count. Else GROUP_SEGMENT: get them all. */
uint32_t svm_memory_get(const struct virt_vcpu *v, struct frame *frame);
void svm_segments_get(const struct virt_vcpu *v, struct frame *frame);
void svm_segments_put(struct virt_vcpu *v, const struct frame *frame);

/* state.c */
void svm_get(struct virt_vcpu *v, uint32_t groups, struct frame *frame);
bool svm_put(struct virt_vcpu *v, uint32_t groups, const struct frame *frame);
void svm_skip(struct virt_vcpu *v, uint32_t len);

/* corrupt.c */
void svm_corrupt(struct virt_vcpu *v, uint64_t seed);

/* inject.c */
bool svm_interrupt(struct virt_vcpu *v, uint8_t vector);
bool svm_interrupt_open(const struct virt_vcpu *v);
bool svm_nmi_open(const struct virt_vcpu *v);
void svm_inject(struct virt_vcpu *v, const struct frame_event *event);
bool svm_injecting(const struct virt_vcpu *v);
void svm_forget_injection(struct virt_vcpu *v);
void svm_want_window(struct virt_vcpu *v, bool on);
bool svm_take_back(struct virt_vcpu *v, int vector);
void svm_want_nmi_window(struct virt_vcpu *v);
void svm_set_tpr(struct virt_vcpu *v, uint8_t cr8, bool watch);
bool svm_idt_reaches(const struct virt_vcpu *v, uint8_t vector);
/* The guest's IRET was reached with NMIs blocked. */
void svm_nmi_iret(struct virt_vcpu *v);
/* After an exit: the interrupt that was put in by V_IRQ is in, or goes in again. */
void svm_virq_after_exit(struct virt_vcpu *v);
/* After an exit with NMIs blocked and svm_step_after_exit: did the IRET that ends the NMI complete? */
void svm_nmi_after_exit(struct virt_vcpu *v);

/* step.c: one instruction at a time */
/* The last thing before the entry, with v->step_pending. */
void svm_step_begin(struct virt_vcpu *v);
/* The last thing before an entry in a shadow, where VMRUN forgets it. */
void svm_keep_shadow(struct virt_vcpu *v);
/* After #DB in a step. True: ours, and the exit's kind is a window; false: it is the guest's. */
bool svm_step_trapped(struct virt_vcpu *v);
/* After an exit that a step alone asks for: what waits goes in before the instruction. */
void svm_step_refused(struct virt_vcpu *v);
/* After #UD: it may be SYSCALL or SYSRET, which a step hides. */
bool svm_step_hides_syscall(const struct virt_vcpu *v);
/* After any exit with v->step: nothing of the step is left. */
void svm_step_after_exit(struct virt_vcpu *v);

/* entry.S */
noreturn void svm_run(struct virt_vcpu *v, int64_t skip);

/* exit.c, called by svm_run. */
/* After each exit: hands it to the kernel and answers as kernel_exit does. */
int64_t svm_exited(struct virt_vcpu *v);
/* Moves RIP on by skip bytes. v: it can be entered; NULL: it leaves, as also if skip is VIRT_LEAVE. */
struct virt_vcpu *svm_go_on(struct virt_vcpu *v, int64_t skip);

/* state.c: the rare half of svm_move_on. A single step across an emulated instruction traps: APM2 13.1.4. */
void svm_step(struct virt_vcpu *v);

static inline bool vmcb_in_64_bit_code(const struct vmcb *vmcb)
{
	return (vmcb->cs.attributes & SEG_ATTR_L) && (vmcb->efer & EFER_LMA);
}

/* svm_skip, for where it is hot; false: svm_step has to follow. */
static inline bool svm_move_on(struct vmcb *vmcb, uint64_t len)
{
	uint64_t rip = vmcb->rip + len;

	if (!vmcb_in_64_bit_code(vmcb))
		rip = (uint32_t)rip;
	vmcb->rip = rip;
	vmcb->shadow = 0;
	return __builtin_expect(!(vmcb->rflags & (RFLAGS_RF | RFLAGS_TF)), 1);
}

/* Does the hardware report the next RIP? Set once by the probe. */
extern bool svm_has_next_rip;

/*
 * Interrupts go in by V_IRQ: set once by the probe, where there is no next RIP. TCG (QEMU 7.2) is that way:
 * at a VMRUN with an interrupt in EVENTINJ it leaves its exception_index set, and if its main loop wants the
 * CPU before the guest's next exit, it delivers the vector again, into its own handler, with IF=0. Bochs
 * needs EVENTINJ: there V_IRQ waits for IF to change. Processors take both (APM2 15.20, 15.21.4).
 * Besides, TCG's VMRUN forgets the interrupt shadow: V_IRQ is not set in one, and what waits for its
 * end is stepped to (step.c).
 */
extern bool svm_by_virq;
