/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers, effective addresses, and operands that may be either register or memory. */
#include "vmm/emulate_internal.h"

/* Without a REX or VEX prefix the byte registers 4 to 7 are the second bytes of the first four. */
static bool is_high_byte(const struct emulate *e, unsigned reg, unsigned size)
{
	return size == 1 && reg >= 4 && reg < 8 && !(e->insn.prefixes & (PREFIX_REX | PREFIX_VEX));
}

uint64_t emulate_get_gpr(const struct emulate *e, unsigned reg, unsigned size)
{
	if (is_high_byte(e, reg, size))
		return e->frame->gpr[reg - 4] >> 8 & 0xff;
	return e->frame->gpr[reg] & emulate_mask(size);
}

void emulate_set_address_gpr(struct emulate *e, unsigned reg, unsigned size, uint64_t value)
{
	uint64_t *gpr = &e->frame->gpr[reg];

	if (size >= 4)
		*gpr = value & emulate_mask(size);
	else
		*gpr = (*gpr & ~emulate_mask(size)) | (value & emulate_mask(size));
	e->changed |= GROUP_GPR;
}

void emulate_set_gpr(struct emulate *e, unsigned reg, unsigned size, uint64_t value)
{
	if (is_high_byte(e, reg, size)) {
		uint64_t *gpr = &e->frame->gpr[reg - 4];

		*gpr = (*gpr & ~0xff00ULL) | (value & 0xff) << 8;
		e->changed |= GROUP_GPR;
		return;
	}
	emulate_set_address_gpr(e, reg, size, value);
}

static uint64_t base_value(const struct emulate *e)
{
	const struct insn *insn = &e->insn;

	if (insn->base == INSN_REG_NONE)
		return 0;
	if (insn->base == INSN_REG_RIP)
		return e->frame->rip + insn->length;
	return e->frame->gpr[insn->base] + (insn->base == GPR_RSP ? e->rsp_bias : 0);
}

uint64_t emulate_offset(const struct emulate *e, uint64_t delta)
{
	const struct insn *insn = &e->insn;
	uint64_t offset = base_value(e) + (uint64_t)insn->displacement + delta;

	if (insn->index != INSN_REG_NONE)
		offset += e->frame->gpr[insn->index] << insn->scale;
	return offset & emulate_mask(insn->address_size);
}

bool emulate_rm(struct emulate *e, unsigned size, unsigned access, struct emulate_operand *operand)
{
	operand->memory = e->insn.memory;
	operand->reg = e->insn.rm;
	operand->size = size;
	if (!operand->memory)
		return true;
	return emulate_translate(e, e->insn.segment, emulate_offset(e, 0), size, access,
				 &operand->span);
}

bool emulate_load(struct emulate *e, const struct emulate_operand *operand, uint64_t *value)
{
	*value = 0;
	if (operand->memory)
		return emulate_span_read(e, &operand->span, value);
	*value = emulate_get_gpr(e, operand->reg, operand->size);
	return true;
}

bool emulate_store(struct emulate *e, const struct emulate_operand *operand, uint64_t value)
{
	if (operand->memory)
		return emulate_span_write(e, &operand->span, &value);
	emulate_set_gpr(e, operand->reg, operand->size, value);
	return true;
}

bool emulate_replace(struct emulate *e, const struct emulate_operand *operand, uint64_t loaded,
		     uint64_t value, bool locked)
{
	if (!locked || !operand->memory || operand->span.count > 1 || !operand->span.piece[0].ram)
		return emulate_store(e, operand, value);
	switch (guest_cmpxchg(operand->span.piece[0].gpa, operand->size, loaded, value)) {
	case GUEST_SWAPPED:
		return true;
	case GUEST_DIFFERS:
		return emulate_stop(e, EMULATE_RESTART);
	case GUEST_NO_RAM:
		break;
	}
	return emulate_stop(e, EMULATE_UNSUPPORTED);
}

void emulate_set_flags(struct emulate *e, uint64_t rflags)
{
	e->frame->rflags = rflags;
	e->changed |= GROUP_IP;
}

/* All that a skip would do: the end of the shadow of STI and MOV SS and of RF, and a single step's trap. */
void emulate_set_rip(struct emulate *e, uint64_t rip)
{
	struct frame *frame = e->frame;

	frame->rip = rip;
	frame->shadow &= ~(unsigned)(SHADOW_STI | SHADOW_MOV_SS);
	frame->rflags &= ~(uint64_t)RFLAGS_RF;
	e->skip = 0;
	e->changed |= GROUP_IP | GROUP_STEP;
}
