/* SPDX-License-Identifier: BSD-2-Clause */
/* Into the guest, and back into it after an exit: what is pending goes first. */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/vmx/vcpu.h"

static inline struct virt_vcpu *loaded(struct virt_vcpu *v, const struct vmx_vcpu *x)
{
	if (__builtin_expect(v->gpr[GPR_RSP] != x->rsp, 0))
		vmx_write_live(VMCS_GUEST_RSP, v->gpr[GPR_RSP]);
	return v;
}

static __attribute__((noinline)) struct virt_vcpu *enter_after_work(struct virt_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);

	if (v->work && !kernel_work(v))
		return NULL;
	if (x->attention)
		vmx_prepare(v);
	return loaded(v, x);
}

static inline struct virt_vcpu *enter_if_claimed(struct virt_vcpu *v, const struct vmx_vcpu *x)
{
	/* Where a guest entered with IF=0 would mask physical interrupts (Bochs). */
	if (!(x->rflags & RFLAGS_IF))
		interrupts_window();
	if (__builtin_expect(!virt_claim(v) || x->attention, 0))
		return enter_after_work(v);
	return loaded(v, x);
}

static __attribute__((noinline)) struct virt_vcpu *enter_stepping(struct virt_vcpu *v)
{
	vmx_step(v);
	return enter_if_claimed(v, vmx_of(v));
}

struct virt_vcpu *vmx_go_on(struct virt_vcpu *v, int64_t skip)
{
	struct vmx_vcpu *x = vmx_of(v);

	if (skip < 0)
		return NULL;
	if (skip && !vmx_move_on(v, (uint64_t)skip))
		return enter_stepping(v);
	return enter_if_claimed(v, x);
}

noreturn void vmx_run(struct virt_vcpu *v, int64_t skip)
{
	struct vmx_vcpu *x = vmx_of(v);
	uint64_t cr3 = cr3_read();

	/* It changes with the VMM's space, and only outside of the loop. */
	if (cr3 != x->host_cr3)
		vmx_write(VMCS_HOST_CR3, x->host_cr3 = cr3);
	vmx_enter(v, skip);
}
