/* SPDX-License-Identifier: BSD-2-Clause */
/* The processor state that no VMCB or VMCS switches (FPU, debug, TSC_AUX), and signals to a vCPU. */
#include "kernel/vcpu.h"

#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/regs.h"
#include "drivers/tsc.h"
#include "kernel/cpu.h"
#include "kernel/machine.h"
#include "kernel/partition.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "lib/string.h"

static void set_xcr0(uint64_t value)
{
	if (cpu_features.xsave)
		xcr0_write(value);
}

/* What one partition taught the branch predictor, no other's code is to follow (THREATS: IBPB). */
static void change_partition(struct cpu *cpu, const struct partition *part)
{
	cpu->predictor = part->serial;
	if (cpu_features.spec_ctrl || cpu_features.ibpb)
		msr_write(MSR_PRED_CMD, PRED_CMD_IBPB);
}

void vcpu_load(struct vcpu *v)
{
	struct cpu *cpu = this_cpu();

	ASSERT(v->cpu == cpu->number);
	if (cpu->loaded == v)
		return;
	vcpu_unload_current();
	if (cpu->predictor != v->part->serial)
		change_partition(cpu, v->part);
	cpu->loaded = v;
	__atomic_store_n(&v->loaded, 1, __ATOMIC_SEQ_CST);
	set_xcr0(fpu_host_xcr0());
	ASSERT(fpu_restore(v->fpu)); /* the kernel wrote it: it cannot be refused */
	set_xcr0(v->xcr0);
	dr0_write(v->dr[0]);
	dr1_write(v->dr[1]);
	dr2_write(v->dr[2]);
	dr3_write(v->dr[3]);
	if (cpu_features.rdtscp)
		msr_write(MSR_TSC_AUX, v->tsc_aux);
	machine.virt->vcpu_load(&v->virt);
}

void vcpu_unload(struct vcpu *v)
{
	struct cpu *cpu = this_cpu();

	ASSERT(cpu->loaded == v);
	machine.virt->vcpu_unload(&v->virt);
	/* From the processor: one bed (QEMU) has no exit for XSETBV. */
	if (cpu_features.xsave)
		v->xcr0 = xcr0_read();
	set_xcr0(fpu_host_xcr0());
	fpu_save(v->fpu);
	v->dr[0] = dr0_read();
	v->dr[1] = dr1_read();
	v->dr[2] = dr2_read();
	v->dr[3] = dr3_read();
	if (cpu->space == &v->part->space)
		cpu_use_space(&kernel_space);
	cpu->loaded = NULL;
	__atomic_store_n(&v->loaded, 0, __ATOMIC_SEQ_CST);
}

void vcpu_unload_current(void)
{
	struct cpu *cpu = this_cpu();

	if (cpu->loaded)
		vcpu_unload(cpu->loaded);
}

void vcpu_reset(struct vcpu *v, uint64_t tsc_offset)
{
	struct partition *part = v->part;
	struct virt_setup setup = {
		.hw = v->virt.hw,
		.hw_pa = v->virt.hw_pa,
		.nested_root = part->nested.root_pa,
		.tsc_offset = tsc_offset,
		.slice_tsc = us_to_tsc(SLICE_US),
	};

	machine.virt->vcpu_init(&v->virt, &setup);
	fpu_area_init(v->fpu);
	lapic_reset(&v->lapic, v->index, v->index == 0, &part->lapic_clock);
	memset(v->dr, 0, sizeof(v->dr));
	memset(v->eoi_vectors, 0, sizeof(v->eoi_vectors));
	memset(v->exits, 0, sizeof(v->exits));
	v->recorder.begin = v->recorder.next;
	/* Of the VMM before, nothing is left to the next. */
	memset(v->frame, 0, PAGE_SIZE);
	v->frame->lapic_page = v->lapic.page;
	memory_zero(v->stack, USER_STACK_SIZE);
	v->sipi_vector = 0;
	v->virt.recheck = 0;
	v->upcall = EXIT_EVENT;
	v->upcall_ticks = 0;
	v->upcall_tick = 0;
	v->upcalls = v->interrupts = v->run_tsc = 0;
	v->steal_watch = false;
	v->steal_tsc = v->steal_told = 0;
	v->tpr_watch = v->nmi_held = false;
	v->tsc_offset = tsc_offset;
	v->tsc_adjust = v->tsc_aux = 0;
	v->xcr0 = XCR0_X87;
	v->virt.activity = v->index == 0 ? ACTIVITY_RUN : ACTIVITY_WAIT_SIPI;
	/* Before it may run: its CPU, if awake, picks it the moment it may, and it is not to enter unmade. */
	__atomic_store_n(&v->virt.pending, v->index == 0 ? EVENT_START : 0, __ATOMIC_RELAXED);
	__atomic_store_n(&v->virt.state, VIRT_OUT, __ATOMIC_RELAXED);
}

/* SDM 3A table 9-1 "IA-32 and Intel 64 Processor States Following Power-up, Reset, or INIT" */
void vcpu_init_registers(struct vcpu *v)
{
	ASSERT(this_cpu()->loaded == v);
	dr0_write(0);
	dr1_write(0);
	dr2_write(0);
	dr3_write(0);
}

uint32_t vcpu_notify(struct vcpu *v, uint32_t bits)
{
	struct cpu *here = this_cpu();
	uint32_t old = __atomic_fetch_or(&v->virt.pending, bits, __ATOMIC_SEQ_CST);

	if (v->cpu == here->number) {
		if (here->loaded != v || v->virt.activity != ACTIVITY_RUN)
			sched_wake_local(v);
		return old;
	}
	if ((old & bits) == bits && !(bits & (PEND_STOP | PEND_DETACH)))
		return old; /* somebody else told it already */
	/*
	 * While it is its CPU's turn, the target sets its state before it looks at pending, or will look
	 * after we set it. Else the CPU sleeps or runs another, which is to make room (sched_kicked).
	 */
	if (__atomic_load_n(&v->virt.state, __ATOMIC_SEQ_CST) == VIRT_GUEST ||
	    __atomic_load_n(&cpu_of(v->cpu)->running, __ATOMIC_SEQ_CST) != v)
		cpu_kick(v->cpu);
	return old;
}
