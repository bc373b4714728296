/* SPDX-License-Identifier: BSD-2-Clause */
/* Arithmetic, logic and shifts, with the flags that the processor would leave. */
#include "vmm/emulate_flags.h"

#include "vmm/cpu_bits.h"

static uint64_t cut(uint64_t value, unsigned size)
{
	return value & (~0ULL >> (64 - 8 * size));
}

static bool top_bit(uint64_t value, unsigned size)
{
	return value >> (8 * size - 1) & 1;
}

static void put(uint64_t *rflags, uint64_t flag, bool on)
{
	*rflags = on ? *rflags | flag : *rflags & ~flag;
}

void flags_result(unsigned size, uint64_t result, uint64_t *rflags)
{
	put(rflags, RFLAGS_SF, top_bit(result, size));
	put(rflags, RFLAGS_ZF, !result);
	put(rflags, RFLAGS_PF, !__builtin_parity((unsigned)result & 0xff));
}

static uint64_t add(unsigned size, uint64_t a, uint64_t b, bool carry, uint64_t *rflags)
{
	uint64_t result = cut(a + b + carry, size);

	put(rflags, RFLAGS_CF, result < a || (carry && result == a));
	put(rflags, RFLAGS_AF, (a ^ b ^ result) & 0x10);
	put(rflags, RFLAGS_OF, top_bit((a ^ result) & (b ^ result), size));
	flags_result(size, result, rflags);
	return result;
}

static uint64_t subtract(unsigned size, uint64_t a, uint64_t b, bool borrow, uint64_t *rflags)
{
	uint64_t result = cut(a - b - borrow, size);

	put(rflags, RFLAGS_CF, a < b || (borrow && a == b));
	put(rflags, RFLAGS_AF, (a ^ b ^ result) & 0x10);
	put(rflags, RFLAGS_OF, top_bit((a ^ b) & (a ^ result), size));
	flags_result(size, result, rflags);
	return result;
}

/* AF is undefined after these, and processors clear it. */
static uint64_t logic(unsigned size, uint64_t result, uint64_t *rflags)
{
	*rflags &= ~(uint64_t)(RFLAGS_CF | RFLAGS_OF | RFLAGS_AF);
	flags_result(size, result, rflags);
	return result;
}

uint64_t flags_binary(enum insn_op op, unsigned size, uint64_t a, uint64_t b, uint64_t *rflags)
{
	bool carry = *rflags & RFLAGS_CF;

	if (op == INSN_ADD || op == INSN_ADC)
		return add(size, a, b, op == INSN_ADC && carry, rflags);
	if (op == INSN_SUB || op == INSN_CMP || op == INSN_SBB)
		return subtract(size, a, b, op == INSN_SBB && carry, rflags);
	if (op == INSN_OR)
		return logic(size, a | b, rflags);
	if (op == INSN_XOR)
		return logic(size, a ^ b, rflags);
	return logic(size, a & b, rflags);
}

uint64_t flags_unary(enum insn_op op, unsigned size, uint64_t a, uint64_t *rflags)
{
	bool carry = *rflags & RFLAGS_CF;
	uint64_t result;

	if (op == INSN_NOT)
		return cut(~a, size);
	if (op == INSN_NEG)
		return subtract(size, 0, a, false, rflags);
	result = op == INSN_INC ? add(size, a, 1, false, rflags)
				: subtract(size, a, 1, false, rflags);
	put(rflags, RFLAGS_CF, carry);
	return result;
}

/* Shifts by 1 to 63; CF is the last bit out. */
static uint64_t shift(enum insn_op op, unsigned size, uint64_t a, unsigned count, uint64_t *rflags)
{
	unsigned bits = 8 * size;
	uint64_t result;
	bool carry;

	if (op == INSN_SHL || op == INSN_SAL) {
		carry = count <= bits && (a >> (bits - count) & 1);
		result = cut(a << count, size);
		put(rflags, RFLAGS_OF, top_bit(result, size) != carry);
	} else {
		int64_t wide = op == INSN_SAR ? (int64_t)(a << (64 - bits)) >> (64 - bits)
					      : (int64_t)a;

		carry = wide >> (count - 1) & 1;
		result = cut(op == INSN_SAR ? (uint64_t)(wide >> count) : a >> count, size);
		put(rflags, RFLAGS_OF, op == INSN_SHR && top_bit(a, size));
	}
	put(rflags, RFLAGS_CF, carry);
	flags_result(size, result, rflags);
	return result;
}

