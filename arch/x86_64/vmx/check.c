/* SPDX-License-Identifier: BSD-2-Clause */
/* Control registers, MSRs, flags, the blocking of events, PDPTEs, and the event to inject. */
#include "arch/x86_64/vmx/check.h"

#include "arch/x86_64/regs.h"
#include "arch/x86_64/vmx/vmcs.h"

#define RFLAGS_RESERVED	       (~BITS(21, 0) | BIT(15) | BIT(5) | BIT(3))
#define EFER_EXISTING	       (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)
#define PENDING_DEBUG_EXISTING (BITS(3, 0) | BIT(12) | BIT(14) | BIT(16))
#define PDPTE_RESERVED	       (BITS(8, 5) | BITS(2, 1))
#define DEBUGCTL_RESERVED      (BITS(63, 16) | BITS(5, 3))

enum { ACTIVITY_ACTIVE, ACTIVITY_HLT, ACTIVITY_SHUTDOWN, ACTIVITY_WAIT_FOR_SIPI };

static bool is_long(const struct vmx_guest_state *s)
{
	return s->entry_controls & VMX_ENTRY_LONG_MODE;
}

/* SDM 3C 27.3.1.1 "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static const char *check_control(const struct vmx_guest_state *s, const struct vmx_check_limits *l)
{
	const uint64_t free0 = CR0_PE | CR0_PG; /* of an unrestricted guest; NW and CD are ignored */

	if (((l->cr0_fixed0 & ~free0 & ~s->cr0) | (s->cr0 & ~l->cr0_fixed1)) &
	    ~(uint64_t)(CR0_NW | CR0_CD))
		return "CR0";
	if ((s->cr0 & CR0_PG) && !(s->cr0 & CR0_PE))
		return "CR0";
	if ((l->cr4_fixed0 & ~s->cr4) | (s->cr4 & ~l->cr4_fixed1))
		return "CR4";
	if (is_long(s) && !(s->cr0 & CR0_PG))
		return "CR0";
	if (is_long(s) ? !(s->cr4 & CR4_PAE) : (s->cr4 & CR4_PCIDE) != 0)
		return "CR4";
	return s->cr3 >> l->phys_bits ? "CR3" : NULL;
}

