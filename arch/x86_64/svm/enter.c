/* SPDX-License-Identifier: BSD-2-Clause */
/* Into the guest, and back into it after an exit: what is pending goes first. */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/svm/vcpu.h"

static void choose_asid(struct virt_vcpu *v, struct svm_cpu *cpu)
{
	struct asid_choice choice = asid_take(&cpu->asids);

	v->asid = choice.asid;
	v->asid_generation = choice.generation;
	svm_vmcb(v)->asid = choice.asid;
	v->flushing = choice.flush_all;
	svm_vmcb(v)->tlb_control = choice.flush_all ? SVM_TLB_FLUSH_ALL : SVM_TLB_KEEP;
}

static inline struct virt_vcpu *loaded(struct virt_vcpu *v, struct vmcb *vmcb)
{
	vmcb->rax = v->gpr[GPR_RAX];
	vmcb->rsp = v->gpr[GPR_RSP];
	return v;
}

static inline bool asid_is_stale(const struct virt_vcpu *v)
{
	const struct svm_cpu *cpu = v->cpu_state;

	return v->asid_generation != cpu->asids.generation;
}

static __attribute__((noinline)) struct virt_vcpu *enter_after_work(struct virt_vcpu *v)
{
	if (v->work && !kernel_work(v))
		return NULL;
	if (v->step_pending)
		svm_step_begin(v);
	if (asid_is_stale(v))
		choose_asid(v, v->cpu_state);
	return loaded(v, svm_vmcb(v));
}

static inline struct virt_vcpu *enter_if_claimed(struct virt_vcpu *v, struct vmcb *vmcb)
{
	/* Where a guest entered with IF=0 would mask physical interrupts (Bochs). */
	if (!(vmcb->rflags & RFLAGS_IF))
		interrupts_window();
	if (__builtin_expect(!virt_claim(v) || asid_is_stale(v), 0))
		return enter_after_work(v);
	return loaded(v, vmcb);
}

static __attribute__((noinline)) struct virt_vcpu *enter_stepping(struct virt_vcpu *v)
{
	svm_step(v);
	return enter_if_claimed(v, svm_vmcb(v));
}

static __attribute__((noinline)) struct virt_vcpu *enter_in_shadow(struct virt_vcpu *v)
{
	struct virt_vcpu *entered = enter_if_claimed(v, svm_vmcb(v));

	if (entered && svm_by_virq)
		svm_keep_shadow(v);
	return entered;
}

struct virt_vcpu *svm_go_on(struct virt_vcpu *v, int64_t skip)
{
	struct vmcb *vmcb = svm_vmcb(v);

	if (skip < 0)
		return NULL;
	if (skip) {
		if (!svm_move_on(vmcb, (uint64_t)skip))
			return enter_stepping(v);
	} else if (__builtin_expect(vmcb->shadow & SVM_SHADOW, 0)) {
		return enter_in_shadow(v);
	}
	return enter_if_claimed(v, vmcb);
}
