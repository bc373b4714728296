/* SPDX-License-Identifier: BSD-2-Clause */
/* The moves between memory and the MMX, XMM, YMM and ZMM registers. */
#include "vmm/emulate_internal.h"
#include "vmm/fpu_regs.h"

enum { XCR0_SSE_AVX = 6, XCR0_AVX512 = 0xe6, X87_ERROR_SUMMARY = 1 << 7 };

/* One register, low element first. */
struct vector_value {
	uint64_t element[8];
};

static bool is_vex(const struct emulate *e)
{
	return e->insn.prefixes & PREFIX_VEX;
}

static bool is_evex(const struct emulate *e)
{
	return e->insn.prefixes & PREFIX_EVEX;
}

/* SDM 3A 2.5 "Control Registers" and SDM 2A 2.4 "AVX and SSE Instruction Exception Classification" */
static bool vectors_usable(struct emulate *e)
{
	const struct frame_control *control = &e->frame->control;

	if (is_vex(e) || is_evex(e)) {
		uint64_t need = is_vex(e) ? XCR0_SSE_AVX : XCR0_AVX512;

		if (!emulate_protected(e) || !(control->cr4 & CR4_OSXSAVE) ||
		    (fpu_xcr0() & need) != need)
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

/* VEX and EVEX clear what they do not load; the older instructions leave what is above bit 127. */
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
	if (is_evex(e))
		fpu_load_zmm(e->insn.reg, &vector);
	else if (is_vex(e))
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
	if (is_evex(e))
		fpu_store_zmm(e->insn.reg, &vector);
	else if (e->insn.memory_size > 16)
		fpu_store_ymm(e->insn.reg, &vector);
	else
		fpu_store_xmm(e->insn.reg, &vector);
	return emulate_span_write(e, &span, &vector.element[e->insn.op == INSN_MOVHI]);
}

/* Forms between registers never exit; those under a mask read and write only a part. */
bool emulate_vector(struct emulate *e)
{
	if (!e->insn.memory || e->insn.mask)
		return emulate_stop(e, EMULATE_UNSUPPORTED);
	if (!vectors_usable(e))
		return false;
	return e->insn.form == FORM_VECTOR_RM ? load(e) : store(e);
}

/*
 * SDM 3B 23.25.3 "Exception Conditions of Legacy SIMD Instructions Operating on MMX Registers": an x87
 * exception that is pending comes before the operand's.
 */
static bool mmx_usable(struct emulate *e)
{
	const struct frame_control *control = &e->frame->control;

	if (control->cr0 & CR0_EM)
		return emulate_raise_ud(e);
	if (control->cr0 & CR0_TS)
		return emulate_raise(e, fault_without_error(VECTOR_NM));
	if (!(fpu_x87_status() & X87_ERROR_SUMMARY))
		return true;
	/* Without CR0.NE it would be an interrupt from outside, which no board of ours sends. */
	return control->cr0 & CR0_NE ? emulate_raise(e, fault_without_error(VECTOR_MF))
				     : emulate_stop(e, EMULATE_UNSUPPORTED);
}

/* The register is touched when nothing can fault any more: it makes the x87's whole state MMX's. */
bool emulate_mmx(struct emulate *e)
{
	unsigned access = e->insn.form == FORM_VECTOR_RM ? WALK_READ : WALK_WRITE;
	struct emulate_span span;
	uint64_t value = 0;

	if (!e->insn.memory)
		return emulate_stop(e, EMULATE_UNSUPPORTED);
	if (!mmx_usable(e) || !operand(e, access, &span))
		return false;
	if (access == WALK_WRITE) {
		fpu_store_mm(e->insn.reg, &value);
		return emulate_span_write(e, &span, &value);
	}
	if (!emulate_span_read(e, &span, &value))
		return false;
	fpu_load_mm(e->insn.reg, &value);
	return true;
}
