/* SPDX-License-Identifier: BSD-2-Clause */
/* Multiplication and division. The flags that the manuals call undefined are left alone. */
#include "vmm/emulate_flags.h"
#include "vmm/emulate_internal.h"

__extension__ typedef unsigned __int128 wide_t;
__extension__ typedef __int128 signed_wide_t;

static int64_t sign_extend(uint64_t value, unsigned size)
{
	unsigned unused = 64 - 8 * size;

	return (int64_t)(value << unused) >> unused;
}

/* CF and OF: the product does not fit its low half. */
static void set_overflow(struct emulate *e, bool overflow)
{
	uint64_t rflags = e->frame->rflags & ~(uint64_t)(RFLAGS_CF | RFLAGS_OF);

	emulate_set_flags(e, overflow ? rflags | RFLAGS_CF | RFLAGS_OF : rflags);
}

/* The double-width register pair: AX for bytes, else rDX:rAX. */
static void set_pair(struct emulate *e, unsigned size, uint64_t low, uint64_t high)
{
	if (size == 1) {
		emulate_set_gpr(e, GPR_RAX, 2, (low & 0xff) | (high & 0xff) << 8);
		return;
	}
	emulate_set_gpr(e, GPR_RAX, size, low);
	emulate_set_gpr(e, GPR_RDX, size, high);
}

bool emulate_mul(struct emulate *e)
{
	unsigned size = e->insn.operand_size;
	struct emulate_operand operand;
	uint64_t factor, low, high;
	uint64_t accumulator = emulate_get_gpr(e, GPR_RAX, size);
	wide_t product;
	bool overflow;

	if (!emulate_rm(e, size, WALK_READ, &operand) || !emulate_load(e, &operand, &factor))
		return false;
	if (e->insn.op == INSN_MUL)
		product = (wide_t)accumulator * factor;
	else
		product = (wide_t)((signed_wide_t)sign_extend(accumulator, size) *
				   sign_extend(factor, size));
	low = (uint64_t)product & emulate_mask(size);
	high = (uint64_t)(product >> (8 * size)) & emulate_mask(size);
	if (e->insn.op == INSN_MUL)
		overflow = high;
	else
		overflow = high != (low >> (8 * size - 1) & 1 ? emulate_mask(size) : 0);
	set_pair(e, size, low, high);
	set_overflow(e, overflow);
	return true;
}

/* IMUL reg, r/m and IMUL reg, r/m, imm */
bool emulate_imul2(struct emulate *e)
{
	unsigned size = e->insn.operand_size;
	struct emulate_operand operand;
	uint64_t value, other = e->insn.immediate, result;
	signed_wide_t product;

	if (!emulate_rm(e, size, WALK_READ, &operand) || !emulate_load(e, &operand, &value))
		return false;
	if (e->insn.form == FORM_REG_RM)
		other = emulate_get_gpr(e, e->insn.reg, size);
	product = (signed_wide_t)sign_extend(value, size) * sign_extend(other, size);
	result = (uint64_t)product & emulate_mask(size);
	emulate_set_gpr(e, e->insn.reg, size, result);
	set_overflow(e, product != sign_extend(result, size));
	return true;
}

/* Long division bit by bit: the compiler's own would need its run-time library. high < divisor. */
static uint64_t divide_wide(uint64_t high, uint64_t low, uint64_t divisor, uint64_t *remainder)
{
	uint64_t quotient = 0;

	for (int bit = 63; bit >= 0; bit--) {
		bool carry = high >> 63;

		high = high << 1 | (low >> bit & 1);
		if (carry || high >= divisor) {
			high -= divisor;
			quotient |= BIT(bit);
		}
	}
	*remainder = high;
	return quotient;
}

struct division {
	uint64_t quotient, remainder;
};

/* False: the quotient does not fit, or the divisor is 0. */
static bool divide_unsigned(wide_t dividend, uint64_t divisor, unsigned size,
			    struct division *result)
{
	if (!divisor || (uint64_t)(dividend >> 64) >= divisor)
		return false;
	result->quotient = divide_wide((uint64_t)(dividend >> 64), (uint64_t)dividend, divisor,
				       &result->remainder);
	return result->quotient <= emulate_mask(size);
}

static bool divide_signed(signed_wide_t dividend, int64_t divisor, unsigned size,
			  struct division *result)
{
	wide_t magnitude = dividend < 0 ? -(wide_t)dividend : (wide_t)dividend;
	bool negative = (dividend < 0) != (divisor < 0);
	uint64_t limit = BIT(8 * size - 1);

	if (!divide_unsigned(magnitude, divisor < 0 ? -(uint64_t)divisor : (uint64_t)divisor, 8,
			     result))
		return false;
	if (result->quotient > limit || (result->quotient == limit && !negative))
		return false;
	if (negative)
		result->quotient = -result->quotient;
	if (dividend < 0)
		result->remainder = -result->remainder;
	return true;
}

/* rDX:rAX, or AX. */
static wide_t dividend_of(const struct emulate *e, unsigned size)
{
	if (size == 1)
		return emulate_get_gpr(e, GPR_RAX, 2);
	return (wide_t)emulate_get_gpr(e, GPR_RDX, size) << (8 * size) |
	       emulate_get_gpr(e, GPR_RAX, size);
}

static signed_wide_t sign_extend_wide(wide_t value, unsigned size)
{
	unsigned unused = 128 - 8 * size;

	return (signed_wide_t)(value << unused) >> unused;
}

bool emulate_div(struct emulate *e)
{
	unsigned size = e->insn.operand_size;
	struct emulate_operand operand;
	struct division division;
	wide_t dividend = dividend_of(e, size);
	uint64_t divisor;
	bool fits;

	if (!emulate_rm(e, size, WALK_READ, &operand) || !emulate_load(e, &operand, &divisor))
		return false;
	if (e->insn.op == INSN_DIV)
		fits = divide_unsigned(dividend, divisor, size, &division);
	else
		fits = divide_signed(sign_extend_wide(dividend, 2 * size),
				     sign_extend(divisor, size), size, &division);
	if (!fits)
		return emulate_raise(e, fault_without_error(VECTOR_DE));
	set_pair(e, size, division.quotient, division.remainder);
	return true;
}
