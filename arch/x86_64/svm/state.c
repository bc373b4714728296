/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's registers between the VMCB and a frame; what is the host's is forced here. */
#include "arch/x86_64/gprs.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/svm/vcpu.h"

/* What a guest's EFER and RFLAGS may hold; SVME is the host's. */
#define EFER_GUEST_MASK	  (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)
#define RFLAGS_GUEST_MASK (BITS(21, 0) & ~(BIT(15) | BIT(5) | BIT(3)))

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

static void control_get(const struct virt_vcpu *v, struct frame_control *to)
{
	const struct vmcb *vmcb = svm_vmcb(v);

	to->cr0 = vmcb->cr0;
	to->cr2 = vmcb->cr2;
	to->cr3 = vmcb->cr3;
	to->cr4 = vmcb->cr4;
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
	bool changed = cr0 != vmcb->cr0 || cr3 != vmcb->cr3 || cr4 != vmcb->cr4;

	if (cr0 & CR0_PG && efer & EFER_LME && !(cr4 & CR4_PAE))
		return false;
	vmcb->cr0 = cr0;
	vmcb->cr2 = from->cr2;
	vmcb->cr3 = cr3;
	vmcb->cr4 = cr4;
	svm_store_efer(v, efer);
	if (changed || vmcb->efer != old_efer)
		v->asid_generation = 0;
	return true;
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

/* True of 64-bit code: no other segment's base, limit or attributes count. Else asks for all of them. */
static uint32_t memory_get(struct vmcb *vmcb, struct frame *frame)
{
	if (!(vmcb->cs.attributes & SEG_ATTR_L) || !(vmcb->efer & EFER_LMA))
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

/* What an instruction fetch depends on, and no more: the hot case. */
static void fetch_get(const struct virt_vcpu *v, struct frame *frame)
{
	const struct vmcb *vmcb = svm_vmcb(v);

	frame->rip = vmcb->rip;
	frame->rflags = vmcb->rflags;
	frame->control.cr0 = vmcb->cr0;
	frame->control.cr3 = vmcb->cr3;
	frame->control.cr4 = vmcb->cr4;
	frame->control.efer = v->efer;
	frame->control.cpl = vmcb->cpl;
	frame->seg[SEG_CS].attributes = vmcb->cs.attributes;
	frame->seg[SEG_CS].limit = vmcb->cs.limit;
	frame->seg[SEG_CS].base = vmcb->cs.base;
}

void svm_get(struct virt_vcpu *v, uint32_t groups, struct frame *frame)
{
	struct vmcb *vmcb = svm_vmcb(v);

	if (groups & GROUP_GPR)
		gprs_copy(frame->gpr, v->gpr);
	if ((groups & ~(uint32_t)GROUP_GPR) == GROUPS_FETCH) {
		fetch_get(v, frame);
		return;
	}
	if (__builtin_expect(groups & GROUP_IP, 1)) {
		frame->rip = vmcb->rip;
		frame->rflags = vmcb->rflags;
		frame->shadow = (vmcb->shadow & SVM_SHADOW ? SHADOW_STI : 0) |
				(v->nmi_blocked ? SHADOW_NMI : 0);
	}
	if (groups & GROUP_CONTROL)
		control_get(v, &frame->control);
	if (groups & GROUP_CS)
		segment_get(vmcb, SEG_CS, &frame->seg[SEG_CS]);
	if (groups & GROUP_MEMORY)
		groups |= memory_get(vmcb, frame);
	if (groups & GROUP_SEGMENT) {
		for (unsigned i = 0; i < SEG_COUNT; i++)
			segment_get(vmcb, i, &frame->seg[i]);
		tables_get(vmcb, frame);
	}
	if (groups & GROUP_SYSTEM)
		system_get(vmcb, &frame->system);
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
	if (groups & GROUP_SEGMENT) {
		for (unsigned i = 0; i < SEG_COUNT; i++)
			segment_put(vmcb, i, &frame->seg[i]);
		vmcb->cpl = (uint8_t)((vmcb->ss.attributes & SEG_ATTR_DPL) >> 5);
		tables_put(vmcb, frame);
	}
	if (groups & GROUP_SYSTEM) {
		system_put(vmcb, &frame->system);
		vmcb->event_inject = 0; /* INIT: what waited for the entry is gone */
	}
	return true;
}

void svm_step(struct virt_vcpu *v)
{
	static const struct frame_event step = {.type = INJECT_EXCEPTION, .vector = EXCEPTION_DB};
	struct vmcb *vmcb = svm_vmcb(v);

	vmcb->rflags &= ~(uint64_t)RFLAGS_RF;
	if (!(vmcb->rflags & RFLAGS_TF))
		return;
	vmcb->dr6 |= DR6_BS;
	svm_inject(v, &step);
}

void svm_skip(struct virt_vcpu *v, uint32_t len)
{
	if (!svm_move_on(svm_vmcb(v), len))
		svm_step(v);
}

void svm_corrupt(struct virt_vcpu *v, uint64_t seed)
{
	static const struct {
		uint16_t offset, bits;
	} fields[] = {
		{offsetof(struct vmcb, cr0), 64},
		{offsetof(struct vmcb, cr3), 64},
		{offsetof(struct vmcb, cr4), 64},
		{offsetof(struct vmcb, efer), 64},
		{offsetof(struct vmcb, dr6), 64},
		{offsetof(struct vmcb, dr7), 64},
		{offsetof(struct vmcb, rflags), 64},
		{offsetof(struct vmcb, rip), 64},
		{offsetof(struct vmcb, rsp), 64},
		{offsetof(struct vmcb, cpl), 8},
		{offsetof(struct vmcb, cs.attributes), 16},
		{offsetof(struct vmcb, cs.base), 64},
		{offsetof(struct vmcb, ss.attributes), 16},
		{offsetof(struct vmcb, tr.attributes), 16},
		{offsetof(struct vmcb, gdtr.base), 64},
		{offsetof(struct vmcb, idtr.base), 64},
		{offsetof(struct vmcb, fs.base), 64},
		{offsetof(struct vmcb, event_inject), 64},
		{offsetof(struct vmcb, asid), 32},
		{offsetof(struct vmcb, pat), 64},
	};
	unsigned field = (unsigned)(seed % ARRAY_SIZE(fields));
	unsigned bit = (unsigned)(seed / ARRAY_SIZE(fields)) % fields[field].bits;
	uint8_t *byte = (uint8_t *)svm_vmcb(v) + fields[field].offset + bit / 8;

	*byte = (uint8_t)(*byte ^ 1u << bit % 8);
}
