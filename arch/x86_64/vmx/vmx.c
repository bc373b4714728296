/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMX backend: probe, one CPU's set-up, a vCPU's comings and goings, and the table of
 * operations.
 */
#include "abi/layout.h"
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/vmx/maps.h"
#include "arch/x86_64/vmx/vcpu.h"
#include "arch/x86_64/vmx/vpid.h"
#include "lib/assert.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

/* MSR_FEATURE_CONTROL: SDM 4 table 2-2 "IA-32 Architectural MSRs" */
enum {
	FEATURE_CONTROL_LOCK = 1 << 0,
	FEATURE_CONTROL_VMX = 1 << 2, /* outside of SMX */
};

struct vmx_cpu {
	struct vpid_pool vpids;
	struct virt_vcpu *loaded;
	bool on;
};

struct vmx_controls vmx_controls;
struct vmx_capability vmx_capability;
static struct vmx_cpu vmx_cpus[MAX_CPUS];

noreturn void vmx_insn_failed(const char *name, uint64_t operand)
{
	static char text[40];

	format(text, sizeof(text), "%s 0x%lx", name, operand);
	assert_failed(text, __FILE__, __LINE__);
}

static void read_capability(struct vmx_capability *c)
{
	bool true_controls;

	c->basic = msr_read(MSR_VMX_BASIC);
	c->misc = msr_read(MSR_VMX_MISC);
	true_controls = c->basic & VMX_BASIC_TRUE_CONTROLS;
	c->pin = msr_read(true_controls ? MSR_VMX_TRUE_PIN : MSR_VMX_PIN);
	c->primary = msr_read(true_controls ? MSR_VMX_TRUE_PRIMARY : MSR_VMX_PRIMARY);
	c->exit = msr_read(true_controls ? MSR_VMX_TRUE_EXIT : MSR_VMX_EXIT);
	c->entry = msr_read(true_controls ? MSR_VMX_TRUE_ENTRY : MSR_VMX_ENTRY);
	c->cr0_fixed0 = msr_read(MSR_VMX_CR0_FIXED0);
	c->cr0_fixed1 = msr_read(MSR_VMX_CR0_FIXED1);
	c->cr4_fixed0 = msr_read(MSR_VMX_CR4_FIXED0);
	c->cr4_fixed1 = msr_read(MSR_VMX_CR4_FIXED1);
	/* The two exist only with what they tell of: SDM 3D A.3.3, A.10. */
	if (c->primary >> 32 & VMX_PRIMARY_SECONDARY)
		c->secondary = msr_read(MSR_VMX_SECONDARY);
	if (c->secondary >> 32 & (VMX_SECONDARY_EPT | VMX_SECONDARY_VPID))
		c->ept_vpid = msr_read(MSR_VMX_EPT_VPID);
}

static const char switched_off[] = "VMX is switched off by the firmware (IA32_FEATURE_CONTROL)";

/* The firmware decides, and locks what it decided; where it did not, we do. */
static bool feature_allowed(void)
{
	uint64_t control = msr_read(MSR_FEATURE_CONTROL);

	return !(control & FEATURE_CONTROL_LOCK) || (control & FEATURE_CONTROL_VMX);
}

/*
 * A control that enables an instruction is of no use where there is none. Where there is one, CPUID
 * tells the guests of it, and without the control it would be #UD to them.
 */
