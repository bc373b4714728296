/* SPDX-License-Identifier: BSD-2-Clause */
/* PUSH, POP and the near jumps, with operands or the stack in a device's memory. */
#include "vmm/emulate_internal.h"

/* The stack pointer's width: SDM 1 6.2.3 "Address-Size Attributes for Stack Accesses" */
static unsigned stack_size(const struct emulate *e)
{
	if (emulate_is_64(e))
		return 8;
	return e->frame->seg[SEG_SS].attributes & SEG_ATTR_DB ? 4 : 2;
}

static uint64_t stack_pointer(const struct emulate *e, int64_t delta)
{
	return (e->frame->gpr[GPR_RSP] + (uint64_t)delta) & emulate_mask(stack_size(e));
}

/* A push in two steps: all that can fault, and the write. */
struct push {
	struct emulate_span span;
	uint64_t pointer;
};

static bool push_begin(struct emulate *e, struct push *push)
{
	unsigned size = e->insn.operand_size;

	push->pointer = stack_pointer(e, -(int64_t)size);
	return emulate_translate(e, SEG_SS, push->pointer, size, WALK_WRITE, &push->span);
}

static bool push_end(struct emulate *e, const struct push *push, uint64_t value)
{
	if (!emulate_span_write(e, &push->span, &value))
		return false;
	emulate_set_address_gpr(e, GPR_RSP, stack_size(e), push->pointer);
	return true;
}

/*
 * In 64-bit mode 66 before a near branch makes it 16 bits wide on AMD's processors and means nothing
 * on Intel's (APM3 "CALL (Near)"). We do not choose.
 */
static bool width_disputed(const struct emulate *e)
{
	return emulate_is_64(e) && (e->insn.prefixes & PREFIX_OPSIZE);
}

/* The value that PUSH and the indirect branches take. Memory is translated here, and read. */
static bool source(struct emulate *e, uint64_t *value)
{
	struct emulate_operand operand;

	if (e->insn.form == FORM_IMM) {
		*value = e->insn.immediate;
		return true;
	}
	return emulate_rm(e, e->insn.operand_size, WALK_READ, &operand) &&
	       emulate_load(e, &operand, value);
}

bool emulate_push(struct emulate *e)
{
	struct push push;
	uint64_t value;

	/* The stack first: a device's register must not be read in vain. */
	return push_begin(e, &push) && source(e, &value) && push_end(e, &push, value);
}

bool emulate_pop(struct emulate *e)
{
	struct emulate_operand operand;
	struct emulate_span span;
	unsigned size = e->insn.operand_size;
	uint64_t pointer = stack_pointer(e, size);
	uint64_t value = 0;

	/* SDM 2B "POP": an address with rSP in it is computed after the increment. */
	e->rsp_bias = size;
	if (!emulate_translate(e, SEG_SS, stack_pointer(e, 0), size, WALK_READ, &span) ||
	    !emulate_rm(e, size, WALK_WRITE, &operand) || !emulate_span_read(e, &span, &value))
		return false;
	if (operand.memory && !emulate_store(e, &operand, value))
		return false;
	emulate_set_address_gpr(e, GPR_RSP, stack_size(e), pointer);
	if (!operand.memory)
		emulate_set_gpr(e, operand.reg, size, value);
	return true;
}

/* Cuts a branch target to the operand size and checks it: #GP before anything was pushed. */
static bool target_valid(struct emulate *e, uint64_t *target)
{
	*target &= emulate_mask(e->insn.operand_size);
	if (emulate_is_64(e) ? guest_canonical(e->frame, *target)
			     : *target <= e->frame->seg[SEG_CS].limit)
		return true;
	return emulate_raise_gp(e);
}

static bool branch_target(struct emulate *e, uint64_t *target)
{
	if (width_disputed(e))
		return emulate_stop(e, EMULATE_UNSUPPORTED);
	if (e->insn.form == FORM_REL)
		*target = e->frame->rip + e->insn.length + e->insn.immediate;
	else if (!source(e, target))
		return false;
	return target_valid(e, target);
}

bool emulate_call(struct emulate *e)
{
	struct push push;
	uint64_t target;

	if (!push_begin(e, &push) || !branch_target(e, &target) ||
	    !push_end(e, &push, e->frame->rip + e->insn.length))
		return false;
	emulate_set_rip(e, target);
	return true;
}

bool emulate_jmp(struct emulate *e)
{
	uint64_t target;

	if (!branch_target(e, &target))
		return false;
	emulate_set_rip(e, target);
	return true;
}

bool emulate_ret(struct emulate *e)
{
	struct emulate_span span;
	unsigned size = e->insn.operand_size;
	uint64_t target = 0;

	if (width_disputed(e))
		return emulate_stop(e, EMULATE_UNSUPPORTED);
	if (!emulate_translate(e, SEG_SS, stack_pointer(e, 0), size, WALK_READ, &span) ||
	    !emulate_span_read(e, &span, &target) || !target_valid(e, &target))
		return false;
	emulate_set_address_gpr(e, GPR_RSP, stack_size(e),
				stack_pointer(e, (int64_t)(size + e->insn.immediate)));
	emulate_set_rip(e, target);
	return true;
}
