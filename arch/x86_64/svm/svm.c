/* SPDX-License-Identifier: BSD-2-Clause */
/* The SVM backend: probe, one CPU's set-up, a vCPU's load and unload, and the table of operations. */
#include "abi/layout.h"
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/svm/maps.h"
#include "arch/x86_64/svm/vcpu.h"
#include "lib/copy.h"
#include "lib/string.h"

enum {
	VM_CR_SVMDIS = 1 << 4,
};

bool svm_has_next_rip, svm_by_virq;
static struct svm_cpu svm_cpus[MAX_CPUS];

static const char switched_off[] = "SVM is switched off by the firmware (VM_CR.SVMDIS)";

/* Bochs has no VM_CR: then nothing switches SVM off. */
static bool feature_allowed(void)
{
	uint64_t vm_cr = 0;

	return !msr_read_safe(MSR_VM_CR, &vm_cr) || !(vm_cr & VM_CR_SVMDIS);
}

static bool svm_probe(char *reason, size_t size)
{
	if (!cpu_features.svm) {
		str_copy(reason, size, "the processor has no SVM");
		return false;
	}
	if (!feature_allowed()) {
		str_copy(reason, size, switched_off);
		return false;
	}
	if (!(cpu_features.virt_features & SVM_FEATURE_NP)) {
		str_copy(reason, size, "the processor has SVM without nested paging");
		return false;
	}
	if (cpu_features.virt_asids < 2) {
		str_copy(reason, size, "the processor reports no usable ASID");
		return false;
	}
	svm_has_next_rip = cpu_features.virt_features & SVM_FEATURE_NRIPS;
	svm_by_virq = !svm_has_next_rip;
	svm_maps_init();
	return true;
}

/* Its features were compared with CPU 0's before: cpu_features_differ. */
static const char *svm_cpu_differs(void)
{
	return feature_allowed() ? NULL : switched_off;
}

static void vmsave(hpa_t page)
{
	asm volatile("vmsave %0" : : "a"(page) : "memory");
}

/* pages: two, the first for VM_HSAVE_PA, the second for VMSAVE. */
static void svm_cpu_init(void *pages, hpa_t pa)
{
	struct svm_cpu *cpu = &svm_cpus[arch_cpu()->number];

	memset(pages, 0, 2 * PAGE_SIZE);
	msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SVME);
	msr_write(MSR_VM_HSAVE_PA, pa);
	cpu->host_vmcb = pa + PAGE_SIZE;
	asid_pool_init(&cpu->asids, cpu_features.virt_asids);
	vmsave(cpu->host_vmcb);
}

static void svm_cpu_stop(void)
{
	msr_write(MSR_EFER, msr_read(MSR_EFER) & ~(uint64_t)EFER_SVME);
}

static void svm_vcpu_init(struct virt_vcpu *v, const struct virt_setup *setup)
{
	struct vmcb *vmcb = setup->hw;

	memset(v, 0, sizeof(*v));
	memset(vmcb, 0, sizeof(*vmcb));
	v->hw = vmcb;
	v->hw_pa = setup->hw_pa;
	v->asid_cpu = MAX_CPUS;
	svm_setup(v, setup);
}

static void svm_flush(struct virt_vcpu *v)
{
	v->asid_generation = 0;
}

/* VMRUN loads it (APM2 15.5.1 "Basic Operation"), but Bochs's goes on with the processor's. */
void svm_store_cr2(struct virt_vcpu *v, uint64_t value)
{
	svm_vmcb(v)->cr2 = value;
	cr2_write(value);
}

static void svm_vcpu_load(struct virt_vcpu *v)
{
	unsigned number = arch_cpu()->number;

	if (v->asid_cpu != number)
		svm_flush(v);
	v->asid_cpu = number;
	v->cpu_state = &svm_cpus[number];
	svm_store_cr2(v, svm_vmcb(v)->cr2);
}

/* Nested tables are the host's format, and share its features: APM2 15.25.3 "Enabling Nested Paging". */
static unsigned svm_nested_largest(void)
{
	return cpu_features.gib_pages ? PAGE_LEVEL_1G : PAGE_LEVEL_2M;
}

static void svm_vcpu_unload(struct virt_vcpu *v)
{
	(void)v; /* nothing of a VMCB stays in the processor */
}

static uint64_t svm_rip(const struct virt_vcpu *v)
{
	return svm_vmcb(v)->rip;
}

static uint64_t svm_rflags(const struct virt_vcpu *v)
{
	return svm_vmcb(v)->rflags;
}

static uint8_t svm_cpl(const struct virt_vcpu *v)
{
	return svm_vmcb(v)->cpl;
}

static bool svm_in_64_bit_code(const struct virt_vcpu *v)
{
	return vmcb_in_64_bit_code(svm_vmcb(v));
}

static uint64_t svm_cr0(const struct virt_vcpu *v)
{
	return svm_vmcb(v)->cr0;
}

static uint64_t svm_cr4(const struct virt_vcpu *v)
{
	return svm_guest_cr4(svm_vmcb(v));
}

static void svm_set_efer(struct virt_vcpu *v, uint64_t value)
{
	if ((svm_vmcb(v)->efer ^ value) & EFER_NXE)
		svm_flush(v);
	svm_store_efer(v, value);
}

static uint64_t svm_pat(const struct virt_vcpu *v)
{
	return svm_vmcb(v)->pat;
}

static void svm_set_pat(struct virt_vcpu *v, uint64_t value)
{
	svm_vmcb(v)->pat = value;
}

static void svm_set_tsc_offset(struct virt_vcpu *v, uint64_t offset)
{
	svm_vmcb(v)->tsc_offset = offset;
}

const struct virt_ops svm_ops = {
	.name = "SVM",
	.cpu_pages = 2,
	.hw_pages = 1,
	.nested_format = &page_format_npt,
	.nested_largest = svm_nested_largest,
	.probe = svm_probe,
	.cpu_differs = svm_cpu_differs,
	.cpu_init = svm_cpu_init,
	.cpu_stop = svm_cpu_stop,
	.vcpu_init = svm_vcpu_init,
	.vcpu_load = svm_vcpu_load,
	.vcpu_unload = svm_vcpu_unload,
	.flush = svm_flush,
	.run = svm_run,
	.get = svm_get,
	.put = svm_put,
	.rip = svm_rip,
	.rflags = svm_rflags,
	.cpl = svm_cpl,
	.in_64_bit_code = svm_in_64_bit_code,
	.skip = svm_skip,
	.interrupt = svm_interrupt,
	.interrupt_open = svm_interrupt_open,
	.nmi_open = svm_nmi_open,
	.inject = svm_inject,
	.injecting = svm_injecting,
	.want_window = svm_want_window,
	.take_back = svm_take_back,
	.want_nmi_window = svm_want_nmi_window,
	.set_tpr = svm_set_tpr,
	.cr0 = svm_cr0,
	.cr4 = svm_cr4,
	.set_efer = svm_set_efer,
	.pat = svm_pat,
	.set_pat = svm_set_pat,
	.set_tsc_offset = svm_set_tsc_offset,
	.idt_reaches = svm_idt_reaches,
	.msr_open = svm_msr_open,
	.port_open = svm_port_open,
	.corrupt = svm_corrupt,
};
