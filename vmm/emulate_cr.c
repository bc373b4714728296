/* SPDX-License-Identifier: BSD-2-Clause */
/* MOV to and from control registers, CLTS, LMSW and SMSW. */
#include "vmm/emulate_cr.h"

/* SDM 2A "LMSW": the low four bits; PE can be set by it and not cleared. */
enum { LMSW_BITS = CR0_PE | CR0_MP | CR0_EM | CR0_TS };

static bool begin_mov(struct emulate *e, struct emulate_cr *access)
{
	access->cr = e->insn.reg;
	access->write = e->insn.form == FORM_SPECIAL_RM;
	access->operand.memory = false;
	access->operand.reg = e->insn.rm;
	access->operand.size = e->insn.operand_size;
	if (access->write)
		access->value = emulate_get_gpr(e, e->insn.rm, e->insn.operand_size);
	return true;
}

static bool begin_clts(struct emulate *e, struct emulate_cr *access)
{
	access->cr = 0;
	access->write = true;
	access->value = e->frame->control.cr0 & ~(uint64_t)CR0_TS;
	return true;
}

static bool begin_lmsw(struct emulate *e, struct emulate_cr *access)
{
	uint64_t cr0 = e->frame->control.cr0, value;

	access->cr = 0;
	access->write = true;
	if (!emulate_rm(e, 2, WALK_READ, &access->operand) ||
	    !emulate_load(e, &access->operand, &value))
		return false;
	value = (value & LMSW_BITS) | (cr0 & CR0_PE);
	access->value = (cr0 & ~(uint64_t)LMSW_BITS) | value;
	return true;
}

static bool begin_smsw(struct emulate *e, struct emulate_cr *access)
{
	access->cr = 0;
	access->write = false;
	return emulate_rm(e, e->insn.memory ? 2 : e->insn.operand_size, WALK_WRITE,
			  &access->operand);
}

/* The processor checked the privilege of the bytes that it ran, not of those that we read. */
static bool begin(struct emulate *e, struct emulate_cr *access)
{
	if (e->insn.op == INSN_SMSW)
		return begin_smsw(e, access);
	if (e->insn.op != INSN_MOV_CR && e->insn.op != INSN_CLTS && e->insn.op != INSN_LMSW)
		return emulate_stop(e, EMULATE_RESTART);
	if (e->walk.cpl)
		return emulate_raise_gp(e);
	if (e->insn.op == INSN_CLTS)
		return begin_clts(e, access);
	return e->insn.op == INSN_LMSW ? begin_lmsw(e, access) : begin_mov(e, access);
}

enum emulate_result emulate_cr_begin(struct emulate *e, struct emulate_cr *access)
{
	const struct frame_cr *cr = &e->frame->cr;

	e->changed = 0;
	e->skip = 0;
	e->rsp_bias = 0;
	*access = (struct emulate_cr){0};
	if (!begin(e, access)) {
		if (e->result == EMULATE_FAULT)
			e->changed = GROUP_EVENT;
		return e->result;
	}
	if (access->cr != cr->cr || !access->write != !cr->write)
		return EMULATE_RESTART;
	return EMULATE_DONE;
}

enum emulate_result emulate_cr_end(struct emulate *e, const struct emulate_cr *access,
				   uint64_t value)
{
	if (!access->write &&
	    !emulate_store(e, &access->operand, value & emulate_mask(access->operand.size)))
		return e->result;
	e->skip = e->insn.length;
	return EMULATE_DONE;
}
