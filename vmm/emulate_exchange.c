/* SPDX-License-Identifier: BSD-2-Clause */
/* Read-modify-write instructions that exchange: XCHG, XADD and the compare-and-exchanges. */
#include "vmm/emulate_flags.h"
#include "vmm/emulate_internal.h"

/* XCHG with memory is locked with or without the prefix. */
bool emulate_xchg(struct emulate *e)
{
	unsigned size = e->insn.operand_size;
	unsigned reg = e->insn.form == FORM_ACC_OPREG ? GPR_RAX : e->insn.reg;
	struct emulate_operand operand;
	uint64_t old, new = emulate_get_gpr(e, reg, size);

	if (!emulate_rm(e, size, WALK_WRITE, &operand) || !emulate_load(e, &operand, &old) ||
	    !emulate_replace(e, &operand, old, new, true))
		return false;
	emulate_set_gpr(e, reg, size, old);
	return true;
}

bool emulate_xadd(struct emulate *e)
{
	unsigned size = e->insn.operand_size;
	struct emulate_operand operand;
	uint64_t rflags = e->frame->rflags;
	uint64_t old, sum;

	if (!emulate_rm(e, size, WALK_WRITE, &operand) || !emulate_load(e, &operand, &old))
		return false;
	sum = flags_binary(INSN_ADD, size, old, emulate_get_gpr(e, e->insn.reg, size), &rflags);
	if (operand.memory && !emulate_replace(e, &operand, old, sum, emulate_locked(e)))
		return false;
	emulate_set_gpr(e, e->insn.reg, size, old);
	if (!operand.memory) /* after the source: with both the same, the sum stays */
		emulate_set_gpr(e, operand.reg, size, sum);
	emulate_set_flags(e, rflags);
	return true;
}

/*
 * Memory is written in either case, with what it held if the comparison fails. A register is not: the
 * upper half of a 32-bit one would be lost.
 */
bool emulate_cmpxchg(struct emulate *e)
{
	unsigned size = e->insn.operand_size;
	struct emulate_operand operand;
	uint64_t rflags = e->frame->rflags;
	uint64_t accumulator = emulate_get_gpr(e, GPR_RAX, size);
	uint64_t old, new;

	if (!emulate_rm(e, size, WALK_WRITE, &operand) || !emulate_load(e, &operand, &old))
		return false;
	flags_binary(INSN_CMP, size, accumulator, old, &rflags);
	new = old == accumulator ? emulate_get_gpr(e, e->insn.reg, size) : old;
	if ((operand.memory || old == accumulator) &&
	    !emulate_replace(e, &operand, old, new, emulate_locked(e)))
		return false;
	if (old != accumulator)
		emulate_set_gpr(e, GPR_RAX, size, old);
	emulate_set_flags(e, rflags);
	return true;
}

/* Writes 16 bytes in RAM under the lock, or half by half elsewhere. */
static bool replace_16(struct emulate *e, const struct emulate_span *span, const uint64_t old[2],
		       const uint64_t new[2])
{
	if (!emulate_locked(e) || span->count > 1 || !span->piece[0].ram)
		return emulate_span_write(e, span, new);
	switch (guest_cmpxchg16(span->piece[0].gpa, old, new)) {
	case GUEST_SWAPPED:
		return true;
	case GUEST_DIFFERS:
		return emulate_stop(e, EMULATE_RESTART);
	case GUEST_NO_RAM:
		break;
	}
	return emulate_stop(e, EMULATE_UNSUPPORTED);
}

static void finish_pair(struct emulate *e, bool same, const uint64_t old[2], unsigned half)
{
	uint64_t rflags = e->frame->rflags & ~(uint64_t)RFLAGS_ZF;

	if (!same) {
		emulate_set_gpr(e, GPR_RAX, half, old[0]);
		emulate_set_gpr(e, GPR_RDX, half, old[1]);
	}
	emulate_set_flags(e, same ? rflags | RFLAGS_ZF : rflags);
}

static bool cmpxchg16b(struct emulate *e)
{
	struct emulate_span span;
	uint64_t old[2], *gpr = e->frame->gpr;
	uint64_t new[2] = {gpr[GPR_RBX], gpr[GPR_RCX]};
	uint64_t offset = emulate_offset(e, 0);
	gva_t linear;
	bool same;

	if (!emulate_linear(e, e->insn.segment, offset, 16, WALK_WRITE, &linear))
		return false;
	if (linear & 15)
		return emulate_raise_gp(e);
	if (!emulate_translate(e, e->insn.segment, offset, 16, WALK_WRITE, &span) ||
	    !emulate_span_read(e, &span, old))
		return false;
	same = old[0] == gpr[GPR_RAX] && old[1] == gpr[GPR_RDX];
	if (!replace_16(e, &span, old, same ? new : old))
		return false;
	finish_pair(e, same, old, 8);
	return true;
}

bool emulate_cmpxchg8b(struct emulate *e)
{
	struct emulate_operand operand;
	uint64_t *gpr = e->frame->gpr;
	uint64_t expected = gpr[GPR_RDX] << 32 | (uint32_t)gpr[GPR_RAX];
	uint64_t new = gpr[GPR_RCX] << 32 | (uint32_t)gpr[GPR_RBX];
	uint64_t old;

	if (e->insn.operand_size == 8)
		return cmpxchg16b(e);
	if (!emulate_rm(e, 8, WALK_WRITE, &operand) || !emulate_load(e, &operand, &old) ||
	    !emulate_replace(e, &operand, old, old == expected ? new : old, emulate_locked(e)))
		return false;
	finish_pair(e, old == expected, (uint64_t[2]){(uint32_t)old, old >> 32}, 4);
	return true;
}
