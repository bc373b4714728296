/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests: one flipped bit in the guest's state. No field of the host's is among them. */
#include "arch/x86_64/svm/vcpu.h"

static const struct {
	uint16_t offset, bits;
} fields[] = {
	{offsetof(struct vmcb, cr0), 64},	    {offsetof(struct vmcb, cr3), 64},
	{offsetof(struct vmcb, cr4), 64},	    {offsetof(struct vmcb, efer), 64},
	{offsetof(struct vmcb, dr6), 64},	    {offsetof(struct vmcb, dr7), 64},
	{offsetof(struct vmcb, rflags), 64},	    {offsetof(struct vmcb, rip), 64},
	{offsetof(struct vmcb, rsp), 64},	    {offsetof(struct vmcb, cpl), 8},
	{offsetof(struct vmcb, cs.attributes), 16}, {offsetof(struct vmcb, cs.base), 64},
	{offsetof(struct vmcb, ss.attributes), 16}, {offsetof(struct vmcb, tr.attributes), 16},
	{offsetof(struct vmcb, gdtr.base), 64},	    {offsetof(struct vmcb, idtr.base), 64},
	{offsetof(struct vmcb, fs.base), 64},	    {offsetof(struct vmcb, event_inject), 64},
	{offsetof(struct vmcb, asid), 32},	    {offsetof(struct vmcb, pat), 64},
};

void svm_corrupt(struct virt_vcpu *v, uint64_t seed)
{
	unsigned field = (unsigned)(seed % ARRAY_SIZE(fields));
	unsigned bit = (unsigned)(seed / ARRAY_SIZE(fields)) % fields[field].bits;
	uint8_t *byte = (uint8_t *)svm_vmcb(v) + fields[field].offset + bit / 8;

	*byte = (uint8_t)(*byte ^ 1u << bit % 8);
}
