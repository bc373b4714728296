/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel does about interrupts, faults of ring 3, and NMIs. */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/vectors.h"
#include "drivers/uart.h"
#include "kernel/console.h"
#include "kernel/cpu.h"
#include "kernel/debug.h"
#include "kernel/efi.h"
#include "kernel/machine_check.h"
#include "kernel/panic.h"
#include "kernel/partition.h"
#include "kernel/power.h"
#include "kernel/sched.h"
#include "kernel/watchdog.h"

static void on_timer(struct cpu *cpu)
{
	apic_eoi();
	cpu_timer_interrupt(cpu);
}

static void on_kick(struct cpu *cpu)
{
	(void)cpu;
	apic_eoi();
	cpu_flush_check();
	sched_kicked();
	debug_check_panic();
	debug_check_stuck();
}

static void on_uart(struct cpu *cpu)
{
	(void)cpu;
	apic_eoi();
	uart_interrupt();
}

static void on_error(struct cpu *cpu)
{
	(void)cpu;
	apic_error_interrupt();
	apic_eoi();
}

static void on_spurious(struct cpu *cpu, unsigned vector)
{
	cpu->spurious_count++;
	if (vector != VECTOR_SPURIOUS && apic_vector_in_service((uint8_t)vector))
		apic_eoi();
}

void kernel_interrupt(struct trap_frame *frame, unsigned vector)
{
	struct cpu *cpu = this_cpu();

	cpu->interrupts++;
	/* Awake: who is stuck in here is none that sleeps. It looks for work before it sleeps again. */
	__atomic_store_n(&cpu->idle, 0, __ATOMIC_RELAXED);
	if (cpu->in_firmware) {
		efi_interrupt(frame, vector);
		return;
	}
	switch (vector) {
	case VECTOR_TIMER:
		on_timer(cpu);
		break;
	case VECTOR_KICK:
		on_kick(cpu);
		break;
	case VECTOR_UART:
		on_uart(cpu);
		break;
	case VECTOR_ERROR:
		on_error(cpu);
		break;
	default:
		on_spurious(cpu, vector);
		break;
	}
	if (cpu->number == 0 && console_wants_cpu())
		sched_preempt();
	if (vector == VECTOR_TIMER && trap_from_ring3(frame))
		sched_ring3_tick(frame);
}

void kernel_ring3_fault(struct trap_frame *frame)
{
	static const char *const names[] = {
		"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "#09", "#TS",
		"#NP", "#SS", "#GP", "#PF", "#15", "#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
	};
	const char *name = frame->vector < ARRAY_SIZE(names) ? names[frame->vector] : "exception";
	struct cpu *cpu = this_cpu();
	/* CR2 is of another time, maybe of another guest, if this is no page fault. */
	uint64_t address = frame->vector == EXCEPTION_PF ? cr2_read() : 0;
	struct vcpu *v = cpu->loaded;

	if (cpu->in_firmware) {
		efi_fault(frame, name, address);
		return;
	}
	if (cpu->in_console)
		console_failed(name, frame->rip, address);
	part_end(v->part, REASON_VMM_FAULT, (uint32_t)frame->vector,
		 "vcpu %u: the VMM faulted: %s(0x%lx) at rip 0x%lx rsp 0x%lx address 0x%lx",
		 v->index, name, frame->error, frame->rip, frame->rsp, address);
	kernel_leave(&v->virt);
}

void kernel_nmi(struct trap_frame *frame)
{
	panic_check_nmi(frame);
	machine_power_check_nmi();
	watchdog_check_nmi(frame);
	this_cpu()->nmi_count++;
}

void kernel_machine_check(struct trap_frame *frame)
{
	machine_check(frame->rip);
}
