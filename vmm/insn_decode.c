/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instruction decoder: prefixes, opcode look-up, and the checks that make an encoding invalid. What
 * each opcode is stands in the tables of insn_map_*.c.
 */
#include "vmm/insn_decoder.h"

#include "abi/frame.h"

_Static_assert((int)INSN_OPS <= 256, "an operation is named by a byte");

/* One byte for each legacy prefix: what it is, and for an override its segment. */
enum { LEGACY_NONE, LEGACY_FLAG, LEGACY_SEGMENT };

static const struct {
	uint8_t kind, value;
} legacy_prefixes[256] = {
	[0x26] = {LEGACY_SEGMENT, SEG_ES},     [0x2e] = {LEGACY_SEGMENT, SEG_CS},
	[0x36] = {LEGACY_SEGMENT, SEG_SS},     [0x3e] = {LEGACY_SEGMENT, SEG_DS},
	[0x64] = {LEGACY_SEGMENT, SEG_FS},     [0x65] = {LEGACY_SEGMENT, SEG_GS},
	[0x66] = {LEGACY_FLAG, PREFIX_OPSIZE}, [0x67] = {LEGACY_FLAG, PREFIX_ADDRSIZE},
	[0xf0] = {LEGACY_FLAG, PREFIX_LOCK},   [0xf2] = {LEGACY_FLAG, PREFIX_REPNE},
	[0xf3] = {LEGACY_FLAG, PREFIX_REP},
};

/* The later of F2 and F3 counts; in 64-bit mode only FS and GS override anything. */
static unsigned take_legacy(struct insn_decoder *d, unsigned byte, unsigned prefixes)
{
	unsigned value = legacy_prefixes[byte].value;

	if (legacy_prefixes[byte].kind == LEGACY_FLAG) {
		if (value & (PREFIX_REP | PREFIX_REPNE))
			prefixes &= ~(unsigned)(PREFIX_REP | PREFIX_REPNE);
		return prefixes | value;
	}
	if (d->insn->mode == INSN_MODE_64 && value != SEG_FS && value != SEG_GS)
		return prefixes;
	d->segment = value;
	return prefixes | PREFIX_SEGMENT;
}

/* Returns the first opcode byte. A REX prefix counts only right before it (SDM 2A 2.2.1). */
static uint8_t decode_prefixes(struct insn_decoder *d)
{
	unsigned prefixes = 0, rex = 0;
	uint8_t byte;

	for (;; rex = (byte & 0xf0) == 0x40 ? byte : 0) {
		byte = insn_next(d);
		if (d->ended)
			break;
		if (legacy_prefixes[byte].kind != LEGACY_NONE)
			prefixes = take_legacy(d, byte, prefixes);
		else if ((byte & 0xf0) != 0x40 || d->insn->mode != INSN_MODE_64)
			break;
	}
	if (rex) {
		prefixes |= PREFIX_REX | (rex & 8 ? PREFIX_REX_W : 0);
		d->reg = (rex & 4) << 1;
		d->x = (rex & 2) << 2;
		d->rm = (rex & 1) << 3;
	}
	d->insn->prefixes = (uint16_t)prefixes;
	return byte;
}

static uint8_t address_size(const struct insn *insn)
{
	static const uint8_t sizes[3][2] = {{2, 4}, {4, 2}, {8, 4}};

	return sizes[insn->mode][!!(insn->prefixes & PREFIX_ADDRSIZE)];
}

/* In 16- and 32-bit mode C4, C5 and 62 are VEX and EVEX if a ModRM there would name a register. */
static bool escape_is_vex(struct insn_decoder *d, uint8_t byte)
{
	if (byte != 0xc4 && byte != 0xc5 && byte != 0x62)
		return false;
	return d->insn->mode == INSN_MODE_64 || insn_peek(d) >= 0xc0;
}

static struct insn_entry map_0f_entry(struct insn_decoder *d)
{
	struct insn *insn = d->insn;
	uint8_t byte = insn_next(d);

	insn->map = INSN_MAP_0F;
	insn->opcode = byte;
	if (byte != 0x38 && byte != 0x3a)
		return insn_map_0f[byte];
	insn->map = byte == 0x38 ? INSN_MAP_0F38 : INSN_MAP_0F3A;
	insn->opcode = insn_next(d);
	if (insn->map == INSN_MAP_0F38)
		return insn_map_0f38[insn->opcode];
	return (struct insn_entry){INSN_SIMD, FORM_VECTOR_RM, IMM_U8, MEMORY_UNKNOWN, 0};
}

static unsigned prefix_column(unsigned prefixes)
{
	if (prefixes & (PREFIX_REP | PREFIX_REPNE))
		return prefixes & PREFIX_REP ? 2 : 3;
	return prefixes & PREFIX_OPSIZE ? 1 : 0;
}

