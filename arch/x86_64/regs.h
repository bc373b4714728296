/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bits of the processor's registers, one enum a register in bit order, by the manuals' names:
 * SDM 3A 2 "System Architecture Overview", APM2 3 "System Resources".
 */
#pragma once

#include "lib/types.h"

enum cr0_bit {
	CR0_PE = BIT(0),
	CR0_MP = BIT(1),
	CR0_EM = BIT(2),
	CR0_TS = BIT(3),
	CR0_ET = BIT(4),
	CR0_NE = BIT(5),
	CR0_WP = BIT(16),
	CR0_AM = BIT(18),
	CR0_NW = BIT(29),
	CR0_CD = BIT(30),
	CR0_PG = BIT(31),
};

enum cr4_bit {
	CR4_VME = BIT(0),
	CR4_PVI = BIT(1),
	CR4_TSD = BIT(2),
	CR4_DE = BIT(3),
	CR4_PSE = BIT(4),
	CR4_PAE = BIT(5),
	CR4_MCE = BIT(6),
	CR4_PGE = BIT(7),
	CR4_PCE = BIT(8),
	CR4_OSFXSR = BIT(9),
	CR4_OSXMMEXCPT = BIT(10),
	CR4_UMIP = BIT(11),
	CR4_LA57 = BIT(12),
	CR4_VMXE = BIT(13),
	CR4_SMXE = BIT(14),
	CR4_FSGSBASE = BIT(16),
	CR4_PCIDE = BIT(17),
	CR4_OSXSAVE = BIT(18),
	CR4_SMEP = BIT(20),
	CR4_SMAP = BIT(21),
	CR4_PKE = BIT(22),
	CR4_CET = BIT(23),
	CR4_PKS = BIT(24),
};

enum efer_bit {
	EFER_SCE = BIT(0),
	EFER_LME = BIT(8),
	EFER_LMA = BIT(10),
	EFER_NXE = BIT(11),
	EFER_SVME = BIT(12),
	EFER_LMSLE = BIT(13),
	EFER_FFXSR = BIT(14),
	EFER_TCE = BIT(15),
};

enum rflags_bit {
	RFLAGS_CF = BIT(0),
	RFLAGS_FIXED = BIT(1),
	RFLAGS_PF = BIT(2),
	RFLAGS_AF = BIT(4),
	RFLAGS_ZF = BIT(6),
	RFLAGS_SF = BIT(7),
	RFLAGS_TF = BIT(8),
	RFLAGS_IF = BIT(9),
	RFLAGS_DF = BIT(10),
	RFLAGS_OF = BIT(11),
	RFLAGS_IOPL = BITS(13, 12),
	RFLAGS_NT = BIT(14),
	RFLAGS_RF = BIT(16),
	RFLAGS_VM = BIT(17),
	RFLAGS_AC = BIT(18),
	RFLAGS_VIF = BIT(19),
	RFLAGS_VIP = BIT(20),
	RFLAGS_ID = BIT(21),
};

enum dr6_bit {
	DR6_B0_B3 = BITS(3, 0),
	DR6_BD = BIT(13),
	DR6_BS = BIT(14),
	DR6_BT = BIT(15),
	DR6_RESET = 0xffff0ff0,
};

enum dr7_bit {
	DR7_ENABLES = BITS(7, 0),
	DR7_LE = BIT(8),
	DR7_GE = BIT(9),
	DR7_FIXED = BIT(10),
	DR7_GD = BIT(13),
	DR7_RESET = 0x400,
};

enum xcr0_bit {
	XCR0_X87 = BIT(0),
	XCR0_SSE = BIT(1),
	XCR0_AVX = BIT(2),
	XCR0_BNDREGS = BIT(3),
	XCR0_BNDCSR = BIT(4),
	XCR0_OPMASK = BIT(5),
	XCR0_ZMM_HI256 = BIT(6),
	XCR0_HI16_ZMM = BIT(7),
	XCR0_PKRU = BIT(9),
	XCR0_TILECFG = BIT(17),
	XCR0_TILEDATA = BIT(18),
};

/* The #PF error code: SDM 3A 4.7 "Page-Fault Exceptions". */
enum page_fault_bit {
	PAGE_FAULT_P = BIT(0),
	PAGE_FAULT_W = BIT(1),
	PAGE_FAULT_U = BIT(2),
	PAGE_FAULT_RSVD = BIT(3),
	PAGE_FAULT_I = BIT(4),
	PAGE_FAULT_PK = BIT(5),
};

enum apic_base_bit {
	APIC_BASE_BSP = BIT(8),
	APIC_BASE_EXTD = BIT(10),
	APIC_BASE_EN = BIT(11),
};

/* SDM 4 table 2-2, IA32_PRED_CMD */
enum pred_cmd_bit { PRED_CMD_IBPB = BIT(0) };