/* Rotates by a count that is not 0 but may be a multiple of the width. */
static uint64_t rotate(enum insn_op op, unsigned size, uint64_t a, unsigned count, uint64_t *rflags)
{
	unsigned bits = 8 * size;
	unsigned left = (op == INSN_ROL ? count : bits - count % bits) % bits;
	uint64_t result = left ? cut(a << left, size) | a >> (bits - left) : a;
	bool top = top_bit(result, size);

	if (op == INSN_ROL) {
		put(rflags, RFLAGS_CF, result & 1);
		put(rflags, RFLAGS_OF, top != (result & 1));
	} else {
		put(rflags, RFLAGS_CF, top);
		put(rflags, RFLAGS_OF, top != (result >> (bits - 2) & 1));
	}
	return result;
}

/* Through carry: one bit more than the operand has. OF as the processor has it for a count of 1. */
static uint64_t rotate_carry(enum insn_op op, unsigned size, uint64_t a, unsigned count,
			     uint64_t *rflags)
{
	unsigned bits = 8 * size;
	bool carry = *rflags & RFLAGS_CF;

	for (count %= bits + 1; count; count--) {
		bool out = op == INSN_RCL ? top_bit(a, size) : a & 1;

		a = op == INSN_RCL ? cut(a << 1, size) | carry
				   : a >> 1 | (uint64_t)carry << (bits - 1);
		carry = out;
	}
	put(rflags, RFLAGS_CF, carry);
	put(rflags, RFLAGS_OF, top_bit(a, size) != (op == INSN_RCL ? carry : (a >> (bits - 2) & 1)));
	return a;
}

uint64_t flags_shift(enum insn_op op, unsigned size, uint64_t a, unsigned count, uint64_t *rflags)
{
	count &= size == 8 ? 63 : 31;
	if (!count)
		return a;
	if (op == INSN_ROL || op == INSN_ROR)
		return rotate(op, size, a, count, rflags);
	if (op == INSN_RCL || op == INSN_RCR)
		return rotate_carry(op, size, a, count, rflags);
	return shift(op, size, a, count, rflags);
}

/* A 16-bit operand shifted by more than 16 takes its bits from a:b:a, as Intel's processors do. */
static uint64_t shift_double_16(enum insn_op op, uint64_t a, uint64_t b, unsigned count, bool *carry)
{
	uint64_t wide;

	if (op == INSN_SHLD) {
		wide = a << 32 | b << 16 | a;
		*carry = wide >> (48 - count) & 1;
		return cut(wide >> (32 - count), 2);
	}
	wide = a << 32 | b << 16 | a;
	*carry = wide >> (count - 1) & 1;
	return cut(wide >> count, 2);
}

static uint64_t shift_double_wide(enum insn_op op, unsigned size, uint64_t a, uint64_t b,
				  unsigned count, bool *carry)
{
	unsigned bits = 8 * size;

	if (op == INSN_SHLD) {
		*carry = a >> (bits - count) & 1;
		return cut(a << count, size) | b >> (bits - count);
	}
	*carry = a >> (count - 1) & 1;
	return a >> count | cut(b << (bits - count), size);
}

uint64_t flags_shift_double(enum insn_op op, unsigned size, uint64_t a, uint64_t b, unsigned count,
			    uint64_t *rflags)
{
	uint64_t result;
	bool carry;

	count &= size == 8 ? 63 : 31;
	if (!count)
		return a;
	result = size == 2 ? shift_double_16(op, a, b, count, &carry)
			   : shift_double_wide(op, size, a, b, count, &carry);
	put(rflags, RFLAGS_CF, carry);
	put(rflags, RFLAGS_OF, top_bit(result ^ a, size));
	flags_result(size, result, rflags);
	return result;
}

bool flags_condition(unsigned code, uint64_t rflags)
{
	bool less = !(rflags & RFLAGS_SF) != !(rflags & RFLAGS_OF);
	bool holds;

	switch (code >> 1) {
	case 0:
		holds = rflags & RFLAGS_OF;
		break;
	case 1:
		holds = rflags & RFLAGS_CF;
		break;
	case 2:
		holds = rflags & RFLAGS_ZF;
		break;
	case 3:
		holds = rflags & (RFLAGS_CF | RFLAGS_ZF);
		break;
	case 4:
		holds = rflags & RFLAGS_SF;
		break;
	case 5:
		holds = rflags & RFLAGS_PF;
		break;
	case 6:
		holds = less;
		break;
	default:
		holds = less || (rflags & RFLAGS_ZF);
		break;
	}
	return holds != (code & 1);
}
