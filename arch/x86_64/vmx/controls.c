/* SPDX-License-Identifier: BSD-2-Clause */
/* Chooses the controls; each that is needed has its name in the manual's words for the refusal. */
#include "arch/x86_64/vmx/controls.h"

#include "arch/x86_64/regs.h"
#include "lib/format.h"

struct need {
	uint32_t bit;
	const char *name; /* NULL: taken where it is */
};

static const struct need pin_needs[] = {
	{VMX_PIN_EXTERNAL_INTERRUPT, "external-interrupt exiting"},
	{VMX_PIN_NMI, "NMI exiting"},
	{VMX_PIN_VIRTUAL_NMIS, "virtual NMIs"},
	{VMX_PIN_PREEMPTION_TIMER, "the preemption timer"},
};

static const struct need primary_needs[] = {
	{VMX_PRIMARY_SECONDARY, "secondary controls"},
	{VMX_PRIMARY_TSC_OFFSETTING, "TSC offsetting"},
	{VMX_PRIMARY_HLT, "HLT exiting"},
	{VMX_PRIMARY_MWAIT, "MWAIT exiting"},
	{VMX_PRIMARY_RDPMC, "RDPMC exiting"},
	{VMX_PRIMARY_TPR_SHADOW, "the TPR shadow"},
	{VMX_PRIMARY_IO_BITMAPS, "I/O bitmaps"},
	{VMX_PRIMARY_MSR_BITMAPS, "MSR bitmaps"},
	{VMX_PRIMARY_MONITOR, "MONITOR exiting"},
};

/* Switched on and off while guests run. */
static const struct need primary_windows[] = {
	{VMX_PRIMARY_INTERRUPT_WINDOW, "interrupt-window exiting"},
	{VMX_PRIMARY_NMI_WINDOW, "NMI-window exiting"},
};

static const struct need secondary_needs[] = {
	{VMX_SECONDARY_EPT, "EPT"},
	{VMX_SECONDARY_UNRESTRICTED, "unrestricted guest"},
	{VMX_SECONDARY_WBINVD, "WBINVD exiting"},
	{VMX_SECONDARY_RDTSCP, NULL},
	{VMX_SECONDARY_VPID, NULL},
	{VMX_SECONDARY_INVPCID, NULL},
	{VMX_SECONDARY_ENCLS, NULL},
};

static const struct need exit_needs[] = {
	{VMX_EXIT_CONTROL_SAVE_DEBUG, "saving of debug controls"},
	{VMX_EXIT_CONTROL_HOST_64, "64-bit hosts"},
	{VMX_EXIT_CONTROL_LOAD_PAT, "loading of PAT at exits"},
	{VMX_EXIT_CONTROL_LOAD_EFER, "loading of EFER at exits"},
	{VMX_EXIT_CONTROL_SAVE_TIMER, "saving of the preemption timer"},
};

static const struct need entry_needs[] = {
	{VMX_ENTRY_LOAD_DEBUG, "loading of debug controls"},
	{VMX_ENTRY_LOAD_PAT, "loading of PAT at entries"},
	{VMX_ENTRY_LOAD_EFER, "loading of EFER at entries"},
};

static const struct need entry_modes[] = {
	{VMX_ENTRY_LONG_MODE, "64-bit guests"},
};

/*
 * What a control word is made of. always1: reserved bits that are 1, SDM 3D A.2 "Reserved Controls
 * and Default Settings".
 */
struct word {
	const char *name;
	const struct need *needs, *later;
	unsigned need_count, later_count;
	uint32_t always1;
};

#define NEEDS(list) .needs = (list), .need_count = ARRAY_SIZE(list)
#define LATER(list) .later = (list), .later_count = ARRAY_SIZE(list)

static const struct word word_pin = {"pin", NEEDS(pin_needs), .always1 = 0x16};
static const struct word word_primary = {"primary", NEEDS(primary_needs), LATER(primary_windows),
					 .always1 = 0x04006172};
