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

static void patch(const struct vcpu *v, uint32_t leaf, uint32_t subleaf, uint64_t *gpr)
{
	switch (leaf) {
	case 1:
		gpr[GPR_RBX] = (gpr[GPR_RBX] & 0x00ffffff) | (uint32_t)v->index << 24;
		if (v->lapic.mode == LAPIC_OFF)
			gpr[GPR_RDX] &= ~(uint64_t)LEAF1_EDX_APIC;
		if (machine.virt->cr4(&v->virt) & CR4_OSXSAVE)
			gpr[GPR_RCX] |= LEAF1_ECX_OSXSAVE;
		break;
	case 7:
		if (subleaf == 0 && machine.virt->cr4(&v->virt) & CR4_PKE)
			gpr[GPR_RCX] |= LEAF7_ECX_OSPKE;
		break;
	case 0xb:
	case 0x1f:
		gpr[GPR_RDX] = v->index;
		break;
	case 0xd:
		if (subleaf == 0)
			gpr[GPR_RBX] = xsave_size(cpu_features.xsave ? xcr0_read() : 0);
		break;
	case 0x8000001e:
		gpr[GPR_RAX] = v->index;
		break;
	default:
		break;
	}
}

int64_t vcpu_cpuid(struct vcpu *v)
{
	uint32_t leaf = (uint32_t)v->virt.gpr[GPR_RAX], subleaf = (uint32_t)v->virt.gpr[GPR_RCX];
	static const struct cpuid_entry nothing;
	const struct cpuid_entry *e = cpuid_search(v->part, leaf, subleaf);

	cpuid_answer(e ? e : &nothing, v->virt.gpr);
	if (e && e->flags & CPUID_LIVE)
		patch(v, leaf, subleaf, v->virt.gpr);
	return v->virt.exit.insn_len;
}
