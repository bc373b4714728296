/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor's VMX can do (SDM 3D A "VMX Capability Reporting Facility"), and which
 * controls we choose from it: all that the backend relies on, or a refusal in words. Pure.
 */
#pragma once

#include "arch/x86_64/vmx/vmcs.h"

/* MSRs 480h to 490h, as they are; the four with true controls where BASIC says that these exist. */
struct vmx_capability {
	uint64_t basic, misc;
	uint64_t pin, primary, secondary, exit, entry;
	uint64_t cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
	uint64_t ept_vpid;
};

enum vmx_msr {
	MSR_VMX_BASIC = 0x480,
	MSR_VMX_PIN = 0x481,
	MSR_VMX_PRIMARY = 0x482,
	MSR_VMX_EXIT = 0x483,
	MSR_VMX_ENTRY = 0x484,
	MSR_VMX_MISC = 0x485,
	MSR_VMX_CR0_FIXED0 = 0x486,
	MSR_VMX_CR0_FIXED1 = 0x487,
	MSR_VMX_CR4_FIXED0 = 0x488,
	MSR_VMX_CR4_FIXED1 = 0x489,
	MSR_VMX_SECONDARY = 0x48b,
	MSR_VMX_EPT_VPID = 0x48c,
	MSR_VMX_TRUE_PIN = 0x48d,
	MSR_VMX_TRUE_PRIMARY = 0x48e,
	MSR_VMX_TRUE_EXIT = 0x48f,
	MSR_VMX_TRUE_ENTRY = 0x490,
};

/* MSR_VMX_BASIC */
#define VMX_BASIC_REVISION	 BITS(30, 0)
#define VMX_BASIC_SIZE		 BITS(44, 32)
#define VMX_BASIC_32BIT		 BIT(48) /* VMCS and VMXON pages must lie below 4 GiB */
#define VMX_BASIC_MEMORY_TYPE	 BITS(53, 50)
#define VMX_BASIC_STRING_INFO	 BIT(54) /* INS and OUTS exits tell segment and address size */
#define VMX_BASIC_TRUE_CONTROLS	 BIT(55)
#define VMX_BASIC_ANY_ERROR_CODE BIT(56) /* entry does not check which exceptions have one */

/* MSR_VMX_MISC */
#define VMX_MISC_TIMER_SHIFT BITS(4, 0)

/* MSR_VMX_EPT_VPID */
enum vmx_ept_vpid {
	VMX_EPT_LEVELS_4 = BIT(6),
	VMX_EPT_WB = BIT(14),
	VMX_EPT_2M = BIT(16),
	VMX_EPT_1G = BIT(17),
	VMX_EPT_INVEPT = BIT(20),
	VMX_EPT_AD = BIT(21),
	VMX_EPT_INVEPT_SINGLE = BIT(25),
	VMX_EPT_INVEPT_ALL = BIT(26),
	VMX_VPID_INVVPID = BIT(32),
	VMX_VPID_INVVPID_SINGLE = BIT(41),
	VMX_VPID_INVVPID_ALL = BIT(42),
};

struct vmx_controls {
	uint32_t pin, primary, secondary, exit, entry;
	bool vpid;
	bool invept_single;  /* else all contexts */
	bool invvpid_single; /* else another VPID is taken */
	bool gib_pages;	     /* 1 GiB leaves in EPT */
	bool string_info;
	uint64_t eptp_bits;  /* of every EPT pointer beside the root */
	uint8_t timer_shift; /* the preemption timer counts TSC ticks >> this */
};

/* cr0 and cr4 are the host's own. False: reason says why not. */
bool vmx_controls_choose(const struct vmx_capability *capability, uint64_t cr0, uint64_t cr4,
			 struct vmx_controls *controls, char *reason, size_t size);

/*
 * In what another CPU of the machine does not bear what was chosen on the first one, in words, or
 * NULL.
 */
const char *vmx_controls_misfit(const struct vmx_controls *chosen,
				const struct vmx_capability *first,
				const struct vmx_capability *mine);
