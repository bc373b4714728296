/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An entry that did not happen: which of the guest's fields, or which mistake of ours. No cost to
 * those that do.
 */
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/vmx/check.h"
#include "arch/x86_64/vmx/vcpu.h"

enum { REASON_MSR_LOADING = 34, REASON_MACHINE_CHECK = 41 };

static void read_segments(struct vmx_guest_state *s)
{
	for (unsigned i = 0; i < SEG_COUNT; i++)
		s->seg[i] = (struct vmx_guest_segment){
			.selector = (uint16_t)vmx_read(VMCS_SEGMENT(VMCS_GUEST_SELECTOR, i)),
			.access = vmx_read32(VMCS_SEGMENT(VMCS_GUEST_ACCESS, i)),
			.limit = vmx_read32(VMCS_SEGMENT(VMCS_GUEST_LIMIT, i)),
			.base = vmx_read(VMCS_SEGMENT(VMCS_GUEST_BASE, i)),
		};
	s->gdtr.base = vmx_read(VMCS_GUEST_GDTR_BASE);
	s->gdtr.limit = vmx_read32(VMCS_GUEST_GDTR_LIMIT);
	s->idtr.base = vmx_read(VMCS_GUEST_IDTR_BASE);
	s->idtr.limit = vmx_read32(VMCS_GUEST_IDTR_LIMIT);
}

static void read_state(struct vmx_guest_state *s)
{
	*s = (struct vmx_guest_state){
		.cr0 = vmx_read(VMCS_GUEST_CR0),
		.cr3 = vmx_read(VMCS_GUEST_CR3),
		.cr4 = vmx_read(VMCS_GUEST_CR4),
		.dr7 = vmx_read(VMCS_GUEST_DR7),
		.debugctl = vmx_read(VMCS_GUEST_DEBUGCTL),
		.pat = vmx_read(VMCS_GUEST_PAT),
		.efer = vmx_read(VMCS_GUEST_EFER),
		.sysenter_esp = vmx_read(VMCS_GUEST_SYSENTER_ESP),
		.sysenter_eip = vmx_read(VMCS_GUEST_SYSENTER_EIP),
		.rip = vmx_read(VMCS_GUEST_RIP),
		.rflags = vmx_read(VMCS_GUEST_RFLAGS),
		.pending_debug = vmx_read(VMCS_GUEST_PENDING_DEBUG),
		.link_pointer = vmx_read(VMCS_LINK_POINTER),
		.activity = vmx_read32(VMCS_GUEST_ACTIVITY),
		.interruptibility = vmx_read32(VMCS_GUEST_INTERRUPTIBILITY),
		.entry_controls = vmx_read32(VMCS_ENTRY_CONTROLS),
		.event = vmx_read32(VMCS_ENTRY_EVENT),
		.event_error = vmx_read(VMCS_ENTRY_EVENT_ERROR),
		.insn_len = vmx_read32(VMCS_ENTRY_INSN_LEN),
	};
	for (unsigned i = 0; i < 4; i++)
		s->pdpte[i] = vmx_read(VMCS_GUEST_PDPTE0 + 2 * i);
	read_segments(s);
}

static struct vmx_check_limits check_limits(void)
{
	return (struct vmx_check_limits){
		.cr0_fixed0 = vmx_capability.cr0_fixed0,
		.cr0_fixed1 = vmx_capability.cr0_fixed1,
		.cr4_fixed0 = vmx_capability.cr4_fixed0,
		.cr4_fixed1 = vmx_capability.cr4_fixed1,
		.phys_bits = cpu_features.phys_bits,
		.linear_bits = cpu_features.linear_bits,
		.any_error_code = (vmx_capability.basic & VMX_BASIC_ANY_ERROR_CODE) != 0,
	};
}

/* The instruction failed: SDM 3C 31.4 "VM Instruction Error Numbers". */
static const char *name_error(uint32_t error, const struct vmx_guest_state *state)
{
	static const char *const names[] = {
		[4] = "VMLAUNCH of a VMCS that is not clear",
		[5] = "VMRESUME of a VMCS that is not launched",
		[7] = "a control field",
		[8] = "a field of the host's state",
	};
	const struct vmx_check_limits limits = check_limits();
	const char *flaw = error == 7 ? vmx_check_event(state, &limits) : NULL;

	if (flaw || error >= ARRAY_SIZE(names))
		return flaw;
	return names[error];
}

/* The exit came in place of the guest: SDM 3C 27.8 "VM-Entry Failures During or After Loading". */
static const char *name_reason(uint32_t reason, const struct vmx_guest_state *state)
{
	const struct vmx_check_limits limits = check_limits();

	if (reason == REASON_MACHINE_CHECK)
		return "a machine check";
	return reason == REASON_MSR_LOADING ? "an MSR to load" : vmx_check_guest(state, &limits);
}

/*
 * After an exit of that kind the VMCS is launched only if it was before, which we do not know any
 * more; and the event still waits.
 */
static void take_back_entry(struct virt_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);

	vmx_clear(x->vmcs_pa);
	vmx_ptrld(x->vmcs_pa);
	v->launched = false;
	x->event = (vmx_read32(VMCS_ENTRY_EVENT) & VMX_EVENT_VALID) != 0;
}

uint64_t vmx_decode_refusal(struct virt_vcpu *v, bool failed)
{
	uint32_t code = vmx_read32(failed ? VMCS_INSN_ERROR : VMCS_EXIT_REASON);
	struct vmx_guest_state state;

	read_state(&state);
	v->reinject_valid = false;
	v->exit.insn_len = 0;
	v->exit.kind = VM_EXIT_INVALID;
	if (failed) {
		v->exit.refused = name_error(code, &state);
		return 0;
	}
	if ((code & 0xffff) == REASON_MACHINE_CHECK)
		v->exit.kind = VM_EXIT_MACHINE_CHECK;
	v->exit.refused = name_reason(code & 0xffff, &state);
	take_back_entry(v);
	return vmx_read(VMCS_QUALIFICATION);
}
