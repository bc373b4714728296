/* SPDX-License-Identifier: BSD-2-Clause */
/* Arithmetic, logic and shifts on register or memory operands. */
#include "vmm/emulate_flags.h"
#include "vmm/emulate_internal.h"

/* What the second operand of a two-operand form is, if it is not memory. */
static uint64_t register_or_immediate(const struct emulate *e, unsigned size)
{
	const struct insn *insn = &e->insn;

	if (insn->form == FORM_RM_REG)
		return emulate_get_gpr(e, insn->reg, size);
	return insn->immediate & emulate_mask(size);
}

/* Neither CMP nor TEST writes its destination. */
static bool writes_result(const struct emulate *e)
{
	return e->insn.op != INSN_CMP && e->insn.op != INSN_TEST;
}

/* op reg, r/m: the only memory access is a read. */
static bool alu_to_register(struct emulate *e, unsigned size)
{
	struct emulate_operand operand;
	uint64_t rflags = e->frame->rflags;
	uint64_t value;

	if (!emulate_rm(e, size, WALK_READ, &operand) || !emulate_load(e, &operand, &value))
		return false;
	value = flags_binary(e->insn.op, size, emulate_get_gpr(e, e->insn.reg, size), value,
			     &rflags);
	if (writes_result(e))
		emulate_set_gpr(e, e->insn.reg, size, value);
	emulate_set_flags(e, rflags);
	return true;
}

static bool alu_accumulator(struct emulate *e, unsigned size)
{
	uint64_t rflags = e->frame->rflags;
	uint64_t value = flags_binary(e->insn.op, size, emulate_get_gpr(e, GPR_RAX, size),
				      register_or_immediate(e, size), &rflags);

	if (writes_result(e))
		emulate_set_gpr(e, GPR_RAX, size, value);
	emulate_set_flags(e, rflags);
	return true;
}

bool emulate_alu(struct emulate *e)
{
	unsigned size = e->insn.operand_size;
	struct emulate_operand operand;
	uint64_t rflags = e->frame->rflags;
	uint64_t old, value;

	if (e->insn.form == FORM_REG_RM)
		return alu_to_register(e, size);
	if (e->insn.form == FORM_ACC_IMM)
		return alu_accumulator(e, size);
	if (!emulate_rm(e, size, writes_result(e) ? WALK_WRITE : WALK_READ, &operand) ||
	    !emulate_load(e, &operand, &old))
		return false;
	value = flags_binary(e->insn.op, size, old, register_or_immediate(e, size), &rflags);
	if (writes_result(e) && !emulate_replace(e, &operand, old, value, emulate_locked(e)))
		return false;
	emulate_set_flags(e, rflags);
	return true;
}

/* INC, DEC, NOT, NEG; also the one-byte INC and DEC of 16- and 32-bit code. */
bool emulate_alu_unary(struct emulate *e)
{
	unsigned size = e->insn.operand_size;
	struct emulate_operand operand;
	uint64_t rflags = e->frame->rflags;
	uint64_t old, value;

	if (!emulate_rm(e, size, WALK_WRITE, &operand) || !emulate_load(e, &operand, &old))
		return false;
	value = flags_unary(e->insn.op, size, old, &rflags);
	if (!emulate_replace(e, &operand, old, value, emulate_locked(e)))
		return false;
	emulate_set_flags(e, rflags);
	return true;
}

static unsigned shift_count(const struct emulate *e)
{
	if (e->insn.form == FORM_RM_ONE)
		return 1;
	if (e->insn.form == FORM_RM_CL || e->insn.form == FORM_RM_REG_CL)
		return (unsigned)emulate_get_gpr(e, GPR_RCX, 4) & 0xff;
	return (unsigned)e->insn.immediate & 0xff;
}

/* Writes back a shifted operand; a count of 0 leaves memory alone but still clears a register's top. */
static bool finish_shift(struct emulate *e, const struct emulate_operand *operand, uint64_t value,
			 uint64_t rflags)
{
	unsigned count = shift_count(e) & (operand->size == 8 ? 63 : 31);

	if ((count || !operand->memory) && !emulate_store(e, operand, value))
		return false;
	emulate_set_flags(e, rflags);
	return true;
}

bool emulate_shift(struct emulate *e)
{
	struct emulate_operand operand;
	uint64_t rflags = e->frame->rflags;
	uint64_t value;

	if (!emulate_rm(e, e->insn.operand_size, WALK_WRITE, &operand) ||
	    !emulate_load(e, &operand, &value))
		return false;
	value = flags_shift(e->insn.op, operand.size, value, shift_count(e), &rflags);
	return finish_shift(e, &operand, value, rflags);
}

bool emulate_shift_double(struct emulate *e)
{
	struct emulate_operand operand;
	uint64_t rflags = e->frame->rflags;
	uint64_t value;

	if (!emulate_rm(e, e->insn.operand_size, WALK_WRITE, &operand) ||
	    !emulate_load(e, &operand, &value))
		return false;
	value = flags_shift_double(e->insn.op, operand.size, value,
				   emulate_get_gpr(e, e->insn.reg, operand.size), shift_count(e),
				   &rflags);
	return finish_shift(e, &operand, value, rflags);
}
