/* SPDX-License-Identifier: BSD-2-Clause */
/* The one-byte opcode map, as SDM 2D A.3 "One, Two, and Three-Byte Opcode Maps" has it. */
#include "vmm/insn_table.h"

/* clang-format off */

#define ALU(base, name)                                                                            \
	[(base) + 0] = {name, FORM_RM_REG, 0, 0, FLAG_BYTE | FLAG_LOCK},                           \
	[(base) + 1] = {name, FORM_RM_REG, 0, 0, FLAG_LOCK},                                       \
	[(base) + 2] = {name, FORM_REG_RM, 0, 0, FLAG_BYTE},                                       \
	[(base) + 3] = {name, FORM_REG_RM, 0, 0, 0},                                               \
	[(base) + 4] = {name, FORM_ACC_IMM, IMM_8, 0, FLAG_BYTE},                                  \
	[(base) + 5] = {name, FORM_ACC_IMM, IMM_Z, 0, 0}

/* CMP writes nothing, so it cannot be locked. */
#define ALU_CMP(base)                                                                              \
	[(base) + 0] = {INSN_CMP, FORM_RM_REG, 0, 0, FLAG_BYTE},                                   \
	[(base) + 1] = {INSN_CMP, FORM_RM_REG, 0, 0, 0},                                           \
	[(base) + 2] = {INSN_CMP, FORM_REG_RM, 0, 0, FLAG_BYTE},                                   \
	[(base) + 3] = {INSN_CMP, FORM_REG_RM, 0, 0, 0},                                           \
	[(base) + 4] = {INSN_CMP, FORM_ACC_IMM, IMM_8, 0, FLAG_BYTE},                              \
	[(base) + 5] = {INSN_CMP, FORM_ACC_IMM, IMM_Z, 0, 0}

#define STRING(base, name)                                                                         \
	[(base) + 0] = {name, FORM_STRING, 0, 0, FLAG_BYTE},                                       \
	[(base) + 1] = {name, FORM_STRING, 0, 0, 0}

#define PLAIN(opcode, name)  [opcode] = {name, FORM_NONE, 0, 0, 0}
#define NO64(opcode, name)   [opcode] = {name, FORM_NONE, 0, 0, FLAG_NO64}
#define GROUP(opcode, form, imm, flags, which) [opcode] = {which, form, imm, 0, (flags) | FLAG_GROUP}