static bool pat_fits(uint64_t pat)
{
	for (unsigned i = 0; i < 8; i++) {
		unsigned type = pat >> (8 * i) & 0xff;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

static const char *check_msrs(const struct vmx_guest_state *s, const struct vmx_check_limits *l)
{
	bool active = s->efer & EFER_LMA;

	if (s->debugctl & DEBUGCTL_RESERVED)
		return "IA32_DEBUGCTL";
	if (s->dr7 >> 32)
		return "DR7";
	if (!vmx_check_canonical(s->sysenter_esp, l))
		return "IA32_SYSENTER_ESP";
	if (!vmx_check_canonical(s->sysenter_eip, l))
		return "IA32_SYSENTER_EIP";
	if (!pat_fits(s->pat))
		return "IA32_PAT";
	if ((s->efer & ~(uint64_t)EFER_EXISTING) || active != is_long(s) ||
	    ((s->cr0 & CR0_PG) && active != ((s->efer & EFER_LME) != 0)))
		return "IA32_EFER";
	return NULL;
}

/* SDM 3C 27.3.1.4 "Checks on Guest RIP, RFLAGS, and SSP" */
static const char *check_flow(const struct vmx_guest_state *s, const struct vmx_check_limits *l)
{
	bool code64 = is_long(s) && (s->seg[SEG_CS].access & VMX_ACCESS_L);
	/* Those behind the last one of the lower half pass: the fetch faults. */
	uint64_t top = s->rip >> l->linear_bits, ones = ~0ULL >> l->linear_bits;
	bool interrupt = (s->event & VMX_EVENT_VALID) && !(s->event & VMX_EVENT_TYPE);

	if (code64 ? top != 0 && top != ones : s->rip >> 32 != 0)
		return "RIP";
	if ((s->rflags & RFLAGS_RESERVED) || !(s->rflags & RFLAGS_FIXED))
		return "RFLAGS";
	if ((s->rflags & RFLAGS_VM) && (is_long(s) || !(s->cr0 & CR0_PE)))
		return "RFLAGS";
	return interrupt && !(s->rflags & RFLAGS_IF) ? "RFLAGS" : NULL;
}

/* From HLT by an interrupt, an NMI, #DB or #MC, from shutdown by the second and the last. */
static bool event_wakes(const struct vmx_guest_state *s)
{
	unsigned type = (s->event & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT;
	unsigned vector = s->event & VMX_EVENT_VECTOR;
	bool machine_check = type == INJECT_EXCEPTION && vector == EXCEPTION_MC;

	switch (s->activity) {
	case ACTIVITY_ACTIVE:
		return true;
	case ACTIVITY_HLT:
		return type == INJECT_EXTERNAL || type == INJECT_NMI || machine_check ||
		       (type == INJECT_EXCEPTION && vector == EXCEPTION_DB);
	case ACTIVITY_SHUTDOWN:
		return type == INJECT_NMI || machine_check;
	default:
		return false;
	}
}

/* SDM 3C 27.3.1.5 "Checks on Guest Non-Register State" */
static const char *check_activity(const struct vmx_guest_state *s, const struct vmx_check_limits *l)
{
	unsigned dpl = (unsigned)((s->seg[SEG_SS].access & VMX_ACCESS_DPL) >> 5);

	(void)l;
	if (s->activity > ACTIVITY_WAIT_FOR_SIPI || (s->activity == ACTIVITY_HLT && dpl))
		return "activity state";
	if (s->activity != ACTIVITY_ACTIVE && (s->interruptibility & VMX_BLOCKED_BY_SHADOW))
		return "activity state";
	return (s->event & VMX_EVENT_VALID) && !event_wakes(s) ? "activity state" : NULL;
}

static const char *check_blocking(const struct vmx_guest_state *s, const struct vmx_check_limits *l)
{
	unsigned type = (s->event & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT;
	uint32_t state = s->interruptibility;
	bool event = s->event & VMX_EVENT_VALID;

	(void)l;
	if ((state >> 4) || (state & VMX_BLOCKED_BY_SHADOW) == VMX_BLOCKED_BY_SHADOW ||
	    (state & VMX_BLOCKED_BY_SMI))
		return "interruptibility state";
	if ((state & VMX_BLOCKED_BY_STI) && !(s->rflags & RFLAGS_IF))
		return "interruptibility state";
	if (event && (type == INJECT_EXTERNAL || type == INJECT_NMI) &&
	    (state & VMX_BLOCKED_BY_SHADOW))
		return "interruptibility state";
	if (event && type == INJECT_NMI && (state & VMX_BLOCKED_BY_NMI))
		return "interruptibility state";
	return NULL;
}

static const char *check_pending(const struct vmx_guest_state *s, const struct vmx_check_limits *l)
{
	bool held = (s->interruptibility & VMX_BLOCKED_BY_SHADOW) || s->activity == ACTIVITY_HLT;
	bool stepping = (s->rflags & RFLAGS_TF) && !(s->debugctl & BIT(1));

	(void)l;
	if (s->pending_debug & ~PENDING_DEBUG_EXISTING)
		return "pending debug exceptions";
	if (held && ((s->pending_debug & VMX_PENDING_DEBUG_BS) != 0) != stepping)
		return "pending debug exceptions";
	return s->link_pointer != ~0ULL ? "VMCS link pointer" : NULL;
}

/* SDM 3C 27.3.1.6 "Checks on Guest Page-Directory-Pointer-Table Entries" */
static const char *check_pdptes(const struct vmx_guest_state *s, const struct vmx_check_limits *l)
{
	if (!(s->cr0 & CR0_PG) || !(s->cr4 & CR4_PAE) || is_long(s))
		return NULL;
	for (unsigned i = 0; i < 4; i++)
		if ((s->pdpte[i] & 1) &&
		    ((s->pdpte[i] & PDPTE_RESERVED) || s->pdpte[i] >> l->phys_bits))
			return "PDPTE";
	return NULL;
}

/* SDM 3C 27.2.1.3 "VM-Entry Control Fields" */
const char *vmx_check_event(const struct vmx_guest_state *s, const struct vmx_check_limits *l)
{
	unsigned type = (s->event & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT;
	unsigned vector = s->event & VMX_EVENT_VECTOR;
	bool wants_error = type == INJECT_EXCEPTION && vector < 32 &&
			   (EXCEPTIONS_WITH_ERROR >> vector & 1) && (s->cr0 & CR0_PE);
	bool has_error = s->event & VMX_EVENT_ERROR;

	if (!(s->event & VMX_EVENT_VALID))
		return NULL;
	if (s->event & BITS(30, 12) || type == 1 || type == 7)
		return "event to inject: type";
	if ((type == INJECT_NMI && vector != EXCEPTION_NMI) ||
	    (type == INJECT_EXCEPTION && vector > 31))
		return "event to inject: vector";
	if (has_error != wants_error && !(l->any_error_code && type == INJECT_EXCEPTION))
		return "event to inject: error code";
	if (has_error && s->event_error >> 16)
		return "event to inject: error code";
	if (type >= VMX_TYPE_SOFT_INTERRUPT && (s->insn_len < 1 || s->insn_len > 15))
		return "event to inject: instruction length";
	return NULL;
}

static const char *check_segments(const struct vmx_guest_state *s, const struct vmx_check_limits *l)
{
	return vmx_check_segments(s, l);
}

const char *vmx_check_guest(const struct vmx_guest_state *state,
			    const struct vmx_check_limits *limits)
{
	typedef const char *(*check_fn)(const struct vmx_guest_state *,
					const struct vmx_check_limits *);
	static const check_fn checks[] = {
		vmx_check_event, check_control,	 check_msrs,	check_segments, check_flow,
		check_activity,	 check_blocking, check_pending, check_pdptes,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(checks); i++) {
		const char *field = checks[i](state, limits);

		if (field)
			return field;
	}
	return NULL;
}
