/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest is run for one instruction, by TF: past the IRET that ends an NMI, or to the end of a
 * shadow behind which something waits. TF is ours from the last moment before the entry until the
 * exit, and nobody sees it: not the kernel, and not the guest, for what would show TF to it or give
 * it another exits first.
 */
#include "arch/x86_64/regs.h"
#include "arch/x86_64/svm/vcpu.h"

/* virt_vcpu.step */
enum {
	STEP_TRAP = 1 << 0,   /* TF is ours */
	STEP_IRET = 1 << 1,   /* and the instruction is the IRET that ends an NMI */
	STEP_SHADOW = 1 << 2, /* entered in a shadow that VMRUN forgets */
};

#define STEP_MISC1 \
	(SVM_INTERCEPT_PUSHF | SVM_INTERCEPT_POPF | SVM_INTERCEPT_INTN | SVM_INTERCEPT_TASK_SWITCH)
#define STEP_DR6 (DR6_B0_B3 | DR6_BD | DR6_BS | DR6_BT)

/*
 * IRET of a nested task: SDM 3A 7.4 "Task Linking". RFLAGS come from the other task's TSS, and ours
 * would be left in this task's.
 */
static bool iret_switches_tasks(const struct vmcb *vmcb)
{
	return (vmcb->rflags & (RFLAGS_NT | RFLAGS_VM)) == RFLAGS_NT && (vmcb->cr0 & CR0_PE) &&
	       !(vmcb->efer & EFER_LMA);
}

static bool is_at_iret(const struct virt_vcpu *v)
{
	const struct vmcb *vmcb = svm_vmcb(v);

	return v->nmi_blocked && !(vmcb->intercept_misc1 & SVM_INTERCEPT_IRET) &&
	       vmcb->rip == v->nmi_iret_rip;
}

/*
 * All that reads TF or loads it: exceptions, which push it (they are the guest's, and go back to
 * it), and what cannot be stepped. SYSCALL, which copies TF to R11, and SYSRET have no intercept:
 * they are hidden. TCG has none for a JMP or CALL to a TSS either: right behind STI or MOV SS that
 * leaves TF in the old task's TSS, and is all that can show it.
 */
static void intercept(struct vmcb *vmcb)
{
	vmcb->intercept_exception = UINT32_MAX;
	vmcb->intercept_misc1 |= STEP_MISC1 | SVM_INTERCEPT_IRET;
	vmcb->intercept_misc2 |= SVM_INTERCEPT_ICEBP;
	vmcb->intercept_dr_read = vmcb->intercept_dr_write = UINT16_MAX;
	vmcb->efer &= ~(uint64_t)EFER_SCE;
}

static void intercept_no_more(struct virt_vcpu *v, struct vmcb *vmcb)
{
	vmcb->intercept_exception = SVM_EXCEPTIONS;
	vmcb->intercept_misc1 &= ~(uint32_t)STEP_MISC1;
	if (!v->nmi_blocked)
		vmcb->intercept_misc1 &= ~(uint32_t)SVM_INTERCEPT_IRET;
	vmcb->intercept_misc2 &= ~(uint32_t)SVM_INTERCEPT_ICEBP;
	vmcb->intercept_dr_read = vmcb->intercept_dr_write = 0;
	vmcb->efer |= v->efer & EFER_SCE;
}

/*
 * The delivery of an event would push TF: then the next exit has to do. Where the guest steps itself
 * its own trap makes that exit.
 */
void svm_step_begin(struct virt_vcpu *v)
{
	struct vmcb *vmcb = svm_vmcb(v);
	bool iret = is_at_iret(v);

	v->step_pending = false;
	if (svm_injecting(v) || vmcb->rflags & RFLAGS_TF || (iret && iret_switches_tasks(vmcb)))
		return;
	v->step = iret ? STEP_TRAP | STEP_IRET : STEP_TRAP;
	v->step_rip = vmcb->rip;
	v->step_dr6 = vmcb->dr6;
	vmcb->dr6 &= ~(uint64_t)STEP_DR6;
	vmcb->rflags |= RFLAGS_TF;
	intercept(vmcb);
	if (iret)
		vmcb->intercept_misc1 &= ~(uint32_t)SVM_INTERCEPT_IRET;
}

/* An event ends the shadow. */
void svm_keep_shadow(struct virt_vcpu *v)
{
	if (svm_injecting(v))
		return;
	v->step |= STEP_SHADOW;
	v->step_rip = svm_vmcb(v)->rip;
}

/* TF is the guest's again: it was 0, or is what IRET popped. */
static void end_trap(struct virt_vcpu *v)
{
	struct vmcb *vmcb = svm_vmcb(v);
	bool popped = v->step & STEP_IRET && (vmcb->dr6 & DR6_BS || vmcb->rip != v->step_rip);

	if (!popped)
		vmcb->rflags &= ~(uint64_t)RFLAGS_TF;
	vmcb->dr6 = v->step_dr6;
	intercept_no_more(v, vmcb);
	v->step &= STEP_SHADOW;
}

static uint64_t breakpoints_enabled(uint64_t dr7)
{
	uint64_t enabled = 0;

	for (unsigned i = 0; i < 4; i++)
		if (dr7 >> 2 * i & 3)
			enabled |= BIT(i);
	return enabled;
}

bool svm_step_trapped(struct virt_vcpu *v)
{
	struct vmcb *vmcb = svm_vmcb(v);
	bool iret = v->step & STEP_IRET;
	uint64_t found = vmcb->dr6 & (DR6_B0_B3 | DR6_BD);

	if (!(v->step & STEP_TRAP))
		return false;
	end_trap(v);
	/* A breakpoint of the guest's, maybe besides: that goes to it, and without our BS. */
	if (found & (breakpoints_enabled(vmcb->dr7) | DR6_BD)) {
		vmcb->dr6 = (vmcb->dr6 & ~(uint64_t)DR6_B0_B3) | found;
		return false;
	}
	v->step = 0;
	v->exit.kind = iret ? VM_EXIT_NMI_WINDOW : VM_EXIT_WINDOW;
	if (iret)
		v->nmi_blocked = false;
	return true;
}

void svm_step_refused(struct virt_vcpu *v)
{
	v->step &= (uint8_t)~STEP_SHADOW;
	svm_vmcb(v)->shadow = 0;
}

bool svm_step_hides_syscall(const struct virt_vcpu *v)
{
	return (v->step & (STEP_TRAP | STEP_IRET)) == STEP_TRAP && v->efer & EFER_SCE;
}

void svm_step_after_exit(struct virt_vcpu *v)
{
	struct vmcb *vmcb = svm_vmcb(v);

	if (v->step & STEP_TRAP)
		end_trap(v);
	/* The instruction has not run: the shadow lasts. */
	if (v->step & STEP_SHADOW && vmcb->rip == v->step_rip)
		vmcb->shadow |= SVM_SHADOW;
	v->step = 0;
}