const struct insn_entry insn_map_one[256] = {
	ALU(0x00, INSN_ADD), NO64(0x06, INSN_PUSH_SREG), NO64(0x07, INSN_POP_SREG),
	ALU(0x08, INSN_OR), NO64(0x0e, INSN_PUSH_SREG), /* 0F is the escape */
	ALU(0x10, INSN_ADC), NO64(0x16, INSN_PUSH_SREG), NO64(0x17, INSN_POP_SREG),
	ALU(0x18, INSN_SBB), NO64(0x1e, INSN_PUSH_SREG), NO64(0x1f, INSN_POP_SREG),
	ALU(0x20, INSN_AND), NO64(0x27, INSN_DAA),
	ALU(0x28, INSN_SUB), NO64(0x2f, INSN_DAS),
	ALU(0x30, INSN_XOR), NO64(0x37, INSN_AAA),
	ALU_CMP(0x38), NO64(0x3f, INSN_AAS),

	/* in 64-bit mode 40-4F are REX prefixes and never get here */
	[0x40 ... 0x47] = {INSN_INC, FORM_OPREG, 0, 0, FLAG_NO64},
	[0x48 ... 0x4f] = {INSN_DEC, FORM_OPREG, 0, 0, FLAG_NO64},
	[0x50 ... 0x57] = {INSN_PUSH, FORM_OPREG, 0, 0, FLAG_WIDE64},
	[0x58 ... 0x5f] = {INSN_POP, FORM_OPREG, 0, 0, FLAG_WIDE64},

	NO64(0x60, INSN_PUSHA), NO64(0x61, INSN_POPA),
	[0x62] = {INSN_BOUND, FORM_REG_RM, 0, MEMORY_DOUBLE, FLAG_NO64 | FLAG_MEMORY},
	[0x63] = {INSN_MOVSXD, FORM_REG_RM, 0, MEMORY_4, 0}, /* ARPL outside 64-bit mode */
	[0x68] = {INSN_PUSH, FORM_IMM, IMM_Z, 0, FLAG_WIDE64},
	[0x69] = {INSN_IMUL2, FORM_REG_RM_IMM, IMM_Z, 0, 0},
	[0x6a] = {INSN_PUSH, FORM_IMM, IMM_8, 0, FLAG_WIDE64},
	[0x6b] = {INSN_IMUL2, FORM_REG_RM_IMM, IMM_8, 0, 0},
	[0x6c] = {INSN_INS, FORM_STRING, 0, 0, FLAG_BYTE},
	[0x6d] = {INSN_INS, FORM_STRING, 0, 0, FLAG_PORT},
	[0x6e] = {INSN_OUTS, FORM_STRING, 0, 0, FLAG_BYTE},
	[0x6f] = {INSN_OUTS, FORM_STRING, 0, 0, FLAG_PORT},
	[0x70 ... 0x7f] = {INSN_JCC, FORM_REL, IMM_8, 0, FLAG_FIXED64},

	GROUP(0x80, FORM_RM_IMM, IMM_8, FLAG_BYTE, OPGROUP_ALU),
	GROUP(0x81, FORM_RM_IMM, IMM_Z, 0, OPGROUP_ALU),
	GROUP(0x82, FORM_RM_IMM, IMM_8, FLAG_BYTE | FLAG_NO64, OPGROUP_ALU),
	GROUP(0x83, FORM_RM_IMM, IMM_8, 0, OPGROUP_ALU),
	[0x84] = {INSN_TEST, FORM_RM_REG, 0, 0, FLAG_BYTE},
	[0x85] = {INSN_TEST, FORM_RM_REG, 0, 0, 0},
	[0x86] = {INSN_XCHG, FORM_RM_REG, 0, 0, FLAG_BYTE | FLAG_LOCK},
	[0x87] = {INSN_XCHG, FORM_RM_REG, 0, 0, FLAG_LOCK},
	[0x88] = {INSN_MOV, FORM_RM_REG, 0, 0, FLAG_BYTE},
	[0x89] = {INSN_MOV, FORM_RM_REG, 0, 0, 0},
	[0x8a] = {INSN_MOV, FORM_REG_RM, 0, 0, FLAG_BYTE},
	[0x8b] = {INSN_MOV, FORM_REG_RM, 0, 0, 0},
	[0x8c] = {INSN_MOV_SREG, FORM_RM_SREG, 0, MEMORY_2, 0},
	[0x8d] = {INSN_LEA, FORM_REG_RM, 0, MEMORY_UNKNOWN, FLAG_MEMORY},
	[0x8e] = {INSN_MOV_SREG, FORM_SREG_RM, 0, MEMORY_2, 0},
	GROUP(0x8f, FORM_RM, 0, FLAG_WIDE64, OPGROUP_POP),

	[0x90 ... 0x97] = {INSN_XCHG, FORM_ACC_OPREG, 0, 0, 0}, /* 90 is NOP or PAUSE */
	PLAIN(0x98, INSN_CBW), PLAIN(0x99, INSN_CWD),
	[0x9a] = {INSN_CALL_FAR, FORM_FAR, IMM_FAR, 0, FLAG_NO64},
	PLAIN(0x9b, INSN_FWAIT),
	[0x9c] = {INSN_PUSHF, FORM_NONE, 0, 0, FLAG_WIDE64},
	[0x9d] = {INSN_POPF, FORM_NONE, 0, 0, FLAG_WIDE64},
	PLAIN(0x9e, INSN_SAHF), PLAIN(0x9f, INSN_LAHF),

	[0xa0] = {INSN_MOV, FORM_ACC_MOFFS, IMM_ADDRESS, 0, FLAG_BYTE},
	[0xa1] = {INSN_MOV, FORM_ACC_MOFFS, IMM_ADDRESS, 0, 0},
	[0xa2] = {INSN_MOV, FORM_MOFFS_ACC, IMM_ADDRESS, 0, FLAG_BYTE},
	[0xa3] = {INSN_MOV, FORM_MOFFS_ACC, IMM_ADDRESS, 0, 0},
	STRING(0xa4, INSN_MOVS), STRING(0xa6, INSN_CMPS),
	[0xa8] = {INSN_TEST, FORM_ACC_IMM, IMM_8, 0, FLAG_BYTE},
	[0xa9] = {INSN_TEST, FORM_ACC_IMM, IMM_Z, 0, 0},
	STRING(0xaa, INSN_STOS), STRING(0xac, INSN_LODS), STRING(0xae, INSN_SCAS),
	[0xb0 ... 0xb7] = {INSN_MOV, FORM_OPREG_IMM, IMM_8, 0, FLAG_BYTE},
	[0xb8 ... 0xbf] = {INSN_MOV, FORM_OPREG_IMM, IMM_V, 0, 0},

	GROUP(0xc0, FORM_RM_IMM, IMM_U8, FLAG_BYTE, OPGROUP_SHIFT),
	GROUP(0xc1, FORM_RM_IMM, IMM_U8, 0, OPGROUP_SHIFT),
	[0xc2] = {INSN_RET, FORM_IMM, IMM_16, 0, FLAG_FIXED64},
	[0xc3] = {INSN_RET, FORM_NONE, 0, 0, FLAG_FIXED64},
	[0xc4] = {INSN_LES, FORM_REG_RM, 0, MEMORY_FAR, FLAG_NO64 | FLAG_MEMORY},
	[0xc5] = {INSN_LDS, FORM_REG_RM, 0, MEMORY_FAR, FLAG_NO64 | FLAG_MEMORY},
	GROUP(0xc6, FORM_RM_IMM, IMM_8, FLAG_BYTE, OPGROUP_C6),
	GROUP(0xc7, FORM_RM_IMM, IMM_Z, 0, OPGROUP_C7),
	[0xc8] = {INSN_ENTER, FORM_IMM, IMM_16_8, 0, FLAG_WIDE64},
	[0xc9] = {INSN_LEAVE, FORM_NONE, 0, 0, FLAG_WIDE64},
	[0xca] = {INSN_RET_FAR, FORM_IMM, IMM_16, 0, 0},
	PLAIN(0xcb, INSN_RET_FAR), PLAIN(0xcc, INSN_INT3),
	[0xcd] = {INSN_INT, FORM_IMM, IMM_U8, 0, 0},
	NO64(0xce, INSN_INTO), PLAIN(0xcf, INSN_IRET),

	GROUP(0xd0, FORM_RM_ONE, 0, FLAG_BYTE, OPGROUP_SHIFT),
	GROUP(0xd1, FORM_RM_ONE, 0, 0, OPGROUP_SHIFT),
	GROUP(0xd2, FORM_RM_CL, 0, FLAG_BYTE, OPGROUP_SHIFT),
	GROUP(0xd3, FORM_RM_CL, 0, 0, OPGROUP_SHIFT),
	[0xd4] = {INSN_AAM, FORM_IMM, IMM_U8, 0, FLAG_NO64},
	[0xd5] = {INSN_AAD, FORM_IMM, IMM_U8, 0, FLAG_NO64},
	NO64(0xd6, INSN_SALC), PLAIN(0xd7, INSN_XLAT),
	[0xd8 ... 0xdf] = {INSN_FPU, FORM_RM, 0, MEMORY_UNKNOWN, 0},

	[0xe0] = {INSN_LOOPNE, FORM_REL, IMM_8, 0, FLAG_FIXED64},
	[0xe1] = {INSN_LOOPE, FORM_REL, IMM_8, 0, FLAG_FIXED64},
	[0xe2] = {INSN_LOOP, FORM_REL, IMM_8, 0, FLAG_FIXED64},
	[0xe3] = {INSN_JCXZ, FORM_REL, IMM_8, 0, FLAG_FIXED64},
	[0xe4] = {INSN_IN, FORM_PORT_IMM, IMM_U8, 0, FLAG_BYTE},
	[0xe5] = {INSN_IN, FORM_PORT_IMM, IMM_U8, 0, FLAG_PORT},
	[0xe6] = {INSN_OUT, FORM_PORT_IMM, IMM_U8, 0, FLAG_BYTE},
	[0xe7] = {INSN_OUT, FORM_PORT_IMM, IMM_U8, 0, FLAG_PORT},
	[0xe8] = {INSN_CALL, FORM_REL, IMM_REL_Z, 0, FLAG_FIXED64},
	[0xe9] = {INSN_JMP, FORM_REL, IMM_REL_Z, 0, FLAG_FIXED64},
	[0xea] = {INSN_JMP_FAR, FORM_FAR, IMM_FAR, 0, FLAG_NO64},
	[0xeb] = {INSN_JMP, FORM_REL, IMM_8, 0, FLAG_FIXED64},
	[0xec] = {INSN_IN, FORM_PORT_DX, 0, 0, FLAG_BYTE},
	[0xed] = {INSN_IN, FORM_PORT_DX, 0, 0, FLAG_PORT},
	[0xee] = {INSN_OUT, FORM_PORT_DX, 0, 0, FLAG_BYTE},
	[0xef] = {INSN_OUT, FORM_PORT_DX, 0, 0, FLAG_PORT},

	PLAIN(0xf1, INSN_ICEBP), PLAIN(0xf4, INSN_HLT), PLAIN(0xf5, INSN_CMC),
	GROUP(0xf6, FORM_RM, 0, FLAG_BYTE, OPGROUP_F6),
	GROUP(0xf7, FORM_RM, 0, 0, OPGROUP_F7),
	PLAIN(0xf8, INSN_CLC), PLAIN(0xf9, INSN_STC), PLAIN(0xfa, INSN_CLI),
	PLAIN(0xfb, INSN_STI), PLAIN(0xfc, INSN_CLD), PLAIN(0xfd, INSN_STD),
	GROUP(0xfe, FORM_RM, 0, FLAG_BYTE, OPGROUP_FE),
	GROUP(0xff, FORM_RM, 0, 0, OPGROUP_FF),
};
