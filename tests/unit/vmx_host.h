/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMX backend's own .c files on the processor of vmx_hw.h, of which the test is the guest. Each entry is
 * checked as the hardware does it. A test includes this once, first of all, and names as sources
 * tests/unit/vmx_hw.c and the backend's files that are not in here.
 */
#pragma once

#include "tests/unit/vmx_hw.h"

#include "arch/x86_64/vmx/corrupt.c"
#include "arch/x86_64/vmx/enter.c"
#include "arch/x86_64/vmx/exit.c"
#include "arch/x86_64/vmx/inject.c"
#include "arch/x86_64/vmx/refused.c"
#include "arch/x86_64/vmx/segment.c"
#include "arch/x86_64/vmx/setup.c"
#include "arch/x86_64/vmx/state.c"
#include "arch/x86_64/vmx/vmx.c"

#include "arch/x86_64/kernel_space.h"
#include "lib/assert.h"

/* A vCPU with its pages. */
struct hw_vcpu {
	uint8_t pages[VMX_PAGES * PAGE_SIZE] __attribute__((aligned(4096)));
	struct virt_vcpu v;
};

static uint8_t hw_vmxon[HW_CPUS][PAGE_SIZE] __attribute__((aligned(4096)));

const char vmx_exit_point[1];
struct gate trap_idt[TRAP_VECTORS];
struct cpu_features cpu_features;

noreturn void assert_failed(const char *expression, const char *file, int line)
{
	mock_assert(0, expression, file, line);
	abort();
}

hpa_t kernel_image_pa(const void *va)
{
	return (hpa_t)va;
}

/* What the kernel was told of the last exit. */
static struct {
	uint64_t rip, code, info;
	unsigned tpr_moved;
} told;
static jmp_buf hw_exited;

int64_t kernel_exit(struct virt_vcpu *v, uint64_t rip, uint64_t code, uint64_t info)
{
	(void)v;
	told.rip = rip;
	told.code = code;
	told.info = info;
	return 0;
}

bool kernel_work(struct virt_vcpu *v)
{
	v->work = 0;
	return virt_claim(v);
}

void kernel_tpr_moved(struct virt_vcpu *v)
{
	(void)v;
	told.tpr_moved++;
}

/* One turn of the loop in entry.S, and the processor. */
noreturn void vmx_enter(struct virt_vcpu *v, int64_t skip)
{
	bool failed;

	assert_ptr_equal(vmx_go_on(v, skip), v);
	failed = hw_enter(v, v->launched);
	assert_int_equal(vmx_exited(v, failed), 0);
	longjmp(hw_exited, 1);
}

/* One stay in the guest. */
static inline void hw_run(struct virt_vcpu *v)
{
	if (!setjmp(hw_exited))
		vmx_ops.run(v, 0);
}

static inline const char *hw_check(void)
{
	const struct vmx_check_limits limits = check_limits();
	struct vmx_guest_state state;

	read_state(&state);
	return vmx_check_guest(&state, &limits);
}

/* VMX on all CPUs. */
static inline void hw_start(void)
{
	char reason[80] = "";
	bool taken;

	hw_reset();
	cpu_features = (struct cpu_features){
		.vmx = true, .rdtscp = true, .invpcid = true, .phys_bits = 46, .linear_bits = 48};
	taken = vmx_ops.probe(reason, sizeof(reason));
	assert_string_equal(reason, "");
	assert_true(taken);
	hw.check = hw_check;
	for (hw.cpu = HW_CPUS; hw.cpu-- > 0;) {
		vmx_ops.cpu_init(hw_vmxon[hw.cpu], (hpa_t)hw_vmxon[hw.cpu]);
		if (!hw.cpu)
			break;
	}
}

static inline void hw_vcpu_init(struct hw_vcpu *vcpu)
{
	const struct virt_setup setup = {
		.hw = vcpu->pages,
		.hw_pa = (hpa_t)vcpu->pages,
		.nested_root = 0x12345000,
		.tsc_offset = 0x1000,
		.slice_tsc = 320000,
	};

	vmx_ops.vcpu_init(&vcpu->v, &setup);
}

/* Just powered up, and loaded on CPU 0. */
static inline void hw_make(struct hw_vcpu *vcpu)
{
	hw_start();
	hw_vcpu_init(vcpu);
	vmx_ops.vcpu_load(&vcpu->v);
}
