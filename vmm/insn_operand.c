/* SPDX-License-Identifier: BSD-2-Clause */
/* How large an instruction's operands are, and its immediates. */
#include "vmm/insn_decoder.h"

#include "abi/frame.h"

/* In 64-bit mode, where REX.W and the prefix 66 contend with what the instruction prefers. */
static uint8_t operand_size_64(const struct insn *insn, unsigned flags)
{
	if ((insn->prefixes & PREFIX_REX_W) || (flags & FLAG_FIXED64))
		return flags & FLAG_PORT ? 4 : 8;
	if (insn->prefixes & PREFIX_OPSIZE)
		return 2;
	return flags & FLAG_WIDE64 ? 8 : 4;
}

uint8_t insn_operand_size(const struct insn *insn, unsigned flags)
{
	bool prefix = insn->prefixes & PREFIX_OPSIZE;

	if (flags & (FLAG_BYTE | FLAG_NATIVE | FLAG_REX_W)) {
		if (flags & FLAG_BYTE)
			return 1;
		if (flags & FLAG_NATIVE)
			return insn->mode == INSN_MODE_64 ? 8 : 4;
		return insn->prefixes & PREFIX_REX_W ? 8 : 4;
	}
	if (insn->mode == INSN_MODE_64)
		return operand_size_64(insn, flags);
	return (insn->mode == INSN_MODE_32) != prefix ? 4 : 2;
}

uint8_t insn_memory_size(const struct insn *insn, const struct insn_entry *entry)
{
	unsigned native = insn->mode == INSN_MODE_64 ? 8 : 4;
	const uint8_t sizes[] = {
		[MEMORY_1] = 1,
		[MEMORY_2] = 2,
		[MEMORY_4] = 4,
		[MEMORY_8] = 8,
		[MEMORY_16] = 16,
		[MEMORY_VECTOR] = insn->vector_size,
		[MEMORY_DOUBLE] = (uint8_t)(insn->operand_size * 2),
		[MEMORY_FAR] = (uint8_t)(insn->operand_size + 2),
		[MEMORY_TABLE] = (uint8_t)(native + 2),
		[MEMORY_REX_W] = insn->prefixes & PREFIX_REX_W ? (uint8_t)native : 4,
		[MEMORY_UNKNOWN] = INSN_SIZE_UNKNOWN,
	};

	return sizes[entry->memory];
}

uint8_t insn_element_size(const struct insn *insn, unsigned flags)
{
	unsigned narrow = flags & FLAG_SMALL ? 1 : 4;

	if (!(insn->prefixes & PREFIX_EVEX) || !(flags & FLAG_MASK))
		return 0;
	return (uint8_t)(insn->prefixes & PREFIX_REX_W ? 2 * narrow : narrow);
}

static void take_signed(struct insn_decoder *d, unsigned size)
{
	d->insn->immediate = (uint64_t)insn_sign_extend(insn_next_le(d, size), size);
}

void insn_decode_immediate(struct insn_decoder *d)
{
	struct insn *insn = d->insn;
	unsigned z = insn->operand_size == 2 ? 2 : 4;

	switch ((enum insn_imm)d->entry.imm) {
	case IMM_NONE:
		break;
	case IMM_8:
		take_signed(d, 1);
		break;
	case IMM_U8:
		insn->immediate = insn_next(d);
		break;
	case IMM_16:
		insn->immediate = insn_next_le(d, 2);
		break;
	case IMM_16_8:
		insn->immediate = insn_next_le(d, 2);
		insn->immediate2 = insn_next(d);
		break;
	case IMM_REL_Z:
		take_signed(d, insn->mode == INSN_MODE_64 ? 4 : z);
		break;
	case IMM_Z:
		take_signed(d, z);
		break;
	case IMM_V:
		take_signed(d, insn->operand_size);
		break;
	case IMM_ADDRESS:
		insn->displacement = (int64_t)insn_next_le(d, insn->address_size);
		insn->memory = true;
		insn->segment = SEG_DS;
		break;
	case IMM_FAR:
		insn->immediate = insn_next_le(d, z);
		insn->immediate2 = (uint16_t)insn_next_le(d, 2);
		break;
	}
}
