/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments and descriptor tables between the VMCS and a frame; access.h forces what entry demands of them. */
#include "arch/x86_64/vmx/access.h"
#include "arch/x86_64/vmx/vcpu.h"

static inline uint16_t attributes_of(uint32_t access)
{
	return (uint16_t)((access & 0xff) | (access >> 4 & 0xf00));
}

/* Of an unusable segment only SS.DPL means something: it is the CPL. */
static inline __attribute__((always_inline)) void segment_get(unsigned index, struct seg *to)
{
	uint32_t access = (uint32_t)vmx_read_live(VMCS_SEGMENT(VMCS_GUEST_ACCESS, index));

	to->selector = (uint16_t)vmx_read_live(VMCS_SEGMENT(VMCS_GUEST_SELECTOR, index));
	to->limit = (uint32_t)vmx_read_live(VMCS_SEGMENT(VMCS_GUEST_LIMIT, index));
	to->base = vmx_read_live(VMCS_SEGMENT(VMCS_GUEST_BASE, index));
	to->attributes = attributes_of(access);
	if (access & VMX_ACCESS_UNUSABLE)
		to->attributes = (uint16_t)((to->attributes & SEG_ATTR_DPL) | SEG_ATTR_UNUSABLE);
}

static void segment_put(unsigned index, struct seg seg)
{
	vmx_write(VMCS_SEGMENT(VMCS_GUEST_SELECTOR, index), seg.selector);
	vmx_write(VMCS_SEGMENT(VMCS_GUEST_LIMIT, index), seg.limit);
	vmx_write(VMCS_SEGMENT(VMCS_GUEST_BASE, index), seg.base);
	vmx_write(VMCS_SEGMENT(VMCS_GUEST_ACCESS, index), vmx_access_of(index, &seg));
}

static void tables_get(struct frame *frame)
{
	frame->gdtr.base = vmx_read_live(VMCS_GUEST_GDTR_BASE);
	frame->gdtr.limit = (uint32_t)vmx_read_live(VMCS_GUEST_GDTR_LIMIT);
	frame->idtr.base = vmx_read_live(VMCS_GUEST_IDTR_BASE);
	frame->idtr.limit = (uint32_t)vmx_read_live(VMCS_GUEST_IDTR_LIMIT);
}

static void tables_put(const struct frame *frame)
{
	vmx_write(VMCS_GUEST_GDTR_BASE, frame->gdtr.base);
	vmx_write(VMCS_GUEST_GDTR_LIMIT, frame->gdtr.limit & 0xffff);
	vmx_write(VMCS_GUEST_IDTR_BASE, frame->idtr.base);
	vmx_write(VMCS_GUEST_IDTR_LIMIT, frame->idtr.limit & 0xffff);
}

void vmx_segment_get(unsigned index, struct seg *to)
{
	segment_get(index, to);
}

void vmx_code_get(const struct virt_vcpu *v, struct seg *to)
{
	uint32_t access = (uint32_t)vmx_read_live(VMCS_SEGMENT(VMCS_GUEST_ACCESS, SEG_CS));

	to->attributes = attributes_of(access);
	if (v->efer & EFER_LMA && access & VMX_ACCESS_L)
		return;
	to->limit = (uint32_t)vmx_read_live(VMCS_SEGMENT(VMCS_GUEST_LIMIT, SEG_CS));
	to->base = vmx_read_live(VMCS_SEGMENT(VMCS_GUEST_BASE, SEG_CS));
}

static inline uint16_t selector_get(unsigned index)
{
	return (uint16_t)vmx_read_live(VMCS_SEGMENT(VMCS_GUEST_SELECTOR, index));
}

/* In 64-bit code no other segment's base, limit or attributes count. */
uint32_t vmx_memory_get(const struct virt_vcpu *v, struct frame *frame)
{
	struct seg *seg = frame->seg;

	segment_get(SEG_CS, &seg[SEG_CS]);
	if (!(v->efer & EFER_LMA) || !(seg[SEG_CS].attributes & SEG_ATTR_L))
		return GROUP_SEGMENT;
	seg[SEG_ES].selector = selector_get(SEG_ES);
	seg[SEG_SS].selector = selector_get(SEG_SS);
	seg[SEG_DS].selector = selector_get(SEG_DS);
	seg[SEG_FS].selector = selector_get(SEG_FS);
	seg[SEG_GS].selector = selector_get(SEG_GS);
	seg[SEG_FS].base = vmx_read_live(VMCS_SEGMENT(VMCS_GUEST_BASE, SEG_FS));
	seg[SEG_GS].base = vmx_read_live(VMCS_SEGMENT(VMCS_GUEST_BASE, SEG_GS));
	return 0;
}

void vmx_segments_get(struct frame *frame)
{
	/* Written out: with constant fields a segment costs a third less. */
	segment_get(SEG_ES, &frame->seg[SEG_ES]);
	segment_get(SEG_CS, &frame->seg[SEG_CS]);
	segment_get(SEG_SS, &frame->seg[SEG_SS]);
	segment_get(SEG_DS, &frame->seg[SEG_DS]);
	segment_get(SEG_FS, &frame->seg[SEG_FS]);
	segment_get(SEG_GS, &frame->seg[SEG_GS]);
	segment_get(SEG_LDTR, &frame->seg[SEG_LDTR]);
	segment_get(SEG_TR, &frame->seg[SEG_TR]);
	tables_get(frame);
}

void vmx_segments_put(const struct vmx_vcpu *x, const struct frame *frame)
{
	bool v86 = (x->rflags & RFLAGS_VM) != 0;

	for (unsigned i = 0; i < SEG_COUNT; i++) {
		const struct seg *seg = &frame->seg[i];

		segment_put(i, v86 && i < SEG_LDTR ? vmx_v86_segment(seg->selector) : *seg);
	}
	tables_put(frame);
}
