/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU of the SVM backend without a processor, for a test that includes this once. After <cmocka.h>. */
#pragma once

#include <string.h>

#include "arch/x86_64/regs.h"
#include "arch/x86_64/svm/vcpu.h"

bool svm_has_next_rip, svm_by_virq;

static struct vmcb vmcb;
static struct virt_vcpu v;
static struct svm_cpu cpu;
static unsigned tpr_moved; /* how often the kernel was told */

void kernel_tpr_moved(struct virt_vcpu *virt)
{
	assert_ptr_equal(virt, &v);
	tpr_moved++;
}

void svm_store_cr2(struct virt_vcpu *loaded, uint64_t value)
{
	assert_ptr_equal(loaded, &v);
	vmcb.cr2 = value;
}

/* All zero, with an ASID. */
static void svm_vcpu_reset(void)
{
	memset(&vmcb, 0, sizeof(vmcb));
	memset(&v, 0, sizeof(v));
	v.hw = &vmcb;
	asid_pool_init(&cpu.asids, 4);
	v.cpu_state = &cpu;
	v.asid_generation = cpu.asids.generation;
	svm_has_next_rip = svm_by_virq = false;
	tpr_moved = 0;
}
