/* SPDX-License-Identifier: BSD-2-Clause */
/* What the opcode tables say of an instruction, for the decoder and the tables themselves. */
#pragma once

#include "lib/types.h"
#include "vmm/insn_op.h"

/* Kinds of immediates, as they stand in the instruction. */
enum insn_imm {
	IMM_NONE,
	IMM_8,	   /* sign-extended */
	IMM_U8,	   /* zero-extended */
	IMM_16,	   /* zero-extended */
	IMM_16_8,  /* ENTER: two of them */
	IMM_Z,	   /* 2 or 4 bytes, sign-extended */
	IMM_V,	   /* 2, 4 or 8 bytes */
	IMM_REL_Z, /* as IMM_Z, but 4 in 64-bit mode whatever 66 says */
	IMM_ADDRESS,
	IMM_FAR,
};

/* The size of the memory operand, where it is not the operand size. */
enum insn_memory {
	MEMORY_OPERAND,
	MEMORY_1,
	MEMORY_2,
	MEMORY_4,
	MEMORY_8,
	MEMORY_16,
	MEMORY_VECTOR, /* the vector size */
	MEMORY_DOUBLE, /* CMPXCHG8B and 16B, BOUND: two operands */
	MEMORY_FAR,    /* an offset and a selector */
	MEMORY_TABLE,  /* a descriptor-table register: limit and base */
	MEMORY_REX_W,  /* 8 with REX.W in 64-bit mode, else 4 */
	MEMORY_UNKNOWN,
};

enum insn_flag {
	FLAG_BYTE = 1 << 0,	/* the operand size is 1 */
	FLAG_LOCK = 1 << 1,	/* LOCK is allowed if the destination is memory */
	FLAG_NO64 = 1 << 2,	/* #UD in 64-bit mode */
	FLAG_ONLY64 = 1 << 3,	/* #UD elsewhere */
	FLAG_WIDE64 = 1 << 4,	/* 64-bit operands in 64-bit mode unless 66 says 16 */
	FLAG_FIXED64 = 1 << 5,	/* 64-bit operands in 64-bit mode whatever the prefixes */
	FLAG_MEMORY = 1 << 6,	/* only a memory form exists */
	FLAG_REGISTER = 1 << 7, /* only a register form exists */
	FLAG_GROUP = 1 << 8,	/* op is an enum insn_group: ModRM chooses */
	FLAG_PREFIX = 1 << 9,	/* op is an enum insn_prefixed: 66, F3 or F2 chooses */
	FLAG_VEX = 1 << 10,	/* the VEX form means the same */
	FLAG_EVEX = 1 << 11,	/* and so does the EVEX form */
	FLAG_MODRM = 1 << 12,	/* group members: ModRM is all opcode, the form is not inherited */
	FLAG_NATIVE = 1 << 13,	/* the operand size is 8 in 64-bit mode, else 4 */
	FLAG_REX_W = 1 << 14,	/* it is 8 with REX.W, else 4 */
	FLAG_PORT = 1 << 15,	/* it is at most 4, with REX.W too */
	FLAG_W0 = 1 << 16,	/* the EVEX form is #UD unless W is 0 */
	FLAG_W1 = 1 << 17,	/* or 1 */
	FLAG_MASK = 1 << 18,  /* it may be under a mask, with elements of 4 bytes, or 8 if W is 1 */
	FLAG_SMALL = 1 << 19, /* of 1 byte, or 2; and no other form exists */
};

struct insn_entry {
	uint8_t op;	/* enum insn_op, or an index by the flags */
	uint8_t form;	/* enum insn_form */
	uint8_t imm;	/* enum insn_imm */
	uint8_t memory; /* enum insn_memory */
	uint32_t flags; /* enum insn_flag */
};

/* Opcodes whose ModRM byte says which instruction they are. */
enum insn_group {
	OPGROUP_ALU,
	OPGROUP_POP,
	OPGROUP_SHIFT,
	OPGROUP_F6,
	OPGROUP_F7,
	OPGROUP_FE,
	OPGROUP_FF,
	OPGROUP_0F00,
	OPGROUP_0F01,
	OPGROUP_0F0D,
	OPGROUP_0F18,
	OPGROUP_0F1C,
	OPGROUP_0FAE,
	OPGROUP_0FBA,
	OPGROUP_0FC7,
	OPGROUP_C6,
	OPGROUP_C7,
	OPGROUP_VECTOR_SHIFT,
	INSN_GROUPS
};

/*
 * A group's members by ModRM.reg, for memory and register forms. A zero field of a member is taken
 * from the opcode's own entry, flags add up. by_byte: the register forms are told apart by the six
 * low bits of ModRM (64 members).
 */
struct insn_group_table {
	const struct insn_entry *memory;
	const struct insn_entry *registers;
	bool by_byte;
};

extern const struct insn_group_table insn_groups[INSN_GROUPS];

/* Opcodes that 66, F3 and F2 turn into others: which[0] without one, then in VEX.pp's order. */
enum insn_prefixed {
	PREFIXED_10,
	PREFIXED_11,
	PREFIXED_12,
	PREFIXED_13,
	PREFIXED_16,
	PREFIXED_17,
	PREFIXED_28,
	PREFIXED_29,
	PREFIXED_2B,
	PREFIXED_6E,
	PREFIXED_6F,
	PREFIXED_7E,
	PREFIXED_7F,
	PREFIXED_D6,
	PREFIXED_E7,
	PREFIXED_F0,
	PREFIXED_09,
	PREFIXED_B8,
	PREFIXED_BC,
	PREFIXED_BD,
	PREFIXED_382A,
	PREFIXED_38F0,
	PREFIXED_38F1,
	PREFIXED_FXSAVE,
	PREFIXED_FXRSTOR,
	PREFIXED_LDMXCSR,
	PREFIXED_STMXCSR,
	PREFIXED_XSAVE,
	PREFIXED_XRSTOR,
	PREFIXED_XSAVEOPT,
	PREFIXED_CLFLUSH,
	PREFIXED_LFENCE,
	PREFIXED_MFENCE,
	PREFIXED_SFENCE,
	PREFIXED_RDFSBASE,
	PREFIXED_RDGSBASE,
	PREFIXED_WRFSBASE,
	PREFIXED_WRGSBASE,
	PREFIXED_VMPTRLD,
	PREFIXED_VMPTRST,
	PREFIXED_RDRAND,
	PREFIXED_RDSEED,
	PREFIXED_37,
	PREFIXED_78,
	PREFIXED_79,
	PREFIXED_C3,
	PREFIXED_3880,
	PREFIXED_3881,
	PREFIXED_3882,
	PREFIXED_XRSTORS,
	PREFIXED_XSAVEC,
	PREFIXED_XSAVES,
	INSN_PREFIXED
};

extern const struct insn_entry insn_prefixed[INSN_PREFIXED][4];

/* The three opcode maps that are tables. All of 0F 3A has a ModRM byte and an immediate byte. */
extern const struct insn_entry insn_map_one[256];
extern const struct insn_entry insn_map_0f[256];
extern const struct insn_entry insn_map_0f38[256];