static bool match_instructions(char *reason, size_t size)
{
	const struct {
		bool there;
		uint32_t control;
		const char *name;
	} instructions[] = {
		{cpu_features.rdtscp, VMX_SECONDARY_RDTSCP, "RDTSCP"},
		{cpu_features.invpcid, VMX_SECONDARY_INVPCID, "INVPCID"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(instructions); i++) {
		if (!instructions[i].there)
			vmx_controls.secondary &= ~instructions[i].control;
		else if (!(vmx_controls.secondary & instructions[i].control)) {
			format(reason, size, "the processor has VMX without %s for guests",
			       instructions[i].name);
			return false;
		}
	}
	return true;
}

static bool vmx_probe(char *reason, size_t size)
{
	if (!cpu_features.vmx) {
		/* Else whoever has the other kind has said what is wrong with it. */
		if (!cpu_features.svm)
			str_copy(reason, size, "the processor has neither VMX nor SVM");
		return false;
	}
	if (!feature_allowed()) {
		str_copy(reason, size, switched_off);
		return false;
	}
	read_capability(&vmx_capability);
	if (!vmx_controls_choose(&vmx_capability, cr0_read(), cr4_read(), &vmx_controls, reason,
				 size) ||
	    !match_instructions(reason, size))
		return false;
	vmx_maps_init();
	return true;
}

/* Firmware forgets to switch VMX on everywhere, and processors may be of more than one kind. */
static const char *vmx_cpu_differs(void)
{
	struct vmx_capability mine = {0};

	if (!feature_allowed())
		return switched_off;
	read_capability(&mine);
	return vmx_controls_misfit(&vmx_controls, &vmx_capability, &mine);
}

/* pages: one, the VMXON region. */
static void vmx_cpu_init(void *pages, hpa_t pa)
{
	struct vmx_cpu *cpu = &vmx_cpus[arch_cpu()->number];
	uint64_t control = msr_read(MSR_FEATURE_CONTROL);

	ASSERT(feature_allowed());
	if (!(control & FEATURE_CONTROL_LOCK))
		msr_write(MSR_FEATURE_CONTROL, control | FEATURE_CONTROL_LOCK | FEATURE_CONTROL_VMX);
	memset(pages, 0, PAGE_SIZE);
	*(uint32_t *)pages = (uint32_t)(vmx_capability.basic & VMX_BASIC_REVISION);
	cr4_write(cr4_read() | CR4_VMXE);
	vmx_on(pa);
	cpu->on = true;
	vmx_invept(VMX_INVALIDATE_ALL, 0);
	vpid_pool_init(&cpu->vpids);
}

/* SDM 3C 24.8 "Restrictions on VMX Operation": in it INIT is blocked. */
static void vmx_cpu_stop(void)
{
	struct vmx_cpu *cpu = &vmx_cpus[arch_cpu()->number];

	if (!cpu->on)
		return;
	cpu->on = false;
	vmx_off();
	cr4_write(cr4_read() & ~(uint64_t)CR4_VMXE);
}

bool vmx_is_loaded(const struct virt_vcpu *v)
{
	return vmx_cpus[arch_cpu()->number].loaded == v;
}

/* Makes the VMCS of a vCPU that is loaded nowhere current, for a moment. */
static void borrow(struct virt_vcpu *v)
{
	vmx_clear(vmx_of(v)->vmcs_pa);
	vmx_ptrld(vmx_of(v)->vmcs_pa);
}

static void give_back(struct virt_vcpu *v)
{
	struct virt_vcpu *loaded = vmx_cpus[arch_cpu()->number].loaded;

	vmx_clear(vmx_of(v)->vmcs_pa);
	if (loaded)
		vmx_ptrld(vmx_of(loaded)->vmcs_pa);
}

static void vmx_vcpu_init(struct virt_vcpu *v, const struct virt_setup *setup)
{
	char *pages = setup->hw;
	struct vmx_vcpu *x = setup->hw;

	memset(v, 0, sizeof(*v));
	memset(pages, 0, VMX_PAGES * PAGE_SIZE);
	v->hw = pages;
	v->hw_pa = setup->hw_pa;
	v->asid_cpu = MAX_CPUS;
	x->vmcs_pa = setup->hw_pa + VMX_PAGE_VMCS * PAGE_SIZE;
	x->eptp = setup->nested_root | vmx_controls.eptp_bits;
	x->preempt_ticks = (uint32_t)MIN(MAX(setup->slice_tsc >> vmx_controls.timer_shift, 1u),
					 UINT32_MAX);
	*(uint32_t *)(void *)(pages + VMX_PAGE_VMCS * PAGE_SIZE) = (uint32_t)(vmx_capability.basic &
									      VMX_BASIC_REVISION);
	borrow(v);
	vmx_setup(v, setup);
	give_back(v);
}

static void vmx_flush(struct virt_vcpu *v)
{
	vmx_of(v)->flush_nested = true;
}

static void vmx_vcpu_load(struct virt_vcpu *v)
{
	struct arch_cpu *arch = arch_cpu();
	struct vmx_cpu *cpu = &vmx_cpus[arch->number];
	struct vmx_vcpu *x = vmx_of(v);

	cpu->loaded = v;
	vmx_ptrld(x->vmcs_pa);
	if (v->asid_cpu != arch->number) {
		v->asid_cpu = arch->number;
		vmx_setup_host_cpu();
		x->vpid_stale = x->flush_nested = true;
	}
	x->vpid_stale |= v->asid_generation != cpu->vpids.generation;
	arch->gdt_widened = true; /* each exit does it */
	for (unsigned i = 0; i < VMX_EAGER_COUNT; i++)
		msr_write(vmx_eager_msr[i], x->eager[i]);
	dr6_write(x->dr6);
	vmx_write(VMCS_PREEMPTION_TIMER, x->preempt_ticks);
}

static unsigned vmx_nested_largest(void)
{
	return vmx_controls.gib_pages ? PAGE_LEVEL_1G : PAGE_LEVEL_2M;
}

static void vmx_vcpu_unload(struct virt_vcpu *v)
{
	struct arch_cpu *arch = arch_cpu();
	struct vmx_vcpu *x = vmx_of(v);

	vmx_note(v);
	for (unsigned i = 0; i < VMX_EAGER_COUNT; i++)
		x->eager[i] = msr_read(vmx_eager_msr[i]);
	x->dr6 = dr6_read();
	vmx_clear(x->vmcs_pa);
	v->launched = false;
	vmx_cpus[arch->number].loaded = NULL;
	percpu_restore_gdt();
	arch->gdt_widened = false;
}

static void choose_vpid(struct virt_vcpu *v, struct vmx_cpu *cpu)
{
	struct vpid_choice choice = vpid_take(&cpu->vpids);

	v->asid = choice.vpid;
	v->asid_generation = choice.generation;
	if (!vmx_controls.vpid)
		return;
	if (choice.flush_all)
		vmx_invvpid(VMX_INVALIDATE_ALL, 0);
	vmx_write(VMCS_VPID, choice.vpid);
}

/*
 * Without VPIDs each entry and exit drops the guest's linear translations. Those of the EPT stay
 * until they are told to go, whatever the VPID.
 */
void vmx_prepare(struct virt_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);
	struct vmx_cpu *cpu = &vmx_cpus[arch_cpu()->number];

	if (x->vpid_stale || (x->flush_linear && !vmx_controls.invvpid_single))
		choose_vpid(v, cpu);
	else if (x->flush_linear && vmx_controls.vpid)
		vmx_invvpid(VMX_INVALIDATE_SINGLE, (uint16_t)v->asid);
	if (x->flush_nested)
		vmx_invept(vmx_controls.invept_single ? VMX_INVALIDATE_SINGLE : VMX_INVALIDATE_ALL,
			   x->eptp);
	x->vpid_stale = x->flush_linear = x->flush_nested = false;
	if (x->tpr_watch && x->tpr_threshold != v->cr8)
		vmx_write(VMCS_TPR_THRESHOLD, x->tpr_threshold = v->cr8);
}

