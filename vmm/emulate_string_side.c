/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs of string elements on one page: how long a run is, where it lies, and what it leaves behind. */
#include "vmm/emulate_string.h"

/* How many elements there are before the offset would wrap at the address size. */
static uint64_t before_wrap(uint64_t offset, uint64_t mask, const struct string_side *side)
{
	if (side->step < 0)
		return offset / side->size + 1;
	if (mask - offset < side->size - 1)
		return 1;
	return (mask - offset - (side->size - 1)) / side->size + 1;
}

/* How many lie wholly on the page of the first; 1 if that one does not. */
static uint64_t on_page(gva_t linear, const struct string_side *side)
{
	uint64_t at = linear & PAGE_MASK;

	if (at + side->size > PAGE_SIZE)
		return 1;
	return side->step < 0 ? at / side->size + 1 : (PAGE_SIZE - at) / side->size;
}

/* Whether the segment allows the whole run; if not, the elements are taken one by one. */
static bool run_allowed(const struct emulate *e, const struct string_side *side, unsigned segment,
			uint64_t offset, unsigned access, uint64_t count)
{
	uint64_t length = count * side->size;
	gva_t linear;

	if (side->step < 0)
		offset -= length - side->size;
	return emulate_segment_ok(e, segment, offset, length, access, &linear);
}

bool string_open(struct emulate *e, struct string_side *side, unsigned segment, unsigned reg,
		 unsigned access, uint64_t *count)
{
	uint64_t mask = emulate_mask(e->insn.address_size);
	uint64_t offset = e->frame->gpr[reg] & mask;
	uint64_t most = *count;

	side->size = e->insn.operand_size;
	side->step = e->frame->rflags & RFLAGS_DF ? -(int64_t)side->size : (int64_t)side->size;
	if (!emulate_translate(e, segment, offset, side->size, access, &side->span))
		return false;
	if (most == 1)
		return true;
	most = MIN(most, before_wrap(offset, mask, side));
	most = MIN(most, on_page(side->span.linear, side));
	*count = run_allowed(e, side, segment, offset, access, most) ? most : 1;
	return true;
}

static gpa_t element(const struct string_side *side, uint64_t index)
{
	return side->span.piece[0].gpa + index * (uint64_t)side->step;
}

bool string_read(struct emulate *e, const struct string_side *side, uint64_t index, uint64_t *value)
{
	*value = 0;
	if (side->span.count > 1)
		return emulate_span_read(e, &side->span, value);
	return emulate_cell_read(e, element(side, index), side->span.piece[0].ram, side->size,
				 value);
}

bool string_write(struct emulate *e, const struct string_side *side, uint64_t index, uint64_t value)
{
	if (side->span.count > 1)
		return emulate_span_write(e, &side->span, &value);
	return emulate_cell_write(e, element(side, index), side->span.piece[0].ram, side->size,
				  value);
}

bool string_repeats(const struct emulate *e)
{
	return e->insn.prefixes & (PREFIX_REP | PREFIX_REPNE);
}

uint64_t string_left(const struct emulate *e)
{
	return string_repeats(e) ? e->frame->gpr[GPR_RCX] & emulate_mask(e->insn.address_size) : 0;
}

/* A single step traps after each iteration: SDM 3B 18.3.1.4 "Single-Step Exception Condition". */
static bool stepping(const struct emulate *e)
{
	return string_repeats(e) && (e->frame->rflags & RFLAGS_TF);
}

uint64_t string_count(const struct emulate *e)
{
	if (!string_repeats(e))
		return 1;
	return stepping(e) ? MIN(string_left(e), (uint64_t)1) : string_left(e);
}

void string_advance(struct emulate *e, unsigned reg, uint64_t done)
{
	uint64_t distance = done * e->insn.operand_size;
	uint64_t value = e->frame->gpr[reg];

	value += e->frame->rflags & RFLAGS_DF ? -distance : distance;
	emulate_set_address_gpr(e, reg, e->insn.address_size, value);
}

void string_count_down(struct emulate *e, uint64_t done)
{
	if (string_repeats(e))
		emulate_set_address_gpr(e, GPR_RCX, e->insn.address_size,
					e->frame->gpr[GPR_RCX] - done);
}

bool string_finish(struct emulate *e, uint64_t done, bool failed, bool ended)
{
	if (failed && !done)
		return false;
	if (ended)
		return true;
	/* SDM 3B 18.3.1.1 "Instruction-Breakpoint Exception Condition": it meets its breakpoint once. */
	e->frame->rflags |= RFLAGS_RF;
	e->changed |= GROUP_IP;
	if (stepping(e))
		e->changed |= GROUP_STEP;
	return emulate_stop(e, EMULATE_RESTART);
}
