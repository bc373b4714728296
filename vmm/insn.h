/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instruction decoder: from a private copy of at most 15 bytes to what they say. Pure functions: no
 * access to the guest.
 */
#pragma once

#include "lib/types.h"
#include "vmm/insn_op.h"

enum { INSN_MAX_LENGTH = 15 };

enum insn_mode { INSN_MODE_16, INSN_MODE_32, INSN_MODE_64 };

enum insn_status {
	INSN_OK,
	INSN_SHORT,    /* the bytes end before the instruction does */
	INSN_TOO_LONG, /* more than 15 bytes: #GP(0) */
	INSN_INVALID,  /* #UD: LOCK, operand or mode that the instruction does not allow */
	INSN_UNKNOWN,  /* not in the tables; what it does and how long it is, is not known */
};

enum insn_map { INSN_MAP_ONE, INSN_MAP_0F, INSN_MAP_0F38, INSN_MAP_0F3A };

enum insn_prefix {
	PREFIX_LOCK = 1 << 0,
	PREFIX_REPNE = 1 << 1, /* F2 came last of F2 and F3 */
	PREFIX_REP = 1 << 2,   /* F3 came last */
	PREFIX_OPSIZE = 1 << 3,
	PREFIX_ADDRSIZE = 1 << 4,
	PREFIX_SEGMENT = 1 << 5, /* an override that counts in this mode */
	PREFIX_REX = 1 << 6,
	PREFIX_REX_W = 1 << 7, /* also VEX.W and EVEX.W */
	PREFIX_VEX = 1 << 8,
	PREFIX_EVEX = 1 << 9,
};

/* Numbers of insn.base and insn.index beyond enum gpr. */
enum { INSN_REG_RIP = 16, INSN_REG_NONE = 17 };

/* Size of an operand that the tables do not tell (INSN_FPU, INSN_SIMD, state images). */
enum { INSN_SIZE_UNKNOWN = 0 };

/* What insn.mask holds: EVEX.aaa (0: no mask, and not register k0), EVEX.z and EVEX.b. */
enum { MASK_REGISTER = 7, MASK_ZERO = 1 << 3, MASK_BROADCAST = 1 << 4 };

/* One decoded instruction. */
struct insn {
	uint8_t length;
	uint8_t mode; /* enum insn_mode */
	uint8_t map;  /* enum insn_map */
	uint8_t opcode;
	uint8_t op;	      /* enum insn_op */
	uint8_t form;	      /* enum insn_form */
	uint16_t prefixes;    /* enum insn_prefix */
	uint8_t operand_size; /* 1, 2, 4, 8: of the register operands */
	uint8_t memory_size;  /* of the ModRM or moffs operand, in bytes; INSN_SIZE_UNKNOWN */
	uint8_t address_size; /* 2, 4, 8 */
	uint8_t vector_size;  /* 16, 32, 64 by VEX.L or EVEX.L'L; 16 without them */
	uint8_t modrm;
	uint8_t reg, rm; /* with the REX, VEX or EVEX bits; rm is a register if !memory */
	uint8_t vvvv;	 /* VEX's third operand; 0 if it has none */
	uint8_t mask;	 /* see above */
	uint8_t element; /* what one bit of the mask stands for, in bytes; 0: no mask is allowed */
	bool memory;	 /* there is a memory operand given by the recipe below */
	uint8_t segment; /* enum segment: of that operand, or of a string's source */
	/* The effective address: base + index * 2^scale + displacement, cut to address_size. */
	uint8_t base, index, scale;
	int64_t displacement; /* of moffs: the offset itself */
	uint64_t immediate;   /* extended as the instruction extends it; relative targets too */
	uint16_t immediate2;  /* far pointer: the selector; ENTER: the nesting level */
};

/*
 * Decodes the instruction at the start of bytes[0..count). out is complete if the answer is INSN_OK,
 * and else holds no promise. Reads nothing but its arguments.
 */
enum insn_status must_check insn_decode(const uint8_t *bytes, size_t count, enum insn_mode mode,
					struct insn *out);

/*
 * The length of the few instructions that make up nearly all exits without one (CPUID, RDMSR,
 * WRMSR, HLT, the 0F 01 family, MOV CR and their like, without prefixes), and the operation in *op.
 * 0: not one of these, or not enough bytes; ask insn_decode.
 */
unsigned insn_length_quick(const uint8_t *bytes, size_t count, enum insn_op *op);
