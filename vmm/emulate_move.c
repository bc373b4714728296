/* SPDX-License-Identifier: BSD-2-Clause */
/* Moves between registers, memory and immediates, with and without conversion. */
#include "vmm/emulate_flags.h"
#include "vmm/emulate_internal.h"

static bool move_to_memory(struct emulate *e, uint64_t value)
{
	struct emulate_operand operand;

	return emulate_rm(e, e->insn.operand_size, WALK_WRITE, &operand) &&
	       emulate_store(e, &operand, value);
}

static bool move_to_register(struct emulate *e, unsigned reg)
{
	struct emulate_operand operand;
	uint64_t value;

	if (!emulate_rm(e, e->insn.operand_size, WALK_READ, &operand) ||
	    !emulate_load(e, &operand, &value))
		return false;
	emulate_set_gpr(e, reg, operand.size, value);
	return true;
}

bool emulate_mov(struct emulate *e)
{
	const struct insn *insn = &e->insn;
	unsigned size = insn->operand_size;

	switch (insn->form) {
	case FORM_RM_REG:
		return move_to_memory(e, emulate_get_gpr(e, insn->reg, size));
	case FORM_RM_IMM:
		return move_to_memory(e, insn->immediate);
	case FORM_MOFFS_ACC:
		return move_to_memory(e, emulate_get_gpr(e, GPR_RAX, size));
	case FORM_REG_RM:
		return move_to_register(e, insn->reg);
	case FORM_ACC_MOFFS:
		return move_to_register(e, GPR_RAX);
	default:
		emulate_set_gpr(e, insn->rm, size, insn->immediate);
		return true;
	}
}

/* MOV r/m, Sreg: 16 bits to memory, zero-extended to a register. Loads need descriptors: not here. */
bool emulate_mov_sreg(struct emulate *e)
{
	struct emulate_operand operand;
	unsigned size = e->insn.memory ? 2 : e->insn.operand_size;

	if (e->insn.form != FORM_RM_SREG)
		return emulate_load_sreg(e);
	return emulate_rm(e, size, WALK_WRITE, &operand) &&
	       emulate_store(e, &operand, e->frame->seg[e->insn.reg].selector);
}

/* Loads the narrow source of MOVZX, MOVSX and MOVSXD. */
static bool load_narrow(struct emulate *e, struct emulate_operand *operand, uint64_t *value)
{
	return emulate_rm(e, MIN(e->insn.memory_size, e->insn.operand_size), WALK_READ, operand) &&
	       emulate_load(e, operand, value);
}

bool emulate_movzx(struct emulate *e)
{
	struct emulate_operand operand;
	uint64_t value;

	if (!load_narrow(e, &operand, &value))
		return false;
	emulate_set_gpr(e, e->insn.reg, e->insn.operand_size, value);
	return true;
}

bool emulate_movsx(struct emulate *e)
{
	struct emulate_operand operand;
	uint64_t value;
	unsigned unused;

	if (!load_narrow(e, &operand, &value))
		return false;
	unused = 64 - 8 * operand.size;
	value = (uint64_t)((int64_t)(value << unused) >> unused);
	emulate_set_gpr(e, e->insn.reg, e->insn.operand_size, value);
	return true;
}

bool emulate_movbe(struct emulate *e)
{
	unsigned size = e->insn.operand_size;
	struct emulate_operand operand;
	uint64_t value = emulate_get_gpr(e, e->insn.reg, size);
	bool store = e->insn.form == FORM_RM_REG;

	if (!emulate_rm(e, size, store ? WALK_WRITE : WALK_READ, &operand))
		return false;
	if (!store && !emulate_load(e, &operand, &value))
		return false;
	value = __builtin_bswap64(value) >> (64 - 8 * size);
	if (store)
		return emulate_store(e, &operand, value);
	emulate_set_gpr(e, e->insn.reg, size, value);
	return true;
}

bool emulate_setcc(struct emulate *e)
{
	struct emulate_operand operand;

	return emulate_rm(e, 1, WALK_WRITE, &operand) &&
	       emulate_store(e, &operand, flags_condition(e->insn.opcode & 15, e->frame->rflags));
}

/* The source is read, and can fault, whatever the condition; the upper half is cleared either way. */
bool emulate_cmovcc(struct emulate *e)
{
	unsigned size = e->insn.operand_size;
	struct emulate_operand operand;
	uint64_t value;

	if (!emulate_rm(e, size, WALK_READ, &operand) || !emulate_load(e, &operand, &value))
		return false;
	if (!flags_condition(e->insn.opcode & 15, e->frame->rflags))
		value = emulate_get_gpr(e, e->insn.reg, size);
	emulate_set_gpr(e, e->insn.reg, size, value);
	return true;
}

/* CLFLUSH, CLFLUSHOPT and CLWB are checked as loads (SDM 2A "CLFLUSH"); a device has no cache line. */
bool emulate_flush(struct emulate *e)
{
	struct emulate_operand operand;

	return emulate_rm(e, 1, WALK_READ, &operand);
}
