/* SPDX-License-Identifier: BSD-2-Clause */
/* The decoder's state, shared between its parts: prefixes and opcodes, ModRM, immediates. */
#pragma once

#include "vmm/insn.h"
#include "vmm/insn_table.h"

struct insn_decoder {
	const uint8_t *bytes;
	size_t limit; /* how many may be read: never above 15 */
	size_t at;
	bool ended; /* a read went past limit; what it gave was 0 */
	struct insn *insn;
	struct insn_entry entry;
	unsigned segment;    /* the override that counts, or SEG_COUNT */
	unsigned reg, x, rm; /* bit 3 of the register numbers: REX.R, REX.X, REX.B */
	unsigned high_reg;   /* EVEX.R': bit 4 of reg */
};

static inline uint8_t insn_peek(struct insn_decoder *d)
{
	if (d->at >= d->limit) {
		d->ended = true;
		return 0;
	}
	return d->bytes[d->at];
}

static inline uint8_t insn_next(struct insn_decoder *d)
{
	uint8_t byte = insn_peek(d);

	d->at++;
	return byte;
}

static inline int64_t insn_sign_extend(uint64_t value, unsigned size)
{
	unsigned unused = 64 - 8 * size;

	return (int64_t)(value << unused) >> unused;
}

/* The next size bytes (1 to 8), little-endian. */
uint64_t insn_next_le(struct insn_decoder *d, unsigned size);

/* Parses ModRM, SIB and displacement into the effective-address recipe. */
void insn_decode_modrm(struct insn_decoder *d);

/* The size of register operands and immediates in bytes, by mode, prefixes and the entry's flags. */
uint8_t insn_operand_size(const struct insn *insn, unsigned flags);

/* The size of a memory operand that is not the operand size. */
uint8_t insn_memory_size(const struct insn *insn, const struct insn_entry *entry);

/* The size of what one bit of EVEX's mask stands for. */
uint8_t insn_element_size(const struct insn *insn, unsigned flags);

void insn_decode_immediate(struct insn_decoder *d);

/* Parses a VEX or EVEX prefix and the opcode behind it; false if it is none that the tables know. */
enum insn_status insn_decode_vex(struct insn_decoder *d, uint8_t escape);
