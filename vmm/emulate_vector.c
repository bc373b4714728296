/* SPDX-License-Identifier: BSD-2-Clause */
/* The moves between memory and the MMX, XMM, YMM and ZMM registers. */
#include "lib/string.h"
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

/* What is accessed on one of the two pages that the operand may lie on. */
struct part {
	uint64_t bytes; /* a bit for each byte of the operand */
	gpa_t origin;	/* where byte 0 were if all of it were on this page */
	bool ram;
};

struct operand {
	struct part part[2];
};

static uint64_t ones(unsigned count)
{
	return count < 64 ? BIT(count) - 1 : ~0ULL;
}

static unsigned lowest(uint64_t bits)
{
	return (unsigned)__builtin_ctzll(bits);
}

/* SDM 1 15.6.1 "Opmask Register to Predicate Vector Data Processing"; a scalar's bit is the first. */
static uint64_t enabled_bytes(const struct emulate *e)
{
	const struct insn *insn = &e->insn;
	uint64_t mask = 0, bytes = 0;

	if (!(insn->mask & MASK_REGISTER))
		return ones(insn->memory_size);
	if (insn->element < 4) /* only AVX512BW has them, and so many bits */
		fpu_store_mask64(insn->mask & MASK_REGISTER, &mask);
	else
		fpu_store_mask16(insn->mask & MASK_REGISTER, &mask);
	for (unsigned at = 0; at < insn->memory_size; at += insn->element, mask >>= 1)
		if (mask & 1)
			bytes |= ones(insn->element) << at;
	return bytes;
}

/* The part from its first byte on: a fault's address is that of the first byte accessed on the page. */
static bool translate_part(struct emulate *e, uint64_t offset, unsigned access, struct part *part)
{
	unsigned first = lowest(part->bytes);
	gva_t linear = emulate_segment_linear(e, e->insn.segment, offset + first);
	struct emulate_span span;

	if (!emulate_translate_linear(e, linear, 1, access, &span))
		return false;
	part->origin = span.piece[0].gpa - first;
	part->ram = span.piece[0].ram;
	return true;
}

/* From the first byte to the last: what is off at either end is not asked for. */
static bool segment_allows(struct emulate *e, uint64_t offset, unsigned access, uint64_t bytes)
{
	unsigned first = lowest(bytes), size = 64 - (unsigned)__builtin_clzll(bytes) - first;
	gva_t linear;

	return emulate_linear(e, e->insn.segment, offset + first, size, access, &linear);
}

/*
 * All checks of the operand. SDM 1 15.7 "Memory Alignment": the aligned moves want the whole vector to be,
 * whatever the mask; all else is asked of those bytes only that are accessed.
 */
static bool find_operand(struct emulate *e, unsigned access, struct operand *operand)
{
	unsigned size = e->insn.memory_size;
	uint64_t offset = emulate_offset(e, 0), bytes = enabled_bytes(e);
	gva_t linear = emulate_segment_linear(e, e->insn.segment, offset);
	uint64_t here = ones((unsigned)MIN(64, PAGE_SIZE - (linear & PAGE_MASK)));

	operand->part[0].bytes = bytes & here;
	operand->part[1].bytes = bytes & ~here;
	if (e->insn.op == INSN_MOVA && (linear & (size - 1)))
		return emulate_raise_gp(e);
	if (!bytes)
		return true;
	if (!segment_allows(e, offset, access, bytes))
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(operand->part); i++)
		if (operand->part[i].bytes && !translate_part(e, offset, access, &operand->part[i]))
			return false;
	return emulate_check_alignment(e, linear, size);
}

/* Each run of bytes as one access. */
static bool transfer_part(struct emulate *e, const struct part *part, unsigned access,
			  uint8_t *value)
{
	for (uint64_t left = part->bytes; left;) {
		unsigned at = lowest(left);
		uint64_t off = ~(left >> at);
		unsigned size = off ? lowest(off) : 64;
		struct emulate_span run = {
			.count = 1,
			.piece[0] = {part->origin + at, size, part->ram},
		};

		if (access == WALK_WRITE ? !emulate_span_write(e, &run, value + at)
					 : !emulate_span_read(e, &run, value + at))
			return false;
		left &= ~(ones(size) << at);
	}
	return true;
}

/* Bytes that are off keep their value, in memory or in *value. */
static bool transfer(struct emulate *e, const struct operand *operand, unsigned access, void *value)
{
	return transfer_part(e, &operand->part[0], access, value) &&
	       transfer_part(e, &operand->part[1], access, value);
}

/* Where the half comes from that is not loaded: the register itself, or with VEX one that is named. */
static unsigned other_half(const struct emulate *e)
{
	if (!is_vex(e))
		return e->insn.reg;
	return e->insn.vvvv & (emulate_is_64(e) ? 15 : 7);
}

/* Whether elements that are masked off keep what is in the register; else they are cleared. */
static bool merges(const struct emulate *e)
{
	return (e->insn.mask & MASK_REGISTER) && !(e->insn.mask & MASK_ZERO);
}

/* VEX and EVEX clear what they do not load; the older instructions leave what is above bit 127. */
static bool load(struct emulate *e)
{
	struct vector_value vector = {{0}}, old = {{0}};
	struct operand operand;

	if (!find_operand(e, WALK_READ, &operand))
		return false;
	if (merges(e)) {
		fpu_store_zmm(e->insn.reg, &old);
		memcpy(vector.element, old.element, e->insn.memory_size);
	}
	if (!transfer(e, &operand, WALK_READ, vector.element))
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
	struct operand operand;

	if (!find_operand(e, WALK_WRITE, &operand))
		return false;
	if (is_evex(e))
		fpu_store_zmm(e->insn.reg, &vector);
	else if (e->insn.memory_size > 16)
		fpu_store_ymm(e->insn.reg, &vector);
	else
		fpu_store_xmm(e->insn.reg, &vector);
	return transfer(e, &operand, WALK_WRITE, &vector.element[e->insn.op == INSN_MOVHI]);
}

/* Forms between registers never exit. */
bool emulate_vector(struct emulate *e)
{
	if (!e->insn.memory)
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
	struct operand operand;
	uint64_t value = 0;

	if (!e->insn.memory)
		return emulate_stop(e, EMULATE_UNSUPPORTED);
	if (!mmx_usable(e) || !find_operand(e, access, &operand))
		return false;
	if (access == WALK_WRITE) {
		fpu_store_mm(e->insn.reg, &value);
		return transfer(e, &operand, WALK_WRITE, &value);
	}
	if (!transfer(e, &operand, WALK_READ, &value))
		return false;
	fpu_load_mm(e->insn.reg, &value);
	return true;
}
