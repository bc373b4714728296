/* SPDX-License-Identifier: BSD-2-Clause */
/* The short cut for what nearly all MMIO exits are: one MOV, one device register, one page. */
#include "vmm/emulate_internal.h"

/* MOV's forms between a register or an immediate and memory. */
static bool is_plain_move(const struct insn *insn, bool write)
{
	uint32_t loads = BIT(FORM_REG_RM) | BIT(FORM_ACC_MOFFS);
	uint32_t stores = BIT(FORM_RM_REG) | BIT(FORM_RM_IMM) | BIT(FORM_MOFFS_ACC);

	return insn->op == INSN_MOV && insn->memory && (BIT(insn->form) & (write ? stores : loads));
}

/*
 * Whether the operand's linear address is the one that exited, as far as the hardware told it. What
 * may differ (the bytes were exchanged) is a page whose place in its own page the guest chose.
 */
static bool is_address_of_exit(const struct emulate *e)
{
	const struct frame_mmio *mmio = &e->frame->mmio;
	unsigned segment = e->insn.segment;
	gva_t linear = emulate_offset(e, 0);

	if (!emulate_is_64(e))
		linear = (uint32_t)(linear + e->frame->seg[segment].base);
	else if (segment == SEG_FS || segment == SEG_GS)
		linear += e->frame->seg[segment].base;
	if (mmio->gva_valid && mmio->gva != linear)
		return false;
	return !((linear ^ mmio->gpa) & PAGE_MASK) &&
	       (linear & PAGE_MASK) + e->insn.operand_size <= PAGE_SIZE;
}

static bool fast_store(struct emulate *e)
{
	const struct insn *insn = &e->insn;
	unsigned size = insn->operand_size;
	uint64_t value = insn->immediate & emulate_mask(size);

	if (insn->form == FORM_RM_REG)
		value = emulate_get_gpr(e, insn->reg, size);
	else if (insn->form == FORM_MOFFS_ACC)
		value = emulate_get_gpr(e, GPR_RAX, size);
	return e->ops->mmio_write(e->context, e->frame->mmio.gpa, size, value);
}

static bool fast_load(struct emulate *e)
{
	const struct insn *insn = &e->insn;
	unsigned reg = insn->form == FORM_ACC_MOFFS ? GPR_RAX : insn->reg;
	bool high = insn->operand_size == 1 && reg >= 4 && reg < 8 && !(insn->prefixes & PREFIX_REX);
	uint64_t value = 0;

	if (!e->ops->mmio_read(e->context, e->frame->mmio.gpa, insn->operand_size, &value))
		return false;
	e->frame->reply = (struct frame_reply){
		.gpr = (uint8_t)(high ? reg - 4 : reg),
		.size = insn->operand_size,
		.high_byte = high,
		.value = value & emulate_mask(insn->operand_size),
	};
	e->changed = GROUP_REPLY;
	return true;
}

bool emulate_fast(struct emulate *e)
{
	const struct frame_mmio *mmio = &e->frame->mmio;
	bool write = mmio->access & MMIO_WRITE;

	if ((mmio->access & (MMIO_FETCH | MMIO_WALK)) || !is_plain_move(&e->insn, write))
		return false;
	e->rsp_bias = 0;
	if (!is_address_of_exit(e) || guest_ptr(mmio->gpa, e->insn.operand_size))
		return false;
	e->changed = 0;
	e->skip = 0;
	e->result = EMULATE_UNSUPPORTED;
	if (write ? fast_store(e) : fast_load(e)) {
		e->skip = e->insn.length;
		e->result = EMULATE_DONE;
	}
	return true;
}