static uint64_t vmx_rip(const struct virt_vcpu *v)
{
	return vmx_of(v)->rip;
}

static uint64_t vmx_rflags(const struct virt_vcpu *v)
{
	return vmx_of(v)->rflags;
}

static uint64_t vmx_pat(const struct virt_vcpu *v)
{
	return vmx_of(v)->pat;
}

static void vmx_set_pat(struct virt_vcpu *v, uint64_t value)
{
	vmx_of(v)->pat = value;
	vmx_write(VMCS_GUEST_PAT, value);
}

static void vmx_set_tsc_offset(struct virt_vcpu *v, uint64_t offset)
{
	(void)v;
	vmx_write(VMCS_TSC_OFFSET, offset);
}

/* The vCPU is paused: no CPU has it loaded. */
static void vmx_corrupt(struct virt_vcpu *v, uint64_t seed)
{
	borrow(v);
	vmx_corrupt_field(v, seed);
	give_back(v);
}

const struct virt_ops vmx_ops = {
	.name = "VMX",
	.cpu_pages = 1,
	.hw_pages = VMX_PAGES,
	.nested_format = &page_format_ept,
	.nested_largest = vmx_nested_largest,
	.probe = vmx_probe,
	.cpu_differs = vmx_cpu_differs,
	.cpu_init = vmx_cpu_init,
	.cpu_stop = vmx_cpu_stop,
	.vcpu_init = vmx_vcpu_init,
	.vcpu_load = vmx_vcpu_load,
	.vcpu_unload = vmx_vcpu_unload,
	.flush = vmx_flush,
	.run = vmx_run,
	.get = vmx_get,
	.put = vmx_put,
	.rip = vmx_rip,
	.rflags = vmx_rflags,
	.cpl = vmx_cpl,
	.in_64_bit_code = vmx_in_64_bit_code,
	.skip = vmx_skip,
	.interrupt = vmx_interrupt,
	.interrupt_open = vmx_interrupt_open,
	.nmi_open = vmx_nmi_open,
	.inject = vmx_inject,
	.injecting = vmx_injecting,
	.want_window = vmx_want_window,
	.take_back = vmx_take_back,
	.want_nmi_window = vmx_want_nmi_window,
	.set_tpr = vmx_set_tpr,
	.cr0 = vmx_cr0,
	.cr4 = vmx_cr4,
	.set_efer = vmx_set_efer,
	.pat = vmx_pat,
	.set_pat = vmx_set_pat,
	.set_tsc_offset = vmx_set_tsc_offset,
	.idt_reaches = vmx_idt_reaches,
	.msr_open = vmx_msr_open,
	.port_open = vmx_port_open,
	.corrupt = vmx_corrupt,
};
