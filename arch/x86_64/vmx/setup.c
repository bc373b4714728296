/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VMCS holds before its guest first runs: controls, the host's state, the guest's power-up
 * state.
 */
#include "arch/x86_64/descriptors.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/page_format.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/trap_asm.h"
#include "arch/x86_64/vmx/maps.h"
#include "arch/x86_64/vmx/vcpu.h"
#include "lib/assert.h"

/* As in svm/: what loops by itself (CVE-2015-5307, CVE-2015-8104), and what is the host's. */
#define EXCEPTIONS (1u << EXCEPTION_DB | 1u << EXCEPTION_AC | 1u << EXCEPTION_MC)

static void setup_controls(struct vmx_vcpu *x)
{
	x->primary = vmx_controls.primary;
	x->entry = vmx_controls.entry;
	vmx_write(VMCS_PIN_CONTROLS, vmx_controls.pin);
	vmx_write(VMCS_PRIMARY_CONTROLS, x->primary);
	vmx_write(VMCS_SECONDARY_CONTROLS, vmx_controls.secondary);
	vmx_write(VMCS_EXIT_CONTROLS, vmx_controls.exit);
	vmx_write(VMCS_ENTRY_CONTROLS, x->entry);
	vmx_write(VMCS_EXCEPTION_BITMAP, EXCEPTIONS);
	vmx_write(VMCS_PAGE_FAULT_MASK, 0);
	vmx_write(VMCS_PAGE_FAULT_MATCH, 0);
	vmx_write(VMCS_CR3_TARGETS, 0);
	vmx_write(VMCS_EXIT_MSR_STORES, 0);
	vmx_write(VMCS_EXIT_MSR_LOADS, 0);
	vmx_write(VMCS_ENTRY_MSR_LOADS, 0);
	vmx_write(VMCS_ENTRY_EVENT, 0);
	vmx_write(VMCS_ENTRY_EVENT_ERROR, 0);
	vmx_write(VMCS_ENTRY_INSN_LEN, 0);
	vmx_write(VMCS_TPR_THRESHOLD, 0);
	vmx_write(VMCS_CR0_MASK, VMX_CR0_MASK);
	vmx_write(VMCS_CR4_MASK, VMX_CR4_MASK);
	if (vmx_controls.secondary & VMX_SECONDARY_ENCLS)
		vmx_write(VMCS_ENCLS_BITMAP, ~0ULL);
}

static void setup_addresses(const struct virt_vcpu *v, const struct vmx_vcpu *x)
{
	vmx_write(VMCS_IO_BITMAP_A, vmx_io_bitmap_pa());
	vmx_write(VMCS_IO_BITMAP_B, vmx_io_bitmap_pa() + PAGE_SIZE);
	vmx_write(VMCS_MSR_BITMAP, vmx_msr_bitmap_pa());
	vmx_write(VMCS_VIRTUAL_APIC, v->hw_pa + VMX_PAGE_VAPIC * PAGE_SIZE);
	vmx_write(VMCS_EPT_POINTER, x->eptp);
	vmx_write(VMCS_LINK_POINTER, ~0ULL);
}

/*
 * After an exit CS and SS are the kernel's, the data selectors null, and the segments' bases 0.
 * SYSENTER's MSRs are what they are at boot: null.
 */
static void setup_host(void)
{
	vmx_write(VMCS_HOST_CS, SELECTOR_KERNEL_CODE);
	vmx_write(VMCS_HOST_SS, SELECTOR_KERNEL_DATA);
	vmx_write(VMCS_HOST_DS, SELECTOR_NULL);
	vmx_write(VMCS_HOST_ES, SELECTOR_NULL);
	vmx_write(VMCS_HOST_FS, SELECTOR_NULL);
	vmx_write(VMCS_HOST_GS, SELECTOR_NULL);
	vmx_write(VMCS_HOST_TR, SELECTOR_TSS);
	vmx_write(VMCS_HOST_FS_BASE, 0);
	vmx_write(VMCS_HOST_GS_BASE, 0);
	vmx_write(VMCS_HOST_IDTR_BASE, (uint64_t)trap_idt);
	vmx_write(VMCS_HOST_SYSENTER_CS, 0);
	vmx_write(VMCS_HOST_SYSENTER_ESP, 0);
	vmx_write(VMCS_HOST_SYSENTER_EIP, 0);
	vmx_write(VMCS_HOST_PAT, PAGE_PAT);
	vmx_write(VMCS_HOST_RIP, (uint64_t)vmx_exit_point);
	vmx_setup_host_cpu();
}

void vmx_setup_host_cpu(void)
{
	struct arch_cpu *cpu = arch_cpu();

	vmx_write(VMCS_HOST_CR0, cr0_read());
	vmx_write(VMCS_HOST_CR4, cr4_read());
	vmx_write(VMCS_HOST_EFER, msr_read(MSR_EFER));
	vmx_write(VMCS_HOST_GDTR_BASE, (uint64_t)cpu->gdt);
	vmx_write(VMCS_HOST_TR_BASE, (uint64_t)&cpu->tss);
	vmx_write(VMCS_HOST_RSP, percpu_block() + PERCPU_MAIN_TOP - VIRT_STACK);
}

/* SDM 3A table 10-1 "IA-32 and Intel 64 Processor States Following Power-up, Reset, or INIT" */
static void power_up(struct frame *state)
{
	const struct seg data = {.attributes = 0x093, .limit = 0xffff};

	for (unsigned i = 0; i < SEG_COUNT; i++)
		state->seg[i] = data;
	state->seg[SEG_CS] = (struct seg){0xf000, 0x09b, 0xffff, 0xffff0000};
	state->seg[SEG_LDTR].attributes = 0x082;
	state->seg[SEG_TR].attributes = 0x08b;
	state->gdtr.limit = state->idtr.limit = 0xffff;
	state->control.cr0 = CR0_CD | CR0_NW | CR0_ET;
	state->rip = 0xfff0;
	state->rflags = RFLAGS_FIXED;
	state->system.dr6 = DR6_RESET;
	state->system.dr7 = DR7_RESET;
	state->system.pat = PAT_POWER_UP;
	/* DX after power-up holds the processor's signature. */
	state->gpr[GPR_RDX] = cpuid(1, 0).eax;
}

static void setup_guest(struct virt_vcpu *v)
{
	const uint32_t all = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT | GROUP_SYSTEM;
	struct frame *state = &vmx_of(v)->noted;
	bool legal;

	vmx_write(VMCS_GUEST_DEBUGCTL, 0);
	vmx_write(VMCS_GUEST_ACTIVITY, 0);
	vmx_write(VMCS_GUEST_RSP, 0);
	/* Read before they are written, and a new VMCS holds anything. */
	vmx_write(VMCS_GUEST_CR0, 0);
	vmx_write(VMCS_GUEST_CR3, 0);
	vmx_write(VMCS_GUEST_CR4, 0);
	vmx_write(VMCS_GUEST_PENDING_DEBUG, 0);
	for (unsigned i = 0; i < 4; i++)
		vmx_write(VMCS_GUEST_PDPTE0 + 2 * i, 0);
	power_up(state);
	legal = vmx_put(v, all, state);
	ASSERT(legal);
	vmx_note(v);
}

void vmx_setup(struct virt_vcpu *v, const struct virt_setup *setup)
{
	setup_controls(vmx_of(v));
	setup_addresses(v, vmx_of(v));
	vmx_write(VMCS_TSC_OFFSET, setup->tsc_offset);
	setup_host();
	setup_guest(v);
}