static const struct word word_secondary = {"secondary", NEEDS(secondary_needs)};
static const struct word word_exit = {"exit", NEEDS(exit_needs), .always1 = 0x36dfb};
static const struct word word_entry = {"entry", NEEDS(entry_needs), LATER(entry_modes),
				       .always1 = 0x11fb};

/* capability: bits 31:0 must be 1 where they are 1, bits 63:32 may be 1 where they are 1. */
static bool choose(const struct word *word, uint64_t capability, uint32_t *value, char *reason,
		   size_t size)
{
	uint32_t forced = (uint32_t)capability, allowed = (uint32_t)(capability >> 32), wanted = 0;

	for (unsigned i = 0; i < word->need_count + word->later_count; i++) {
		bool later = i >= word->need_count;
		const struct need *need = later ? &word->later[i - word->need_count]
						: &word->needs[i];

		if (!(allowed & need->bit) && need->name) {
			format(reason, size, "the processor has VMX without %s", need->name);
			return false;
		}
		if (!later)
			wanted |= need->bit & allowed;
	}
	if (forced & ~(wanted | word->always1)) {
		format(reason, size, "VMX forces %s controls 0x%x, which nobody handles",
		       word->name, forced & ~(wanted | word->always1));
		return false;
	}
	/* A reserved bit that is 1 stays 1 where a later processor would let us have 0. */
	*value = wanted | forced | (word->always1 & allowed);
	return true;
}

static bool basic_fits(const struct vmx_capability *c, char *reason, size_t size)
{
	const char *flaw = NULL;
	uint64_t bytes = (c->basic & VMX_BASIC_SIZE) >> 32;

	if (!(c->basic & VMX_BASIC_TRUE_CONTROLS))
		flaw = "true controls";
	else if (!bytes || bytes > PAGE_SIZE || (c->basic & VMX_BASIC_32BIT))
		flaw = "a VMCS that is one page anywhere";
	else if ((c->basic & VMX_BASIC_MEMORY_TYPE) >> 50 != VMX_EPTP_WB)
		flaw = "write-back VMCS memory";
	if (flaw)
		format(reason, size, "the processor has VMX without %s", flaw);
	return !flaw;
}

static bool ept_fits(const struct vmx_capability *c, char *reason, size_t size)
{
	const char *flaw = NULL;

	if (!(c->ept_vpid & VMX_EPT_LEVELS_4))
		flaw = "4-level tables";
	else if (!(c->ept_vpid & VMX_EPT_WB))
		flaw = "write-back tables";
	else if (!(c->ept_vpid & VMX_EPT_2M))
		flaw = "2 MiB pages";
	else if (!(c->ept_vpid & VMX_EPT_INVEPT) || !(c->ept_vpid & VMX_EPT_INVEPT_ALL))
		flaw = "INVEPT";
	if (flaw)
		format(reason, size, "the processor has EPT without %s", flaw);
	return !flaw;
}

/* SDM 3D A.7 "VMX-Fixed Bits in CR0", A.8: what the host's registers must hold in VMX operation. */
static bool host_fits(const struct vmx_capability *c, uint64_t cr0, uint64_t cr4, char *reason,
		      size_t size)
{
	uint64_t bad0 = (c->cr0_fixed0 & ~cr0) | (cr0 & ~c->cr0_fixed1);
	uint64_t bad4 = (c->cr4_fixed0 & ~(cr4 | CR4_VMXE)) | ((cr4 | CR4_VMXE) & ~c->cr4_fixed1);

	if (bad0)
		format(reason, size, "VMX demands other CR0 bits than the kernel's: 0x%lx", bad0);
	else if (bad4)
		format(reason, size, "VMX demands other CR4 bits than the kernel's: 0x%lx", bad4);
	return !bad0 && !bad4;
}

