/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's registers between the VMCB and a frame; what is the host's is forced here. */
#include "arch/x86_64/gprs.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/svm/vcpu.h"

/* What a guest's EFER and RFLAGS may hold; SVME is the host's. */
#define EFER_GUEST_MASK	  (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)
#define RFLAGS_GUEST_MASK (BITS(21, 0) & ~(BIT(15) | BIT(5) | BIT(3)))

static void control_get(const struct virt_vcpu *v, struct frame_control *to)
{
	const struct vmcb *vmcb = svm_vmcb(v);

	to->cr0 = vmcb->cr0;
	to->cr2 = vmcb->cr2;
	to->cr3 = vmcb->cr3;
	to->cr4 = svm_guest_cr4(vmcb);
	to->cr8 = vmcb->v_intr & SVM_V_TPR;
	to->efer = v->efer;
	to->cpl = vmcb->cpl;
}

/*
 * CR8 is the local APIC's: it changes by CALL_LAPIC_WRITE only. Where the processor would have dropped
 * translations (APM2 5.5.2 "TLB Management"), the vCPU takes a new ASID. False for long mode without PAE,
 * which VMRUN refuses, but QEMU does not.
 */
static bool control_put(struct virt_vcpu *v, const struct frame_control *from)
{
	struct vmcb *vmcb = svm_vmcb(v);
	const uint64_t cr0 = from->cr0, cr3 = from->cr3, cr4 = from->cr4;
	const uint64_t efer = from->efer & EFER_GUEST_MASK, old_efer = vmcb->efer;
	bool changed = cr0 != vmcb->cr0 || cr3 != vmcb->cr3 || cr4 != svm_guest_cr4(vmcb);

	if (cr0 & CR0_PG && efer & EFER_LME && !(cr4 & CR4_PAE))
		return false;
	vmcb->cr0 = cr0;
	vmcb->cr2 = from->cr2;
	vmcb->cr3 = cr3;
	svm_store_cr4(vmcb, cr4);
	svm_store_efer(v, efer);
	if (changed || vmcb->efer != old_efer)
		v->asid_generation = 0;
	return true;
}

static void system_get(const struct vmcb *vmcb, struct frame_system *to)
{
	to->sysenter_cs = vmcb->sysenter_cs;
	to->sysenter_esp = vmcb->sysenter_esp;
	to->sysenter_eip = vmcb->sysenter_eip;
	to->star = vmcb->star;
	to->lstar = vmcb->lstar;
	to->cstar = vmcb->cstar;
	to->sfmask = vmcb->sfmask;
	to->kernel_gs_base = vmcb->kernel_gs_base;
	to->pat = vmcb->pat;
	to->dr6 = vmcb->dr6;
	to->dr7 = vmcb->dr7;
}

static void system_put(struct vmcb *vmcb, const struct frame_system *from)
{
	vmcb->sysenter_cs = from->sysenter_cs;
	vmcb->sysenter_esp = from->sysenter_esp;
	vmcb->sysenter_eip = from->sysenter_eip;
	vmcb->star = from->star;
	vmcb->lstar = from->lstar;
	vmcb->cstar = from->cstar;
	vmcb->sfmask = from->sfmask;
	vmcb->kernel_gs_base = from->kernel_gs_base;
	vmcb->pat = from->pat;
	/* No bit in the upper halves: APM2 15.5.1 "Canonicalization and Consistency Checks". */
	vmcb->dr6 = (uint32_t)from->dr6;
	vmcb->dr7 = (uint32_t)from->dr7;
}

/* What an instruction fetch depends on, and no more: the hot case. */
static void fetch_get(const struct virt_vcpu *v, struct frame *frame)
{
	const struct vmcb *vmcb = svm_vmcb(v);

	frame->rip = vmcb->rip;
	frame->rflags = vmcb->rflags;
	frame->control.cr0 = vmcb->cr0;
	frame->control.cr3 = vmcb->cr3;
	frame->control.cr4 = svm_guest_cr4(vmcb);
	frame->control.efer = v->efer;
	frame->control.cpl = vmcb->cpl;
	frame->seg[SEG_CS].attributes = vmcb->cs.attributes;
	frame->seg[SEG_CS].limit = vmcb->cs.limit;
	frame->seg[SEG_CS].base = vmcb->cs.base;
}

/* Out of line, so that the hot case needs no stack frame. */
static __attribute__((noinline)) void get_other(struct virt_vcpu *v, uint32_t groups,
						struct frame *frame)
{
	const struct vmcb *vmcb = svm_vmcb(v);

	if (groups & GROUP_IP) {
		frame->rip = vmcb->rip;
		frame->rflags = vmcb->rflags;
		frame->shadow = (vmcb->shadow & SVM_SHADOW ? SHADOW_STI : 0) |
				(v->nmi_blocked ? SHADOW_NMI : 0);
	}
	if (groups & GROUP_CONTROL)
		control_get(v, &frame->control);
	if (groups & GROUP_CS)
		svm_code_get(v, &frame->seg[SEG_CS]);
	if (groups & GROUP_MEMORY)
		groups |= svm_memory_get(v, frame);
	if (groups & GROUP_SEGMENT)
		svm_segments_get(v, frame);
	if (groups & GROUP_SYSTEM)
		system_get(vmcb, &frame->system);
}

void svm_get(struct virt_vcpu *v, uint32_t groups, struct frame *frame)
{
	if (groups & GROUP_GPR)
		gprs_copy(frame->gpr, v->gpr);
	if ((groups & ~(uint32_t)GROUP_GPR) == GROUPS_FETCH)
		fetch_get(v, frame);
	else
		get_other(v, groups, frame);
}

bool svm_put(struct virt_vcpu *v, uint32_t groups, const struct frame *frame)
{
	struct vmcb *vmcb = svm_vmcb(v);

	if (groups & GROUP_GPR)
		gprs_copy(v->gpr, frame->gpr);
	if (groups & GROUP_IP) {
		uint32_t shadow = frame->shadow;

		vmcb->rip = frame->rip;
		vmcb->rflags = (frame->rflags & RFLAGS_GUEST_MASK) | RFLAGS_FIXED;
		vmcb->shadow = shadow & (SHADOW_STI | SHADOW_MOV_SS) ? SVM_SHADOW : 0;
		v->nmi_blocked = shadow & SHADOW_NMI;
	}
	if (groups & GROUP_CONTROL && !control_put(v, &frame->control))
		return false;
	if (groups & GROUP_SEGMENT)
		svm_segments_put(v, frame);
	if (groups & GROUP_SYSTEM) {
		system_put(vmcb, &frame->system);
		svm_forget_injection(v); /* INIT: what waited for the entry is gone */
	}
	return true;
}

static void trap_step(struct virt_vcpu *v)
{
	static const struct frame_event step = {.type = INJECT_EXCEPTION, .vector = EXCEPTION_DB};
	struct vmcb *vmcb = svm_vmcb(v);

	if (!(vmcb->rflags & RFLAGS_TF))
		return;
	vmcb->dr6 |= DR6_BS;
	svm_inject(v, &step);
}

void svm_step(struct virt_vcpu *v)
{
	svm_vmcb(v)->rflags &= ~(uint64_t)RFLAGS_RF;
	trap_step(v);
}

/* Without a length RF stays: a repeated instruction goes on, or a jump has cleared it. */
void svm_skip(struct virt_vcpu *v, uint32_t len)
{
	if (svm_move_on(svm_vmcb(v), len))
		return;
	if (len)
		svm_step(v);
	else
		trap_step(v);
}
