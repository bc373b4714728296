/* SPDX-License-Identifier: BSD-2-Clause */
/* The moves between memory and the XMM and YMM registers. */
#include "lib/string.h"
#include "vmm/emulate_internal.h"
#include "vmm/fpu_regs.h"

enum { XCR0_SSE_AVX = 6 };

/* One register, low element first. */
struct vector_value {
	uint64_t element[4];
};

static bool is_vex(const struct emulate *e)
{
	return e->insn.prefixes & PREFIX_VEX;
}

/* SDM 3A 2.5 "Control Registers" and SDM 2A 2.4 "AVX and SSE Instruction Exception Classification" */
static bool vectors_usable(struct emulate *e)
{
	const struct frame_control *control = &e->frame->control;

	if (is_vex(e)) {
		if (!emulate_protected(e) || !(control->cr4 & CR4_OSXSAVE) ||
		    (fpu_xcr0() & XCR0_SSE_AVX) != XCR0_SSE_AVX)
			return emulate_raise_ud(e);
	} else if ((control->cr0 & CR0_EM) || !(control->cr4 & CR4_OSFXSR)) {
		return emulate_raise_ud(e);
	}
	if (control->cr0 & CR0_TS)
		return emulate_raise(e, fault_without_error(VECTOR_NM));
	return true;
}

static bool operand(struct emulate *e, unsigned access, struct emulate_span *span)
{
	unsigned size = e->insn.memory_size;
	uint64_t offset = emulate_offset(e, 0);
	gva_t linear;

	if (!emulate_linear(e, e->insn.segment, offset, size, access, &linear))
		return false;
	if (e->insn.op == INSN_MOVA && (linear & (size - 1)))
		return emulate_raise_gp(e);
	return emulate_translate(e, e->insn.segment, offset, size, access, span);
}

/* Where the half comes from that is not loaded: the register itself, or with VEX one that is named. */
static unsigned other_half(const struct emulate *e)
{
	if (!is_vex(e))
		return e->insn.reg;
	return e->insn.vvvv & (emulate_is_64(e) ? 15 : 7);
}

/* VEX clears what it does not load; the older instructions leave what is above bit 127. */
static bool load(struct emulate *e)
{
	struct vector_value vector = {{0}}, old = {{0}};
	struct emulate_span span;

	if (!operand(e, WALK_READ, &span) || !emulate_span_read(e, &span, vector.element))
		return false;
	if (e->insn.op == INSN_MOVLO || e->insn.op == INSN_MOVHI) {
		fpu_store_xmm(other_half(e), &old);
		if (e->insn.op == INSN_MOVLO)
			vector.element[1] = old.element[1];
		else
			vector = (struct vector_value){{old.element[0], vector.element[0]}};
	}
	if (is_vex(e))
		fpu_load_ymm(e->insn.reg, &vector);
	else
		fpu_load_xmm(e->insn.reg, &vector);
	return true;
}

static bool store(struct emulate *e)
{
	struct vector_value vector;
	struct emulate_span span;

	if (!operand(e, WALK_WRITE, &span))
		return false;
	if (e->insn.memory_size > 16)
		fpu_store_ymm(e->insn.reg, &vector);
	else
		fpu_store_xmm(e->insn.reg, &vector);
	return emulate_span_write(e, &span, &vector.element[e->insn.op == INSN_MOVHI]);
}

/* Forms between registers never exit, and the EVEX ones reach registers that we do not. */
bool emulate_vector(struct emulate *e)
{
	if (!e->insn.memory || (e->insn.prefixes & PREFIX_EVEX))
		return emulate_stop(e, EMULATE_UNSUPPORTED);
	if (!vectors_usable(e))
		return false;
	return e->insn.form == FORM_VECTOR_RM ? load(e) : store(e);
}

/* SDM 3A 12.1 "Emulation of the MMX Instruction Set" and 12.4 "Saving and Restoring the MMX State". */
static bool mmx_usable(struct emulate *e)
{
	const struct frame_control *control = &e->frame->control;

	if (control->cr0 & CR0_EM)
		return emulate_raise_ud(e);
	if (control->cr0 & CR0_TS)
		return emulate_raise(e, fault_without_error(VECTOR_NM));
	/* Without CR0.NE the PC's way would be an interrupt, which no device of ours makes. */
	if (fpu_status() & FPU_ES)
		return emulate_raise(e, fault_without_error(VECTOR_MF));
	return true;
}

/* A load of 4 bytes clears the upper half. */
bool emulate_mmx(struct emulate *e)
{
	bool is_load = e->insn.form == FORM_VECTOR_RM;
	struct emulate_span span;
	uint64_t value = 0;

	if (!e->insn.memory)
		return emulate_stop(e, EMULATE_UNSUPPORTED);
	if (!mmx_usable(e) || !operand(e, is_load ? WALK_READ : WALK_WRITE, &span))
		return false;
	if (!is_load)
		fpu_store_mmx(e->insn.reg, &value);
	else if (!emulate_span_read(e, &span, &value))
		return false;
	if (!is_load)
		return emulate_span_write(e, &span, &value);
	fpu_load_mmx(e->insn.reg, &value);
	return true;
}