static void note_extras(const struct vmx_capability *c, struct vmx_controls *controls)
{
	uint64_t vpid = VMX_VPID_INVVPID | VMX_VPID_INVVPID_ALL;

	controls->vpid = (controls->secondary & VMX_SECONDARY_VPID) && (c->ept_vpid & vpid) == vpid;
	if (!controls->vpid)
		controls->secondary &= ~(uint32_t)VMX_SECONDARY_VPID;
	controls->invept_single = c->ept_vpid & VMX_EPT_INVEPT_SINGLE;
	controls->invvpid_single = c->ept_vpid & VMX_VPID_INVVPID_SINGLE;
	controls->gib_pages = c->ept_vpid & VMX_EPT_1G;
	controls->string_info = c->basic & VMX_BASIC_STRING_INFO;
	controls->eptp_bits = VMX_EPTP_WB | VMX_EPTP_LEVELS_4;
	controls->eptp_bits |= c->ept_vpid & VMX_EPT_AD ? VMX_EPTP_AD : 0;
	controls->timer_shift = c->misc & VMX_MISC_TIMER_SHIFT;
}

bool vmx_controls_choose(const struct vmx_capability *capability, uint64_t cr0, uint64_t cr4,
			 struct vmx_controls *controls, char *reason, size_t size)
{
	*controls = (struct vmx_controls){0};
	if (!basic_fits(capability, reason, size) ||
	    !choose(&word_primary, capability->primary, &controls->primary, reason, size) ||
	    !choose(&word_secondary, capability->secondary, &controls->secondary, reason, size) ||
	    !choose(&word_pin, capability->pin, &controls->pin, reason, size) ||
	    !choose(&word_exit, capability->exit, &controls->exit, reason, size) ||
	    !choose(&word_entry, capability->entry, &controls->entry, reason, size) ||
	    !ept_fits(capability, reason, size) || !host_fits(capability, cr0, cr4, reason, size))
		return false;
	note_extras(capability, controls);
	return true;
}

static bool word_fits(uint32_t chosen, uint64_t capability)
{
	return !(chosen & ~(capability >> 32)) && !((uint32_t)capability & ~chosen);
}

static bool words_fit(const struct vmx_controls *chosen, const struct vmx_capability *c)
{
	const uint64_t windows = VMX_PRIMARY_INTERRUPT_WINDOW | VMX_PRIMARY_NMI_WINDOW;

	return word_fits(chosen->pin, c->pin) && word_fits(chosen->primary, c->primary) &&
	       word_fits(chosen->secondary, c->secondary) && word_fits(chosen->exit, c->exit) &&
	       word_fits(chosen->entry, c->entry) && (c->primary >> 32 & windows) == windows &&
	       (c->entry >> 32 & VMX_ENTRY_LONG_MODE);
}

const char *vmx_controls_misfit(const struct vmx_controls *chosen,
				const struct vmx_capability *first,
				const struct vmx_capability *mine)
{
	const uint64_t same = VMX_BASIC_REVISION | VMX_BASIC_SIZE | VMX_BASIC_MEMORY_TYPE;
	const uint64_t used = VMX_EPT_LEVELS_4 | VMX_EPT_WB | VMX_EPT_2M | VMX_EPT_1G |
			      VMX_EPT_INVEPT | VMX_EPT_AD | VMX_EPT_INVEPT_SINGLE |
			      VMX_EPT_INVEPT_ALL | VMX_VPID_INVVPID | VMX_VPID_INVVPID_SINGLE |
			      VMX_VPID_INVVPID_ALL;

	if (((first->basic ^ mine->basic) & same) ||
	    (first->basic & ~mine->basic & VMX_BASIC_STRING_INFO))
		return "the VMCS";
	if (!words_fit(chosen, mine))
		return "VMX controls";
	if (first->ept_vpid & ~mine->ept_vpid & used)
		return "EPT and VPID";
	if ((mine->cr0_fixed0 & ~first->cr0_fixed0) || (first->cr0_fixed1 & ~mine->cr0_fixed1) ||
	    (mine->cr4_fixed0 & ~first->cr4_fixed0) || (first->cr4_fixed1 & ~mine->cr4_fixed1))
		return "the fixed bits of CR0 and CR4";
	return (first->misc ^ mine->misc) & VMX_MISC_TIMER_SHIFT ? "the preemption timer's rate"
								 : NULL;
}
