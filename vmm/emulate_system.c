/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine status word, segment registers and far jumps, with the operand in a device's memory. Each
 * checks its privilege itself: the processor checked that of the bytes that it ran.
 */
#include "lib/string.h"
#include "vmm/emulate_internal.h"
#include "vmm/segment_load.h"

/* SDM 2A "LMSW": the low four bits; PE can be set by it and not cleared. */
enum { MSW_BITS = CR0_PE | CR0_MP | CR0_EM | CR0_TS, MSW_SIZE = 2, FAR_MAX = 10, RPL = 3 };
enum { ATTR_L_D = SEG_ATTR_L | SEG_ATTR_DB, TYPE_CONFORMING = 4 };

/* Between registers none exits for a device; what does exit is another upcall's. */
static bool memory_operand(struct emulate *e, unsigned size, unsigned access,
			   struct emulate_operand *operand)
{
	if (!e->insn.memory)
		return emulate_stop(e, EMULATE_RESTART);
	return emulate_rm(e, size, access, operand);
}

bool emulate_smsw(struct emulate *e)
{
	struct emulate_operand operand;

	if (e->walk.cpl == 3 && (e->frame->control.cr4 & CR4_UMIP))
		return emulate_raise_gp(e);
	return memory_operand(e, MSW_SIZE, WALK_WRITE, &operand) &&
	       emulate_store(e, &operand, e->frame->control.cr0 & 0xffff);
}

bool emulate_lmsw(struct emulate *e)
{
	struct emulate_operand operand;
	uint64_t *cr0 = &e->frame->control.cr0, value;

	if (e->walk.cpl)
		return emulate_raise_gp(e);
	if (!memory_operand(e, MSW_SIZE, WALK_READ, &operand) || !emulate_load(e, &operand, &value))
		return false;
	*cr0 = (*cr0 & ~(uint64_t)(MSW_BITS & ~CR0_PE)) | (value & MSW_BITS);
	e->changed |= GROUP_CONTROL;
	return true;
}

/* Real mode's and virtual-8086 mode's: limit and rights stay. */
static void load_8086(struct emulate *e, unsigned index, uint16_t selector)
{
	e->frame->seg[index].selector = selector;
	e->frame->seg[index].base = (uint64_t)selector << 4;
}

/* SDM 2B "MOV": 64-bit code below CPL 3 may have no stack segment, with the CPL as RPL. */
static bool load_null_ss(struct emulate *e, uint16_t selector)
{
	unsigned cpl = e->walk.cpl;

	if (!emulate_is_64(e) || cpl == 3 || selector != cpl)
		return emulate_raise_gp(e);
	e->frame->seg[SEG_SS] = (struct seg){
		.selector = selector, .attributes = (uint16_t)(SEG_ATTR_UNUSABLE | cpl << 5)};
	return true;
}

static bool load_sreg(struct emulate *e, unsigned index, uint16_t selector)
{
	if (!emulate_protected(e)) {
		load_8086(e, index, selector);
		return true;
	}
	if (index == SEG_SS && segment_is_null(selector))
		return load_null_ss(e, selector);
	return segment_load(e, index, selector, e->walk.cpl, VECTOR_GP, 0);
}

/* Also the upcall's to know: all segments have to be in the frame before. */
bool emulate_needs_segments(const struct insn *insn)
{
	return insn->op == INSN_JMP_FAR || (insn->op == INSN_MOV_SREG && insn->form == FORM_SREG_RM);
}

/* SDM 2B "MOV": its shadow is over the next instruction, and holds a step's trap back; a skip ends both. */
static void enter_shadow(struct emulate *e)
{
	struct frame *frame = e->frame;
	uint64_t rip = frame->rip + e->insn.length;

	frame->rip = emulate_is_64(e) ? rip : (uint32_t)rip;
	frame->shadow = (frame->shadow & SHADOW_NMI) | SHADOW_MOV_SS;
	frame->rflags &= ~(uint64_t)RFLAGS_RF;
	e->skip = 0;
	e->changed |= GROUP_IP;
}

