/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the SVM backend share: the VMCB of a vCPU and the functions behind svm_ops. */
#pragma once

#include "arch/x86_64/regs.h"
#include "arch/x86_64/svm/asid.h"
#include "arch/x86_64/svm/vmcb.h"
#include "arch/x86_64/virt.h"

/* One CPU's; virt_vcpu.cpu_state points to it while the vCPU is loaded. */
struct svm_cpu {
	hpa_t host_vmcb; /* VMSAVE page: what VMRUN does not restore */
	struct asid_pool asids;
};

static inline struct vmcb *svm_vmcb(const struct virt_vcpu *v)
{
	return v->hw;
}

/*
 * EFER. The VMCB has LME together with CR0.PG only: QEMU, at an exit from a guest with LME and without PAE,
 * restores the host's CR0 without its PG. Every write of CR0.PG exits, so the guest sees no difference.
 */
static inline uint64_t svm_guest_efer(const struct virt_vcpu *v)
{
	uint64_t efer = svm_vmcb(v)->efer & ~(uint64_t)EFER_SVME;

	return v->lme ? efer | EFER_LME : efer;
}

/* After CR0, if that changes too. */
static inline void svm_store_efer(struct virt_vcpu *v, uint64_t guest)
{
	struct vmcb *vmcb = svm_vmcb(v);
	uint64_t efer = (guest & ~(uint64_t)(EFER_LME | EFER_LMA)) | EFER_SVME;

	v->lme = guest & EFER_LME;
	if (v->lme && vmcb->cr0 & CR0_PG)
		efer |= EFER_LME | EFER_LMA;
	vmcb->efer = efer;
}

/* state.c */
void svm_get(struct virt_vcpu *v, uint32_t groups, struct frame *frame);
bool svm_put(struct virt_vcpu *v, uint32_t groups, const struct frame *frame);
void svm_skip(struct virt_vcpu *v, uint32_t len);
void svm_corrupt(struct virt_vcpu *v, uint64_t seed);

/* inject.c */
bool svm_interrupt_open(const struct virt_vcpu *v);
bool svm_nmi_open(const struct virt_vcpu *v);
void svm_inject(struct virt_vcpu *v, const struct frame_event *event);
bool svm_injecting(const struct virt_vcpu *v);
void svm_want_window(struct virt_vcpu *v, bool on);
void svm_want_nmi_window(struct virt_vcpu *v);
void svm_set_tpr(struct virt_vcpu *v, uint8_t cr8, bool watch);
bool svm_idt_reaches(const struct virt_vcpu *v, uint8_t vector);
/* The guest's IRET was reached with NMIs blocked. */
void svm_nmi_iret(struct virt_vcpu *v);
/* After an exit: did the IRET that ends an NMI complete? Swallows our own single step. */
void svm_nmi_after_exit(struct virt_vcpu *v);

/* exit.c: enters the guest and decodes its exit. */
void svm_run(struct virt_vcpu *v);

/* entry.S */
void svm_enter(uint64_t *gpr, hpa_t vmcb, hpa_t host_vmcb);

/* Does the hardware report the next RIP? Set once by the probe. */
extern bool svm_has_next_rip;
