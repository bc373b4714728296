/* SPDX-License-Identifier: BSD-2-Clause */
/* ModRM, SIB and displacement: the effective-address recipe of a memory operand. */
#include "vmm/insn_decoder.h"

#include "abi/frame.h"

uint64_t insn_next_le(struct insn_decoder *d, unsigned size)
{
	uint64_t value = 0;

	if (d->at + size > d->limit) {
		d->ended = true;
		return 0;
	}
	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)d->bytes[d->at + i] << (8 * i);
	d->at += size;
	return value;
}

/* SDM 2A 2.1.5 "Addressing-Mode Encoding of ModR/M and SIB Bytes", Table 2-1 */
static const struct {
	uint8_t base, index;
} forms_16[8] = {
	{GPR_RBX, GPR_RSI},	  {GPR_RBX, GPR_RDI},	    {GPR_RBP, GPR_RSI},
	{GPR_RBP, GPR_RDI},	  {GPR_RSI, INSN_REG_NONE}, {GPR_RDI, INSN_REG_NONE},
	{GPR_RBP, INSN_REG_NONE}, {GPR_RBX, INSN_REG_NONE},
};

/* How many bytes of displacement, by ModRM.mod; without a base register mod 0 has the full one. */
static void decode_displacement(struct insn_decoder *d, unsigned mod, unsigned full, bool no_base)
{
	unsigned size = mod == 1 ? 1 : mod == 2 || no_base ? full : 0;

	if (size)
		d->insn->displacement = insn_sign_extend(insn_next_le(d, size), size);
}

static void decode_address_16(struct insn_decoder *d, unsigned mod, unsigned rm)
{
	struct insn *insn = d->insn;
	bool no_base = mod == 0 && rm == 6;

	if (!no_base) {
		insn->base = forms_16[rm].base;
		insn->index = forms_16[rm].index;
	}
	decode_displacement(d, mod, 2, no_base);
}

/* SDM 2A 2.1.5, Table 2-3: index 4 is none, and base 5 with mod 0 is a displacement alone. */
static bool decode_sib(struct insn_decoder *d, unsigned mod)
{
	struct insn *insn = d->insn;
	unsigned sib = insn_next(d);
	unsigned index = (sib >> 3 & 7) | d->x;
	unsigned base = sib & 7;

	insn->scale = (uint8_t)(sib >> 6);
	if (index != 4)
		insn->index = (uint8_t)index;
	if (base == 5 && mod == 0)
		return true;
	insn->base = (uint8_t)(base | d->rm);
	return false;
}

static void decode_address_32(struct insn_decoder *d, unsigned mod, unsigned rm)
{
	struct insn *insn = d->insn;
	bool no_base = false;

	if (rm == 4) {
		no_base = decode_sib(d, mod);
	} else if (rm == 5 && mod == 0) {
		no_base = true;
		if (insn->mode == INSN_MODE_64)
			insn->base = INSN_REG_RIP;
	} else {
		insn->base = (uint8_t)(rm | d->rm);
	}
	decode_displacement(d, mod, 4, no_base);
}

void insn_decode_modrm(struct insn_decoder *d)
{
	struct insn *insn = d->insn;
	unsigned modrm = insn_next(d);
	unsigned mod = modrm >> 6, rm = modrm & 7;

	insn->modrm = (uint8_t)modrm;
	insn->reg = (uint8_t)((modrm >> 3 & 7) | d->reg | d->high_reg);
	insn->rm = (uint8_t)(rm | d->rm);
	if (mod == 3 && (insn->prefixes & PREFIX_EVEX) && d->entry.op != INSN_MOVD)
		insn->rm = (uint8_t)(insn->rm | d->x << 1); /* there are 32 vector registers */
	/* SDM 2B "MOV-Move to/from Control Registers": the two mod bits are ignored. */
	if (mod == 3 || d->entry.form == FORM_RM_SPECIAL || d->entry.form == FORM_SPECIAL_RM)
		return;
	insn->memory = true;
	if (insn->address_size == 2)
		decode_address_16(d, mod, rm);
	else
		decode_address_32(d, mod, rm);
	insn->segment = insn->base == GPR_RSP || insn->base == GPR_RBP ? SEG_SS : SEG_DS;
}
