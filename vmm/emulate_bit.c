/* SPDX-License-Identifier: BSD-2-Clause */
/* Bit tests, which may reach far beyond their operand, and bit scans. */
#include "vmm/emulate_flags.h"
#include "vmm/emulate_internal.h"

/*
 * With the bit's number in a register, memory is a bit string: the number is signed and moves the
 * address by whole operands (SDM 2A 3.1.1.9 "Operation Section", Bit(BitBase, BitOffset)).
 */
static uint64_t string_delta(const struct emulate *e, unsigned size)
{
	unsigned unused = 64 - 8 * size;
	int64_t number = (int64_t)(emulate_get_gpr(e, e->insn.reg, size) << unused) >> unused;
	unsigned shift = size == 8 ? 6 : size == 4 ? 5 : 4;

	return (uint64_t)(number >> shift) * size;
}

static bool bit_operand(struct emulate *e, unsigned access, struct emulate_operand *operand)
{
	unsigned size = e->insn.operand_size;

	if (!e->insn.memory || e->insn.form != FORM_RM_REG)
		return emulate_rm(e, size, access, operand);
	operand->memory = true;
	operand->size = size;
	return emulate_translate(e, e->insn.segment, emulate_offset(e, string_delta(e, size)), size,
				 access, &operand->span);
}

static uint64_t changed_bit(enum insn_op op, uint64_t value, uint64_t bit)
{
	if (op == INSN_BTS)
		return value | bit;
	return op == INSN_BTR ? value & ~bit : value ^ bit;
}

/* Only CF changes; the other flags are undefined or unchanged. */
bool emulate_bit(struct emulate *e)
{
	unsigned size = e->insn.operand_size;
	bool writes = e->insn.op != INSN_BT;
	struct emulate_operand operand;
	uint64_t value, bit, rflags = e->frame->rflags & ~(uint64_t)RFLAGS_CF;
	uint64_t number = e->insn.form == FORM_RM_REG ? emulate_get_gpr(e, e->insn.reg, size)
						      : e->insn.immediate;

	if (!bit_operand(e, writes ? WALK_WRITE : WALK_READ, &operand) ||
	    !emulate_load(e, &operand, &value))
		return false;
	bit = BIT(number & (8 * size - 1));
	if (writes && !emulate_replace(e, &operand, value, changed_bit(e->insn.op, value, bit),
				       emulate_locked(e)))
		return false;
	emulate_set_flags(e, value & bit ? rflags | RFLAGS_CF : rflags);
	return true;
}

/* Index of the lowest or highest set bit; value is not 0. */
static unsigned scan(bool reverse, uint64_t value)
{
	return (unsigned)(reverse ? 63 - __builtin_clzll(value) : __builtin_ctzll(value));
}

/* BSF, BSR: a source of 0 sets ZF and leaves the destination, as all processors do. */
static void finish_scan(struct emulate *e, unsigned size, uint64_t value)
{
	uint64_t rflags = e->frame->rflags & ~(uint64_t)RFLAGS_ZF;

	if (value)
		emulate_set_gpr(e, e->insn.reg, size, scan(e->insn.op == INSN_BSR, value));
	emulate_set_flags(e, value ? rflags : rflags | RFLAGS_ZF);
}

static unsigned count_bits(uint64_t value)
{
	unsigned count = 0;

	for (; value; value &= value - 1)
		count++;
	return count;
}

/* TZCNT, LZCNT: CF says the source was 0. POPCNT: all flags but ZF are cleared. */
static void finish_count(struct emulate *e, unsigned size, uint64_t value)
{
	uint64_t rflags = e->frame->rflags & ~(uint64_t)(RFLAGS_ZF | RFLAGS_CF);
	unsigned bits = 8 * size;
	unsigned result;

	if (e->insn.op == INSN_POPCNT) {
		result = count_bits(value);
		rflags &= ~(uint64_t)STATUS_FLAGS;
		rflags |= value ? 0 : RFLAGS_ZF;
	} else {
		if (!value)
			result = bits;
		else if (e->insn.op == INSN_TZCNT)
			result = scan(false, value);
		else
			result = bits - 1 - scan(true, value);
		rflags |= (result ? 0 : RFLAGS_ZF) | (value ? 0 : RFLAGS_CF);
	}
	emulate_set_gpr(e, e->insn.reg, size, result);
	emulate_set_flags(e, rflags);
}

bool emulate_bit_scan(struct emulate *e)
{
	unsigned size = e->insn.operand_size;
	struct emulate_operand operand;
	uint64_t value;

	if (!emulate_rm(e, size, WALK_READ, &operand) || !emulate_load(e, &operand, &value))
		return false;
	if (e->insn.op == INSN_BSF || e->insn.op == INSN_BSR)
		finish_scan(e, size, value);
	else
		finish_count(e, size, value);
	return true;
}