/* A member's zero fields are its parent's, unless its ModRM is nothing but opcode. */
static void descend(struct insn_entry *parent, const struct insn_entry *member)
{
	struct insn_entry entry = *member;

	if (!(entry.flags & FLAG_MODRM)) {
		if (!entry.form)
			entry.form = parent->form;
		if (!entry.imm)
			entry.imm = parent->imm;
	} else if (entry.form && !entry.imm) {
		entry.imm = parent->imm;
	}
	if (!entry.memory)
		entry.memory = parent->memory;
	entry.flags |= parent->flags & ~(unsigned)(FLAG_GROUP | FLAG_PREFIX);
	*parent = entry;
}

/* Follows groups and mandatory prefixes until the entry is an instruction. */
static void resolve_entry(struct insn_decoder *d)
{
	struct insn_entry *entry = &d->entry;

	while (entry->flags & (FLAG_GROUP | FLAG_PREFIX)) {
		const struct insn_entry *members;
		unsigned modrm, index;

		if (entry->flags & FLAG_PREFIX) {
			descend(entry, &insn_prefixed[entry->op][prefix_column(d->insn->prefixes)]);
			continue;
		}
		modrm = insn_peek(d);
		members = modrm >= 0xc0 ? insn_groups[entry->op].registers
					: insn_groups[entry->op].memory;
		index = modrm >= 0xc0 && insn_groups[entry->op].by_byte ? modrm & 63
									: modrm >> 3 & 7;
		descend(entry, &members[index]);
	}
}

/* The few opcodes whose meaning hangs on mode or prefix in a way no table column covers. */
static void resolve_special(struct insn_decoder *d)
{
	struct insn *insn = d->insn;

	if (insn->opcode == 0x63 && insn->mode != INSN_MODE_64)
		d->entry = (struct insn_entry){INSN_ARPL, FORM_RM_REG, 0, MEMORY_2, 0};
	if (insn->opcode == 0x90 && !d->rm)
		d->entry = (struct insn_entry){insn->prefixes & PREFIX_REP ? INSN_PAUSE : INSN_NOP,
					       0, 0, 0, 0};
}

/* SDM 2A "LOCK": only these, and only with a memory destination. AMD reads LOCK MOV CR0 as CR8. */
static bool lock_valid(struct insn *insn, unsigned flags)
{
	if (insn->op == INSN_MOV_CR && insn->reg == 0) {
		insn->reg = 8;
		return true;
	}
	return (flags & FLAG_LOCK) && insn->memory;
}

static bool special_register_valid(const struct insn *insn)
{
	if (insn->op == INSN_MOV_CR)
		return BIT(insn->reg) & (BIT(0) | BIT(2) | BIT(3) | BIT(4) | BIT(8));
	return insn->reg < 8;
}

/*
 * The vector moves have two operands, and the third of VEX must say none, but for where it gives what is not
 * moved: a half's load, and scalars between registers (SDM 2B "MOVLPS", "MOVSS"). Those that move 4 or 8
 * bytes for general registers exist with VEX.L = 0 only.
 */
static bool vector_operands_valid(const struct insn *insn)
{
	bool one_element = insn->op == INSN_MOVD ||
			   (insn->op == INSN_MOVSCALAR && insn->opcode > 0x11);
	bool half = insn->op == INSN_MOVLO || insn->op == INSN_MOVHI;

	if (insn->op == INSN_SIMD)
		return true;
	if (one_element && insn->vector_size != 16)
		return false;
	if (half && insn->form == FORM_VECTOR_RM)
		return true;
	return !insn->vvvv || (insn->op == INSN_MOVSCALAR && !insn->memory && !one_element);
}

/*
 * SDM 2A 2.7.11 "#UD Equations for EVEX", of the moves: there is no broadcast, W is as the opcode wants it,
 * and what is masked off can be zeroed in a register only.
 */
static bool evex_fields_valid(const struct insn *insn, unsigned flags)
{
	unsigned mask = insn->mask & MASK_REGISTER;

	if (insn->op == INSN_SIMD)
		return true;
	if (insn->vvvv > 15 && insn->mode != INSN_MODE_64)
		return false;
	if ((insn->mask & MASK_BROADCAST) || (mask && !insn->element))
		return false;
	if (flags & (insn->prefixes & PREFIX_REX_W ? FLAG_W0 : FLAG_W1))
		return false;
	return !(insn->mask & MASK_ZERO) ||
	       (mask && !(insn->memory && insn->form == FORM_RM_VECTOR));
}

/* There are eight MMX registers: REX.R, and REX.B for one in rm, are ignored. */
static void cut_mmx_registers(struct insn *insn)
{
	bool general_rm = (insn->opcode & 0xf) == 0xe; /* MOVD */

	insn->reg &= 7;
	if (!general_rm)
		insn->rm &= 7;
}

