/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events into the guest: the entry's event, the two windows, the TPR; NMI blocking is the
 * hardware's.
 */
#include "arch/x86_64/vmx/vcpu.h"

bool vmx_injecting(const struct virt_vcpu *v)
{
	return vmx_of(v)->event;
}

/*
 * Of the last instruction: it comes before any interrupt or NMI, whose injection would drop it (SDM 3C
 * 27.7.3 "Delivery of Pending Debug Exceptions after VM Entry").
 */
static bool debug_exception_pending(void)
{
	return vmx_read_live(VMCS_GUEST_PENDING_DEBUG) &
	       (VMX_PENDING_DEBUG_ENABLED | VMX_PENDING_DEBUG_BS);
}

bool vmx_interrupt(struct virt_vcpu *v, uint8_t vector)
{
	if (!vmx_interrupt_open(v))
		return false;
	vmx_write(VMCS_ENTRY_EVENT, vector | VMX_EVENT_VALID); /* type 0 */
	vmx_of(v)->event = true;
	return true;
}

bool vmx_interrupt_open(const struct virt_vcpu *v)
{
	const struct vmx_vcpu *x = vmx_of(v);

	return (x->rflags & RFLAGS_IF) && !x->event &&
	       !(vmx_read_live(VMCS_GUEST_INTERRUPTIBILITY) & VMX_BLOCKED_BY_SHADOW) &&
	       !debug_exception_pending();
}

bool vmx_nmi_open(const struct virt_vcpu *v)
{
	const uint32_t blocks = VMX_BLOCKED_BY_SHADOW | VMX_BLOCKED_BY_NMI;

	return !vmx_of(v)->event && !(vmx_read32(VMCS_GUEST_INTERRUPTIBILITY) & blocks) &&
	       !debug_exception_pending();
}

/*
 * SDM 3C 27.2.1.3 "VM-Entry Control Fields": the hardware refuses a wrong choice about the error code,
 * which real mode has none of, and any bit above 15 in it.
 */
static uint32_t error_code_wanted(const struct virt_vcpu *v, const struct frame_event *event)
{
	bool wanted = event->type == INJECT_EXCEPTION && event->vector < 32 &&
		      (EXCEPTIONS_WITH_ERROR >> event->vector & 1) &&
		      (vmx_of(v)->cr0_shadow & CR0_PE);

	return wanted ? VMX_EVENT_ERROR : 0;
}

static bool is_fault(const struct frame_event *event)
{
	return event->type == INJECT_EXCEPTION && event->vector < 32 &&
	       (EXCEPTIONS_FAULTS >> event->vector & 1);
}

void vmx_inject(struct virt_vcpu *v, const struct frame_event *event)
{
	struct vmx_vcpu *x = vmx_of(v);
	uint32_t error = error_code_wanted(v, event);

	if (error)
		vmx_write(VMCS_ENTRY_EVENT_ERROR, event->error & 0xffff);
	if (event->type >= INJECT_SOFT)
		vmx_write(VMCS_ENTRY_INSN_LEN, event->insn_len);
	if (is_fault(event))
		vmx_set_rflags(x, x->rflags | RFLAGS_RF);
	if (event->type == INJECT_EXCEPTION && event->vector == EXCEPTION_PF)
		v->cr2 = event->cr2;
	vmx_write(VMCS_ENTRY_EVENT, event->vector | (uint32_t)event->type << VMX_EVENT_TYPE_SHIFT |
					    error | VMX_EVENT_VALID);
	x->event = true;
}

static void set_primary(struct vmx_vcpu *x, uint32_t value)
{
	if (x->primary == value)
		return;
	x->primary = value;
	vmx_write(VMCS_PRIMARY_CONTROLS, value);
}

/* The window opens behind what waits. */
bool vmx_take_back(struct virt_vcpu *v, int vector)
{
	(void)v, (void)vector;
	return false;
}

void vmx_want_window(struct virt_vcpu *v, bool on)
{
	struct vmx_vcpu *x = vmx_of(v);

	v->window_wanted = on;
	set_primary(x, on ? x->primary | VMX_PRIMARY_INTERRUPT_WINDOW
			  : x->primary & ~(uint32_t)VMX_PRIMARY_INTERRUPT_WINDOW);
}

/*
 * Whether STI's shadow keeps the NMI window shut depends on the processor (SDM 3C 27.7.6 "NMI-Window
 * Exiting"); it does shut that of interrupts, and IF is 1 behind it.
 */
void vmx_want_nmi_window(struct virt_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);

	if (vmx_read32(VMCS_GUEST_INTERRUPTIBILITY) & VMX_BLOCKED_BY_STI)
		vmx_want_window(v, true);
	else
		set_primary(x, x->primary | VMX_PRIMARY_NMI_WINDOW);
}

void vmx_end_nmi_window(struct virt_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);

	set_primary(x, x->primary & ~(uint32_t)VMX_PRIMARY_NMI_WINDOW);
}

/*
 * While the TPR is watched the threshold follows it at each entry, where it must not lie above: SDM
 * 3C 27.2.1.1 "VM-Execution Control Fields". So every lowering exits.
 */
void vmx_set_tpr(struct virt_vcpu *v, uint8_t cr8, bool watch)
{
	struct vmx_vcpu *x = vmx_of(v);

	v->cr8 = cr8;
	x->tpr_watch = watch;
	*vmx_vapic_tpr(v) = (uint32_t)cr8 << 4;
	if (!watch && x->tpr_threshold)
		vmx_write(VMCS_TPR_THRESHOLD, x->tpr_threshold = 0);
}

bool vmx_idt_reaches(const struct virt_vcpu *v, uint8_t vector)
{
	const struct vmx_vcpu *x = vmx_of(v);
	uint32_t gate = v->efer & EFER_LMA ? 16 : x->cr0_shadow & CR0_PE ? 8 : 4;

	return vmx_read32(VMCS_GUEST_IDTR_LIMIT) >= (vector + 1u) * gate - 1;
}
