/* SPDX-License-Identifier: BSD-2-Clause */
/* The bits of RFLAGS, the control registers and EFER that the VMM looks at in its guest's state. */
#pragma once

/* SDM 1 3.4.3 "EFLAGS Register" */
enum rflags {
	RFLAGS_CF = 1 << 0,
	RFLAGS_ONE = 1 << 1, /* always 1 */
	RFLAGS_PF = 1 << 2,
	RFLAGS_AF = 1 << 4,
	RFLAGS_ZF = 1 << 6,
	RFLAGS_SF = 1 << 7,
	RFLAGS_TF = 1 << 8,
	RFLAGS_IF = 1 << 9,
	RFLAGS_DF = 1 << 10,
	RFLAGS_OF = 1 << 11,
	RFLAGS_IOPL = 3 << 12,
	RFLAGS_NT = 1 << 14,
	RFLAGS_RF = 1 << 16,
	RFLAGS_VM = 1 << 17,
	RFLAGS_AC = 1 << 18,
};

/* SDM 3A 2.5 "Control Registers" */
enum cr0 {
	CR0_PE = 1 << 0,
	CR0_MP = 1 << 1,
	CR0_EM = 1 << 2,
	CR0_TS = 1 << 3,
	CR0_NE = 1 << 5,
	CR0_WP = 1 << 16,
	CR0_AM = 1 << 18,
};

#define CR0_PG 0x80000000u /* bit 31 does not fit an enum's int */

enum cr4 {
	CR4_PSE = 1 << 4,
	CR4_PAE = 1 << 5,
	CR4_OSFXSR = 1 << 9,
	CR4_UMIP = 1 << 11,
	CR4_LA57 = 1 << 12,
	CR4_OSXSAVE = 1 << 18,
	CR4_SMEP = 1 << 20,
	CR4_SMAP = 1 << 21,
	CR4_PKE = 1 << 22,
};

/* SDM 3A 2.2.1 "Extended Feature Enable Register" */
enum efer {
	EFER_LMA = 1 << 10,
	EFER_NXE = 1 << 11,
};

enum exception_vector {
	VECTOR_DE = 0,
	VECTOR_DB = 1,
	VECTOR_UD = 6,
	VECTOR_NM = 7,
	VECTOR_TS = 10,
	VECTOR_NP = 11,
	VECTOR_SS = 12,
	VECTOR_GP = 13,
	VECTOR_PF = 14,
	VECTOR_MF = 16,
	VECTOR_AC = 17,
};
