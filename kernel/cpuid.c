/* SPDX-License-Identifier: BSD-2-Clause */
/* CPUID from the table that the VMM set; the kernel patches in what follows the vCPU's live state. */
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "kernel/cpuid_table.h"
#include "kernel/machine.h"
#include "kernel/partition.h"

enum {
	LEAF1_ECX_OSXSAVE = 1 << 27,
	LEAF1_EDX_APIC = 1 << 9,
	LEAF7_ECX_OSPKE = 1 << 4,
};

/* Leaf 0Dh: the size of the XSAVE area follows XCR0. One component's size and offset never change. */
static uint32_t xsave_size(uint64_t xcr0)
{
	uint32_t size = 512 + 64;

	for (unsigned i = 2; i < 63; i++)
		if (xcr0 & BIT(i))
			size = MAX(size, machine.xsave_component_end[i]);
	return size;
}

static void patch(const struct vcpu *v, uint32_t leaf, uint32_t subleaf, struct cpuid_entry *e)
{
	switch (leaf) {
	case 1:
		e->ebx = (e->ebx & 0x00ffffff) | (uint32_t)v->index << 24;
		if (v->lapic.mode == LAPIC_OFF)
			e->edx &= ~(uint32_t)LEAF1_EDX_APIC;
		if (machine.virt->cr4(&v->virt) & CR4_OSXSAVE)
			e->ecx |= LEAF1_ECX_OSXSAVE;
		break;
	case 7:
		if (subleaf == 0 && machine.virt->cr4(&v->virt) & CR4_PKE)
			e->ecx |= LEAF7_ECX_OSPKE;
		break;
	case 0xb:
	case 0x1f:
		e->edx = v->index;
		break;
	case 0xd:
		if (subleaf == 0)
			e->ebx = xsave_size(cpu_features.xsave ? xcr0_read() : 0);
		break;
	case 0x8000001e:
		e->eax = v->index;
		break;
	default:
		break;
	}
}

void vcpu_cpuid(struct vcpu *v)
{
	uint32_t leaf = (uint32_t)v->virt.gpr[GPR_RAX];
	uint32_t subleaf = (uint32_t)v->virt.gpr[GPR_RCX];
	const struct cpuid_entry *found = cpuid_find(v->part, leaf, subleaf);
	struct cpuid_entry e = { 0 };

	if (found) {
		e = *found;
		patch(v, found->leaf, subleaf, &e);
	}
	v->virt.gpr[GPR_RAX] = e.eax;
	v->virt.gpr[GPR_RBX] = e.ebx;
	v->virt.gpr[GPR_RCX] = e.ecx;
	v->virt.gpr[GPR_RDX] = e.edx;
}
