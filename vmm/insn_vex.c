/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VEX and EVEX prefixes. The vector moves are decoded in full; of the other vector instructions only
 * the length, which the opcode map and a few opcodes with an immediate decide.
 */
#include "vmm/insn_decoder.h"

/* What the two or three payload bytes say, in positive logic. */
struct vex_fields {
	unsigned map, opcode_prefix, length, vvvv;
	bool w, evex;
};

static void take_register_bits(struct insn_decoder *d, unsigned inverted)
{
	bool wide = d->insn->mode == INSN_MODE_64;

	d->reg = wide && !(inverted & 0x80) ? 8 : 0;
	d->x = wide && !(inverted & 0x40) ? 8 : 0;
	d->rm = wide && !(inverted & 0x20) ? 8 : 0;
}

/* W, vvvv and pp are in the same places of VEX3's third and EVEX's second payload byte. */
static void take_payload(struct vex_fields *vex, unsigned byte)
{
	vex->w = byte & 0x80;
	vex->vvvv = ~byte >> 3 & 15;
	vex->length = byte >> 2 & 1;
	vex->opcode_prefix = byte & 3;
}

/* SDM 2A 2.3.5 "The VEX Prefix" */
static void parse_vex(struct insn_decoder *d, uint8_t escape, struct vex_fields *vex)
{
	unsigned first = insn_next(d);

	vex->evex = false;
	if (escape == 0xc5) {
		take_register_bits(d, first | 0x60);
		take_payload(vex, first & 0x7f);
		vex->map = INSN_MAP_0F;
		return;
	}
	take_register_bits(d, first);
	vex->map = first & 0x1f;
	take_payload(vex, insn_next(d));
}

/* SDM 2A 2.7.1 "Instruction Format and EVEX". False if a fixed bit is wrong. */
static bool parse_evex(struct insn_decoder *d, struct vex_fields *vex)
{
	unsigned first = insn_next(d);
	unsigned second = insn_next(d);
	unsigned third = insn_next(d);
	unsigned length = third >> 5 & 3;

	take_register_bits(d, first);
	d->high_reg = d->insn->mode == INSN_MODE_64 && !(first & 0x10) ? 16 : 0;
	vex->map = first & 7;
	take_payload(vex, second);
	vex->vvvv |= third & 8 ? 0 : 16;
	vex->evex = true;
	vex->length = length;
	d->insn->mask = (uint8_t)((third & 7) | (third & 0x80) >> 4 | (third & 0x10));
	return !(first & 8) && (second & 4);
}

/* In the map 0F these have an immediate byte; in 0F 3A all have. */
static bool has_immediate(unsigned map, unsigned opcode)
{
	if (map == INSN_MAP_0F)
		return (opcode & 0xfc) == 0x70 || opcode == 0xc2 ||
		       (opcode >= 0xc4 && opcode <= 0xc6);
	return map == INSN_MAP_0F3A;
}

static struct insn_entry known_entry(const struct vex_fields *vex, unsigned opcode)
{
	struct insn_entry entry = {0};
	unsigned need = vex->evex ? FLAG_EVEX : FLAG_VEX;

	if (vex->map == INSN_MAP_0F)
		entry = insn_map_0f[opcode];
	else if (vex->map == INSN_MAP_0F38)
		entry = insn_map_0f38[opcode];
	if (entry.flags & FLAG_PREFIX)
		entry = insn_prefixed[entry.op][vex->opcode_prefix];
	if (!(entry.flags & need))
		entry.op = INSN_NONE;
	/* The halves are 128-bit instructions only. */
	if ((entry.op == INSN_MOVLO || entry.op == INSN_MOVHI) && vex->length)
		entry.op = INSN_NONE;
	return entry;
}

enum insn_status insn_decode_vex(struct insn_decoder *d, uint8_t escape)
{
	struct vex_fields vex;
	struct insn *insn = d->insn;
	uint8_t opcode;

	if (insn->prefixes & (PREFIX_LOCK | PREFIX_REP | PREFIX_REPNE | PREFIX_OPSIZE | PREFIX_REX))
		return INSN_INVALID;
	if (escape == 0x62) {
		if (!parse_evex(d, &vex))
			return d->ended ? INSN_SHORT : INSN_INVALID;
	} else {
		parse_vex(d, escape, &vex);
	}
	if (vex.map < INSN_MAP_0F || vex.map > INSN_MAP_0F3A || vex.length > 2)
		return d->ended ? INSN_SHORT : INSN_UNKNOWN;
	opcode = insn_next(d);
	insn->opcode = opcode;
	if (vex.map == INSN_MAP_0F && opcode >= 0x80 && opcode <= 0x8f)
		return INSN_UNKNOWN; /* where the jumps are without VEX */
	insn->map = (uint8_t)vex.map;
	insn->vvvv = (uint8_t)vex.vvvv;
	insn->vector_size = (uint8_t)(16 << vex.length);
	insn->prefixes = (uint16_t)(insn->prefixes | (vex.evex ? PREFIX_EVEX : PREFIX_VEX) |
				    (vex.w ? PREFIX_REX_W : 0));
	d->entry = known_entry(&vex, opcode);
	if (d->entry.op == INSN_NONE)
		d->entry = (struct insn_entry){
			.op = INSN_SIMD,
			.form = vex.map == INSN_MAP_0F && opcode == 0x77 ? FORM_NONE
									 : FORM_VECTOR_RM,
			.imm = has_immediate(vex.map, opcode) ? IMM_U8 : IMM_NONE,
			.memory = MEMORY_UNKNOWN,
		};
	return INSN_OK;
}
