/* SPDX-License-Identifier: BSD-2-Clause */
/* What a VMCB holds before its guest first runs: intercepts, addresses, the guest's power-up state. */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/svm/maps.h"
#include "arch/x86_64/svm/vcpu.h"

static void setup_controls(struct vmcb *vmcb)
{
	vmcb->intercept_cr_write = SVM_INTERCEPT_CR4;
	vmcb->intercept_exception = SVM_EXCEPTIONS;
	vmcb->intercept_misc1 = SVM_INTERCEPT_INTR | SVM_INTERCEPT_NMI | SVM_INTERCEPT_INIT |
				SVM_INTERCEPT_CR0_SELECTIVE | SVM_INTERCEPT_RDPMC |
				SVM_INTERCEPT_CPUID | SVM_INTERCEPT_RSM | SVM_INTERCEPT_INVD |
				SVM_INTERCEPT_HLT | SVM_INTERCEPT_INVLPGA | SVM_INTERCEPT_IOIO |
				SVM_INTERCEPT_MSR | SVM_INTERCEPT_FERR_FREEZE |
				SVM_INTERCEPT_SHUTDOWN;
	vmcb->intercept_misc2 = SVM_INTERCEPT_VMRUN | SVM_INTERCEPT_VMMCALL | SVM_INTERCEPT_VMLOAD |
				SVM_INTERCEPT_VMSAVE | SVM_INTERCEPT_STGI | SVM_INTERCEPT_CLGI |
				SVM_INTERCEPT_SKINIT | SVM_INTERCEPT_WBINVD | SVM_INTERCEPT_MONITOR |
				SVM_INTERCEPT_MWAIT | SVM_INTERCEPT_MWAIT_ARMED |
				SVM_INTERCEPT_XSETBV | SVM_INTERCEPT_RDPRU;
	vmcb->intercept_misc3 = SVM_INTERCEPT_INVLPGB | SVM_INTERCEPT_MCOMMIT |
				SVM_INTERCEPT_TLBSYNC;
	vmcb->v_intr = SVM_V_MASKING;
	vmcb->nested_enable = 1;
}

static void setup_addresses(struct vmcb *vmcb, const struct virt_setup *setup)
{
	vmcb->iopm_base = svm_iopm_pa();
	vmcb->msrpm_base = svm_msrpm_pa();
	vmcb->nested_cr3 = setup->nested_root;
}

/* APM2 table 14-1 "Initial Processor State" */
static void setup_guest(struct virt_vcpu *v)
{
	const struct vmcb_segment data = {.attributes = 0x093, .limit = 0xffff};
	struct vmcb *vmcb = svm_vmcb(v);

	vmcb->es = vmcb->ss = vmcb->ds = vmcb->fs = vmcb->gs = data;
	vmcb->cs = (struct vmcb_segment){0xf000, 0x09b, 0xffff, 0xffff0000};
	vmcb->ldtr = (struct vmcb_segment){.attributes = 0x082, .limit = 0xffff};
	vmcb->tr = (struct vmcb_segment){.attributes = 0x08b, .limit = 0xffff};
	vmcb->gdtr.limit = vmcb->idtr.limit = 0xffff;
	vmcb->efer = EFER_SVME;
	vmcb->cr0 = CR0_CD | CR0_NW | CR0_ET;
	svm_store_cr4(vmcb, 0);
	vmcb->dr6 = DR6_RESET;
	vmcb->dr7 = DR7_RESET;
	vmcb->rflags = RFLAGS_FIXED;
	vmcb->rip = 0xfff0;
	vmcb->pat = PAT_POWER_UP;
	/* DX after power-up holds the processor's signature. */
	v->gpr[GPR_RDX] = cpuid(1, 0).eax;
}

void svm_setup(struct virt_vcpu *v, const struct virt_setup *setup)
{
	setup_controls(svm_vmcb(v));
	setup_addresses(svm_vmcb(v), setup);
	svm_vmcb(v)->tsc_offset = setup->tsc_offset;
	setup_guest(v);
}
