/* SPDX-License-Identifier: BSD-2-Clause */
/* The processor: SDM 3C 25 "Virtual Machine Control Structures", 31 "VMX Instruction Reference". */
#include "tests/unit/vmx_hw.h"

#include "arch/x86_64/regs.h"
#include "arch/x86_64/vmx/controls.h"
#include "arch/x86_64/vmx/vcpu.h"

enum { REVISION = 0x12, EXIT_HLT = 12, EXIT_INVALID_STATE = 33 };

struct hw hw;

uint64_t *hw_msr(uint32_t index)
{
	for (unsigned i = 0; i < HW_MSRS; i++) {
		if (hw.msrs[i].index == index)
			return &hw.msrs[i].value;
		if (!hw.msrs[i].index) {
			hw.msrs[i].index = index;
			return &hw.msrs[i].value;
		}
	}
	fail_msg("no room for MSR 0x%x", index);
	abort();
}

void hw_reset(void)
{
	static const struct {
		uint32_t index;
		uint64_t value;
	} msrs[] = {
		{MSR_VMX_BASIC, 0x00d8100000000000 | REVISION},
		{MSR_VMX_MISC, 0x20000165},
		{MSR_VMX_TRUE_PIN, 0x000000ff00000016},
		{MSR_VMX_TRUE_PRIMARY, 0xfff9fffe04006172},
		{MSR_VMX_SECONDARY, 0x02137fff00000000},
		{MSR_VMX_TRUE_EXIT, 0x00ffffff00036dfb},
		{MSR_VMX_TRUE_ENTRY, 0x0003ffff000011fb},
		{MSR_VMX_CR0_FIXED0, 0x80000021},
		{MSR_VMX_CR0_FIXED1, 0xffffffff},
		{MSR_VMX_CR4_FIXED0, 0x2000},
		{MSR_VMX_CR4_FIXED1, 0x3767ff},
		{MSR_VMX_EPT_VPID, 0xf0106734141},
		{MSR_EFER, EFER_LME | EFER_LMA | EFER_NXE},
	};

	memset(&hw, 0, sizeof(hw));
	for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++)
		*hw_msr(msrs[i].index) = msrs[i].value;
	hw.cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
	hw.cr3 = 0x7000;
	hw.dr6 = DR6_RESET;
	for (unsigned i = 0; i < HW_CPUS; i++) {
		hw.cpus[i].cr4 = CR4_DE | CR4_PAE | CR4_MCE | CR4_PGE;
		hw.arch[i].number = i;
	}
}

static struct hw_vmcs *vmcs_at(hpa_t pa)
{
	for (unsigned i = 0; i < hw.vmcs_count; i++)
		if (hw.vmcs[i].pa == pa)
			return &hw.vmcs[i];
	assert_true(hw.vmcs_count < HW_VMCSS);
	hw.vmcs[hw.vmcs_count] = (struct hw_vmcs){.pa = pa, .cpu = HW_NOWHERE};
	return &hw.vmcs[hw.vmcs_count++];
}

static void must_be_region(hpa_t pa)
{
	assert_true(pa && !(pa & PAGE_MASK));
	assert_int_equal(*(const uint32_t *)pa, REVISION);
}

void vmx_on(hpa_t region)
{
	must_be_region(region);
	assert_true(hw_here()->cr4 & CR4_VMXE);
	assert_false(hw_here()->vmxon);
	assert_int_equal(*hw_msr(MSR_FEATURE_CONTROL) & 5, 5);
	hw_here()->vmxon = true;
}

void vmx_off(void)
{
	assert_true(hw_here()->vmxon);
	hw_here()->vmxon = false;
	hw_here()->current = NULL;
}

void vmx_clear(hpa_t pa)
{
	struct hw_vmcs *vmcs = vmcs_at(pa);

	assert_true(hw_here()->vmxon);
	assert_true(vmcs->cpu == HW_NOWHERE || vmcs->cpu == hw.cpu);
	vmcs->launched = false;
	vmcs->cpu = HW_NOWHERE;
	if (hw_here()->current == vmcs)
		hw_here()->current = NULL;
}

void vmx_ptrld(hpa_t pa)
{
	struct hw_vmcs *vmcs = vmcs_at(pa);

	must_be_region(pa);
	assert_true(hw_here()->vmxon);
	assert_true(vmcs->cpu == HW_NOWHERE || vmcs->cpu == hw.cpu);
	vmcs->cpu = hw.cpu;
	hw_here()->current = vmcs;
}

/* SDM 3C 25.11.2: bits 11:10 are the type, 14:13 the width. */
static bool is_read_only(uint64_t field)
{
	return (field >> 10 & 3) == 1;
}

static uint64_t truncated(uint64_t field, uint64_t value)
{
	switch (field >> 13 & 3) {
	case 0:
		return (uint16_t)value;
	case 2:
		return (uint32_t)value;
	default:
		return value;
	}
}

static struct hw_vmcs *current(uint64_t field)
{
	assert_true(field < HW_FIELDS && !(field & 1));
	assert_non_null(hw_here()->current);
	return hw_here()->current;
}

uint64_t vmx_read(uint64_t field)
{
	const struct hw_vmcs *vmcs = current(field);

	if (!vmcs->known[field] && !is_read_only(field))
		fail_msg("VMCS field 0x%lx is read, and nobody wrote it", field);
	return vmcs->value[field];
}

void hw_set(uint64_t field, uint64_t value)
{
	struct hw_vmcs *vmcs = current(field);

	vmcs->value[field] = truncated(field, value);
	vmcs->known[field] = true;
}