static enum insn_status validate(struct insn *insn, unsigned flags)
{
	unsigned restrictions = FLAG_NO64 | FLAG_ONLY64 | FLAG_MEMORY | FLAG_REGISTER;

	/* Most instructions have none; the forms from FORM_RM_SREG on have rules of their own. */
	if (!(flags & restrictions) && !(insn->prefixes & PREFIX_LOCK) && insn->form < FORM_RM_SREG)
		return INSN_OK;
	if (insn->mode == INSN_MODE_64 ? flags & FLAG_NO64 : flags & FLAG_ONLY64)
		return INSN_INVALID;
	if (insn->memory ? flags & FLAG_REGISTER : flags & FLAG_MEMORY)
		return INSN_INVALID;
	if ((insn->prefixes & PREFIX_LOCK) && !lock_valid(insn, flags))
		return INSN_INVALID;
	if ((insn->form == FORM_RM_SPECIAL || insn->form == FORM_SPECIAL_RM) &&
	    !special_register_valid(insn))
		return INSN_INVALID;
	if (!vector_operands_valid(insn))
		return INSN_INVALID;
	if ((insn->prefixes & PREFIX_EVEX) && !evex_fields_valid(insn, flags))
		return INSN_INVALID;
	if (insn->op == INSN_MOVMM)
		cut_mmx_registers(insn);
	if (insn->op == INSN_MOV_SREG) {
		insn->reg &= 7; /* REX.R is ignored */
		if (insn->reg > SEG_GS || (insn->form == FORM_SREG_RM && insn->reg == SEG_CS))
			return INSN_INVALID;
	}
	return INSN_OK;
}

/* EVEX counts 8-bit displacements in units of the operand (SDM 2A 2.7.5 "Compressed Displacement"). */
static void scale_displacement(struct insn *insn)
{
	if ((insn->prefixes & PREFIX_EVEX) && insn->modrm >> 6 == 1 && insn->memory_size)
		insn->displacement *= insn->memory_size;
}

static enum insn_status decode_opcode(struct insn_decoder *d)
{
	struct insn *insn = d->insn;
	uint8_t byte = decode_prefixes(d);

	insn->address_size = address_size(insn);
	if (escape_is_vex(d, byte)) {
		enum insn_status status = insn_decode_vex(d, byte);

		return d->ended && status == INSN_OK ? INSN_SHORT : status;
	}
	if (byte == 0x0f) {
		d->entry = map_0f_entry(d);
	} else {
		insn->opcode = byte;
		d->entry = insn_map_one[byte];
		resolve_special(d);
	}
	resolve_entry(d);
	if (d->entry.flags & FLAG_SMALL) /* EVEX's alone */
		d->entry.op = INSN_NONE;
	return INSN_OK;
}

static enum insn_status decode_rest(struct insn_decoder *d)
{
	struct insn *insn = d->insn;

	insn->op = d->entry.op;
	insn->form = d->entry.form;
	insn->operand_size = insn_operand_size(insn, d->entry.flags);
	if (d->entry.form >= FORM_RM)
		insn_decode_modrm(d);
	else if (d->entry.flags & FLAG_MODRM)
		insn->modrm = insn_next(d);
	else if (d->entry.form >= FORM_OPREG && d->entry.form <= FORM_ACC_OPREG)
		insn->rm = (uint8_t)((insn->opcode & 7) | d->rm);
	insn->memory_size = d->entry.memory == MEMORY_OPERAND ? insn->operand_size
							      : insn_memory_size(insn, &d->entry);
	insn->element = insn_element_size(insn, d->entry.flags);
	if (d->entry.imm != IMM_NONE)
		insn_decode_immediate(d);
	scale_displacement(insn);
	if (d->segment != SEG_COUNT)
		insn->segment = (uint8_t)d->segment;
	return validate(insn, d->entry.flags);
}

enum insn_status insn_decode(const uint8_t *bytes, size_t count, enum insn_mode mode,
			     struct insn *out)
{
	struct insn_decoder d = {
		.bytes = bytes,
		.limit = MIN(count, (size_t)INSN_MAX_LENGTH),
		.insn = out,
		.segment = SEG_COUNT,
	};
	enum insn_status status;

	*out = (struct insn){
		.mode = (uint8_t)mode,
		.base = INSN_REG_NONE,
		.index = INSN_REG_NONE,
		.segment = SEG_DS,
		.vector_size = 16,
	};
	status = decode_opcode(&d);
	if (status == INSN_OK && !d.ended)
		status = d.entry.op == INSN_NONE ? INSN_UNKNOWN : decode_rest(&d);
	out->length = (uint8_t)d.at;
	if (d.ended)
		return count < INSN_MAX_LENGTH ? INSN_SHORT : INSN_TOO_LONG;
	return status;
}