/* SDM 4 "Model-Specific Registers", APM2 A "MSR Cross-Reference". */
enum msr {
	MSR_TSC = 0x10,
	MSR_APIC_BASE = 0x1b,
	MSR_FEATURE_CONTROL = 0x3a,
	MSR_TSC_ADJUST = 0x3b,
	MSR_SPEC_CTRL = 0x48,
	MSR_PRED_CMD = 0x49,
	MSR_BIOS_SIGN_ID = 0x8b,
	MSR_MTRRCAP = 0xfe,
	MSR_ARCH_CAPABILITIES = 0x10a,
	MSR_FLUSH_CMD = 0x10b,
	MSR_SYSENTER_CS = 0x174,
	MSR_SYSENTER_ESP = 0x175,
	MSR_SYSENTER_EIP = 0x176,
	MSR_MCG_CAP = 0x179,
	MSR_MCG_STATUS = 0x17a,
	MSR_MCG_CTL = 0x17b,
	MSR_MISC_ENABLE = 0x1a0,
	MSR_DEBUGCTL = 0x1d9,
	MSR_PAT = 0x277,
	MSR_MTRR_DEF_TYPE = 0x2ff,
	MSR_MC0_CTL = 0x400,
	MSR_MC0_STATUS = 0x401,
	MSR_MC0_ADDR = 0x402,
	MSR_MC0_MISC = 0x403,
	MSR_TSC_DEADLINE = 0x6e0,
	MSR_X2APIC_BASE = 0x800, /* + register offset / 16 */
	MSR_XSS = 0xda0,
	MSR_EFER = 0xc0000080,
	MSR_STAR = 0xc0000081,
	MSR_LSTAR = 0xc0000082,
	MSR_CSTAR = 0xc0000083,
	MSR_SFMASK = 0xc0000084,
	MSR_FS_BASE = 0xc0000100,
	MSR_GS_BASE = 0xc0000101,
	MSR_KERNEL_GS_BASE = 0xc0000102,
	MSR_TSC_AUX = 0xc0000103,
	MSR_SYSCFG = 0xc0010010,
	MSR_HWCR = 0xc0010015,
	MSR_VM_CR = 0xc0010114,
	MSR_VM_HSAVE_PA = 0xc0010117,
};

/* SDM 3A 12.12.4 "Programming the PAT", table 12-12. */
#define PAT_POWER_UP 0x0007040600070406ULL

enum exception {
	EXCEPTION_DE = 0,
	EXCEPTION_DB = 1,
	EXCEPTION_NMI = 2,
	EXCEPTION_BP = 3,
	EXCEPTION_OF = 4,
	EXCEPTION_BR = 5,
	EXCEPTION_UD = 6,
	EXCEPTION_NM = 7,
	EXCEPTION_DF = 8,
	EXCEPTION_TS = 10,
	EXCEPTION_NP = 11,
	EXCEPTION_SS = 12,
	EXCEPTION_GP = 13,
	EXCEPTION_PF = 14,
	EXCEPTION_MF = 16,
	EXCEPTION_AC = 17,
	EXCEPTION_MC = 18,
	EXCEPTION_XM = 19,
	EXCEPTION_VE = 20,
	EXCEPTION_CP = 21,
	EXCEPTION_HV = 28,
	EXCEPTION_VC = 29,
	EXCEPTION_SX = 30,
};

/* Sets of exceptions, a bit for each. Those that push an error code in protected mode, without CET's. */
#define EXCEPTIONS_WITH_ERROR                                                            \
	(BIT(EXCEPTION_DF) | BIT(EXCEPTION_TS) | BIT(EXCEPTION_NP) | BIT(EXCEPTION_SS) | \
	 BIT(EXCEPTION_GP) | BIT(EXCEPTION_PF) | BIT(EXCEPTION_AC))

/*
 * Faults: what they push has RF set, so that the instruction's own breakpoint is not met again (SDM 3B
 * 18.3.1.1 "Instruction-Breakpoint Exception Condition"). #DB, which may be one, has rules of its own.
 */
#define EXCEPTIONS_FAULTS                                                                \
	(BIT(EXCEPTION_DE) | BIT(EXCEPTION_BR) | BIT(EXCEPTION_UD) | BIT(EXCEPTION_NM) | \
	 BIT(EXCEPTION_TS) | BIT(EXCEPTION_NP) | BIT(EXCEPTION_SS) | BIT(EXCEPTION_GP) | \
	 BIT(EXCEPTION_PF) | BIT(EXCEPTION_MF) | BIT(EXCEPTION_AC) | BIT(EXCEPTION_XM) | \
	 BIT(EXCEPTION_VE) | BIT(EXCEPTION_CP))
