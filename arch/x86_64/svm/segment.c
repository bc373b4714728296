/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments and descriptor tables between the VMCB and a frame. */
#include "arch/x86_64/svm/vcpu.h"

/* enum segment's order, as offsets into the VMCB. */
static const uint16_t segment_offset[SEG_COUNT] = {
	[SEG_ES] = offsetof(struct vmcb, es),	  [SEG_CS] = offsetof(struct vmcb, cs),
	[SEG_SS] = offsetof(struct vmcb, ss),	  [SEG_DS] = offsetof(struct vmcb, ds),
	[SEG_FS] = offsetof(struct vmcb, fs),	  [SEG_GS] = offsetof(struct vmcb, gs),
	[SEG_LDTR] = offsetof(struct vmcb, ldtr), [SEG_TR] = offsetof(struct vmcb, tr),
};

static struct vmcb_segment *segment_of(struct vmcb *vmcb, unsigned seg)
{
	return (void *)((char *)vmcb + segment_offset[seg]);
}

static void segment_get(struct vmcb *vmcb, unsigned index, struct seg *to)
{
	const struct vmcb_segment *from = segment_of(vmcb, index);
	bool may_be_null = index != SEG_CS && index != SEG_TR;

	to->selector = from->selector;
	to->attributes = from->attributes & 0xfff;
	if (may_be_null && !(from->attributes & SEG_ATTR_P))
		to->attributes |= SEG_ATTR_UNUSABLE;
	to->limit = from->limit;
	to->base = from->base;
}

static void segment_put(struct vmcb *vmcb, unsigned index, const struct seg *from)
{
	struct vmcb_segment *to = segment_of(vmcb, index);
	uint16_t attributes = from->attributes;

	to->selector = from->selector;
	if (attributes & SEG_ATTR_UNUSABLE)
		attributes = (uint16_t)(attributes & ~SEG_ATTR_P);
	to->attributes = attributes & 0xfff;
	to->limit = from->limit;
	to->base = from->base;
}

static void tables_get(const struct vmcb *vmcb, struct frame *frame)
{
	frame->gdtr.base = vmcb->gdtr.base;
	frame->gdtr.limit = vmcb->gdtr.limit;
	frame->idtr.base = vmcb->idtr.base;
	frame->idtr.limit = vmcb->idtr.limit;
}

static void tables_put(struct vmcb *vmcb, const struct frame *frame)
{
	vmcb->gdtr.base = frame->gdtr.base;
	vmcb->gdtr.limit = frame->gdtr.limit & 0xffff;
	vmcb->idtr.base = frame->idtr.base;
	vmcb->idtr.limit = frame->idtr.limit & 0xffff;
}

void svm_code_get(const struct virt_vcpu *v, struct seg *to)
{
	segment_get(svm_vmcb(v), SEG_CS, to);
}

uint32_t svm_memory_get(const struct virt_vcpu *v, struct frame *frame)
{
	struct vmcb *vmcb = svm_vmcb(v);

	if (!vmcb_in_64_bit_code(vmcb))
		return GROUP_SEGMENT;
	segment_get(vmcb, SEG_CS, &frame->seg[SEG_CS]);
	frame->seg[SEG_ES].selector = vmcb->es.selector;
	frame->seg[SEG_SS].selector = vmcb->ss.selector;
	frame->seg[SEG_DS].selector = vmcb->ds.selector;
	frame->seg[SEG_FS].selector = vmcb->fs.selector;
	frame->seg[SEG_GS].selector = vmcb->gs.selector;
	frame->seg[SEG_FS].base = vmcb->fs.base;
	frame->seg[SEG_GS].base = vmcb->gs.base;
	return 0;
}

/* In a frame SS.DPL is the CPL. In the VMCB it need not be: APM3 "SYSRET" loads SS's selector only. */
static void ss_set_dpl(struct seg *ss, uint8_t cpl)
{
	ss->attributes = (uint16_t)((ss->attributes & ~SEG_ATTR_DPL) | (cpl << 5 & SEG_ATTR_DPL));
}

void svm_segments_get(const struct virt_vcpu *v, struct frame *frame)
{
	struct vmcb *vmcb = svm_vmcb(v);

	for (unsigned i = 0; i < SEG_COUNT; i++)
		segment_get(vmcb, i, &frame->seg[i]);
	ss_set_dpl(&frame->seg[SEG_SS], vmcb->cpl);
	tables_get(vmcb, frame);
}

void svm_segments_put(struct virt_vcpu *v, const struct frame *frame)
{
	struct vmcb *vmcb = svm_vmcb(v);

	for (unsigned i = 0; i < SEG_COUNT; i++)
		segment_put(vmcb, i, &frame->seg[i]);
	vmcb->cpl = (uint8_t)((vmcb->ss.attributes & SEG_ATTR_DPL) >> 5);
	tables_put(vmcb, frame);
}
