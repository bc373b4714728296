/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests: one flipped bit in the guest's state. No field of the host's is among them. */
#include "arch/x86_64/vmx/vcpu.h"

/* No activity state: one of them listens to nothing but a SIPI. */
static const struct {
	uint16_t field, bits;
} fields[] = {
	{VMCS_GUEST_CR0, 64},
	{VMCS_GUEST_CR3, 64},
	{VMCS_GUEST_CR4, 64},
	{VMCS_GUEST_EFER, 64},
	{VMCS_GUEST_PAT, 64},
	{VMCS_GUEST_DR7, 64},
	{VMCS_GUEST_RFLAGS, 64},
	{VMCS_GUEST_RIP, 64},
	{VMCS_GUEST_RSP, 64},
	{VMCS_GUEST_PENDING_DEBUG, 64},
	{VMCS_GUEST_INTERRUPTIBILITY, 32},
	{VMCS_SEGMENT(VMCS_GUEST_ACCESS, SEG_CS), 32},
	{VMCS_SEGMENT(VMCS_GUEST_BASE, SEG_CS), 64},
	{VMCS_SEGMENT(VMCS_GUEST_LIMIT, SEG_CS), 32},
	{VMCS_SEGMENT(VMCS_GUEST_ACCESS, SEG_SS), 32},
	{VMCS_SEGMENT(VMCS_GUEST_ACCESS, SEG_TR), 32},
	{VMCS_SEGMENT(VMCS_GUEST_SELECTOR, SEG_TR), 16},
	{VMCS_SEGMENT(VMCS_GUEST_BASE, SEG_FS), 64},
	{VMCS_GUEST_GDTR_BASE, 64},
	{VMCS_GUEST_IDTR_BASE, 64},
	{VMCS_GUEST_IDTR_LIMIT, 32},
	{VMCS_GUEST_SYSENTER_EIP, 64},
	{VMCS_LINK_POINTER, 64},
	{VMCS_ENTRY_EVENT, 32},
};

void vmx_corrupt_field(struct virt_vcpu *v, uint64_t seed)
{
	struct vmx_vcpu *x = vmx_of(v);
	unsigned field = (unsigned)(seed % ARRAY_SIZE(fields));
	uint64_t bit = BIT(seed / ARRAY_SIZE(fields) % fields[field].bits);

	vmx_write(fields[field].field, vmx_read(fields[field].field) ^ bit);
	/* RIP and RFLAGS are looked at in the copies, and RSP is written from one. */
	x->rip = vmx_read(VMCS_GUEST_RIP);
	x->rflags = vmx_read(VMCS_GUEST_RFLAGS);
	x->rsp = v->gpr[GPR_RSP] = vmx_read(VMCS_GUEST_RSP);
}