uint64_t hw_get(uint64_t field)
{
	return current(field)->value[field];
}

void vmx_write(uint64_t field, uint64_t value)
{
	assert_false(is_read_only(field));
	hw_set(field, value);
}

void vmx_invept(enum vmx_invalidation type, uint64_t eptp)
{
	assert_true(hw_here()->vmxon);
	assert_true(type == VMX_INVALIDATE_SINGLE || type == VMX_INVALIDATE_ALL);
	hw_here()->invept++;
	hw_here()->eptp = type == VMX_INVALIDATE_SINGLE ? eptp : 0;
}

void vmx_invvpid(enum vmx_invalidation type, uint16_t vpid)
{
	assert_true(hw_here()->vmxon);
	assert_true(type == VMX_INVALIDATE_ALL || (type == VMX_INVALIDATE_SINGLE && vpid));
	hw_here()->invvpid++;
	hw_here()->vpid = type == VMX_INVALIDATE_SINGLE ? vpid : 0;
}

/* SDM 3C 27.2 "Checks on VMX Controls and Host-State Area", as far as mistakes of ours could go. */
static void check_controls(const struct virt_vcpu *v)
{
	static const uint32_t host[] = {
		VMCS_HOST_CR0,		VMCS_HOST_CR3,		VMCS_HOST_CR4,
		VMCS_HOST_EFER,		VMCS_HOST_PAT,		VMCS_HOST_RSP,
		VMCS_HOST_RIP,		VMCS_HOST_TR_BASE,	VMCS_HOST_GDTR_BASE,
		VMCS_HOST_IDTR_BASE,	VMCS_HOST_FS_BASE,	VMCS_HOST_GS_BASE,
		VMCS_HOST_ES,		VMCS_HOST_FS,		VMCS_HOST_GS,
		VMCS_HOST_DS,		VMCS_HOST_SS,		VMCS_HOST_SYSENTER_CS,
		VMCS_HOST_SYSENTER_ESP, VMCS_HOST_SYSENTER_EIP,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(host); i++)
		(void)vmx_read(host[i]); /* written it must be */
	assert_int_equal(vmx_read(VMCS_HOST_CR0), hw.cr0);
	assert_int_equal(vmx_read(VMCS_HOST_CR3), hw.cr3);
	assert_int_equal(vmx_read(VMCS_HOST_CR4), hw_here()->cr4);
	assert_int_equal(vmx_read(VMCS_HOST_TR_BASE), (uint64_t)&arch_cpu()->tss);
	assert_int_equal(vmx_read(VMCS_HOST_GDTR_BASE), (uint64_t)arch_cpu()->gdt);
	assert_true(vmx_read(VMCS_HOST_CS) && vmx_read(VMCS_HOST_TR));
	assert_int_equal(vmx_read(VMCS_LINK_POINTER), ~0ULL);
	assert_true(vmx_read(VMCS_TPR_THRESHOLD) <= *vmx_vapic_tpr(v) >> 4);
	assert_int_equal(v->gpr[GPR_RSP], vmx_read(VMCS_GUEST_RSP));
	assert_true(vmx_read(VMCS_PREEMPTION_TIMER));
	if (vmx_read(VMCS_SECONDARY_CONTROLS) & VMX_SECONDARY_VPID)
		assert_true(vmx_read(VMCS_VPID));
}

static void exit_refused(uint32_t reason)
{
	hw_set(VMCS_EXIT_REASON, reason | BIT(31));
	hw_set(VMCS_QUALIFICATION, 0);
}

/* SDM 3C 27.6 "Event Injection": what a delivered event leaves behind. */
static void deliver(void)
{
	uint32_t event = vmx_read32(VMCS_ENTRY_EVENT);
	uint64_t blocked = vmx_read(VMCS_GUEST_INTERRUPTIBILITY);

	hw.delivered = 0;
	if (!(event & VMX_EVENT_VALID))
		return;
	hw.delivered = event;
	blocked &= ~(uint64_t)(VMX_BLOCKED_BY_STI | VMX_BLOCKED_BY_MOV_SS);
	if ((event & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT == INJECT_NMI)
		blocked |= VMX_BLOCKED_BY_NMI;
	hw_set(VMCS_GUEST_INTERRUPTIBILITY, blocked);
	hw_set(VMCS_GUEST_PENDING_DEBUG, 0);
	hw_set(VMCS_ENTRY_EVENT, event & ~VMX_EVENT_VALID);
}

bool hw_enter(struct virt_vcpu *v, bool resume)
{
	struct hw_vmcs *vmcs = hw_here()->current;

	assert_non_null(vmcs);
	check_controls(v);
	if (resume != vmcs->launched)
		hw.fail = resume ? 5 : 4;
	if (hw.fail) {
		hw_set(VMCS_INSN_ERROR, hw.fail);
		hw.fail = 0;
		return true;
	}
	hw.refused = hw.check ? hw.check() : NULL;
	if (hw.refused || hw.fail_reason) {
		exit_refused(hw.fail_reason ? hw.fail_reason : EXIT_INVALID_STATE);
		hw.fail_reason = 0;
		return false;
	}
	vmcs->launched = true;
	hw.entries++;
	deliver();
	hw_set(VMCS_EXIT_REASON, EXIT_HLT);
	hw_set(VMCS_QUALIFICATION, 0);
	hw_set(VMCS_IDT_VECTORING, 0);
	hw_set(VMCS_EXIT_EVENT, 0);
	hw_set(VMCS_EXIT_INSN_LEN, 1);
	if (hw.guest)
		hw.guest(v);
	return false;
}