bool emulate_load_sreg(struct emulate *e)
{
	struct emulate_operand operand;
	uint64_t value;

	if (!memory_operand(e, sizeof(uint16_t), WALK_READ, &operand) ||
	    !emulate_load(e, &operand, &value) || !load_sreg(e, e->insn.reg, (uint16_t)value))
		return false;
	e->changed |= GROUP_SEGMENT;
	if (e->insn.reg == SEG_SS)
		enter_shadow(e);
	return true;
}

/* Where a far jump may go in that segment. */
static bool target_fits(const struct emulate *e, const struct seg *code, uint64_t target)
{
	if ((e->frame->control.efer & EFER_LMA) && (code->attributes & SEG_ATTR_L))
		return guest_canonical(e->frame, target);
	return target <= code->limit;
}

/* SDM 2A "JMP", on far jumps: gates and tasks are left out. */
static bool load_cs(struct emulate *e, uint16_t selector, uint64_t target)
{
	struct frame *frame = e->frame;
	struct descriptor descriptor = {0};
	struct seg code;
	bool ok;

	if (segment_is_null(selector))
		return emulate_raise_gp(e);
	if (!segment_read_descriptor(e, selector, &descriptor, &ok))
		return false;
	code = segment_of(selector, descriptor.raw);
	if (ok && !(code.attributes & SEG_ATTR_S))
		return emulate_stop(e, EMULATE_UNSUPPORTED);
	if (!ok || ((frame->control.efer & EFER_LMA) && (code.attributes & ATTR_L_D) == ATTR_L_D) ||
	    (!(code.attributes & TYPE_CONFORMING) && (selector & RPL) > e->walk.cpl))
		return emulate_raise(e,
				     fault_with_error(frame, VECTOR_GP, selector & ~(uint32_t)RPL));
	if (segment_fits(SEG_CS, &code, e->walk.cpl) && (code.attributes & SEG_ATTR_P) &&
	    !target_fits(e, &code, target))
		return emulate_raise_gp(e);
	if (!segment_load_descriptor(e, SEG_CS, &descriptor, e->walk.cpl, VECTOR_GP, 0))
		return false;
	frame->seg[SEG_CS].selector = (uint16_t)((selector & ~(unsigned)RPL) | e->walk.cpl);
	return true;
}

/* SDM 3A 6.15 "Alignment Check Exception": a far pointer is aligned where its offset is. */
static bool translate_far_pointer(struct emulate *e, struct emulate_span *span)
{
	unsigned size = e->insn.memory_size;
	gva_t linear;

	return emulate_linear(e, e->insn.segment, emulate_offset(e, 0), size, WALK_READ, &linear) &&
	       emulate_translate_linear(e, linear, size, WALK_READ, span) &&
	       emulate_check_alignment(e, linear, e->insn.operand_size);
}

bool emulate_jmp_far(struct emulate *e)
{
	unsigned size = e->insn.operand_size;
	struct emulate_span span;
	uint8_t bytes[FAR_MAX];
	uint64_t target = 0;
	uint16_t selector;

	if (!e->insn.memory)
		return emulate_stop(e, EMULATE_RESTART);
	if (!translate_far_pointer(e, &span) || !emulate_span_read(e, &span, bytes))
		return false;
	memcpy(&target, bytes, size);
	memcpy(&selector, bytes + size, sizeof(selector));
	if (!emulate_protected(e)) {
		if (target > e->frame->seg[SEG_CS].limit)
			return emulate_raise_gp(e);
		load_8086(e, SEG_CS, selector);
	} else if (!load_cs(e, selector, target)) {
		return false;
	}
	e->changed |= GROUP_SEGMENT;
	emulate_set_rip(e, target);
	return true;
}
