/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel does about each kind of exit: a table. What is not hot or scheduling goes to the VMM. */
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "kernel/cpu.h"
#include "kernel/machine.h"
#include "kernel/machine_check.h"
#include "kernel/partition.h"
#include "kernel/stats.h"

/* The answer to any hypercall: there are none. Linux's number for "no such function". */
#define HYPERCALL_ENOSYS (-38LL)

typedef enum vcpu_action (*exit_handler_fn)(struct vcpu *v);

static enum vcpu_action on_interrupt(struct vcpu *v)
{
	(void)v;
	interrupts_window();
	return VCPU_RESUME;
}

/* A physical NMI is taken by the host as soon as it can be; a window needs a look at what waits. */
static enum vcpu_action on_nothing(struct vcpu *v)
{
	(void)v;
	return VCPU_RESUME;
}

/* The guest can take an interrupt now, or (VMX) has lowered its TPR: look at what waits. */
static enum vcpu_action on_window(struct vcpu *v)
{
	vcpu_pend_local(v, PEND_INTERRUPT);
	return VCPU_RESUME;
}

static enum vcpu_action on_machine_check(struct vcpu *v)
{
	machine_check_in_guest(v);
	return VCPU_RESUME;
}

static void skip(struct vcpu *v)
{
	machine.virt->skip(&v->virt, v->virt.exit.insn_len);
}

/* Where the hardware tells no length the VMM finds it, and the exit is handled anew. */
static inline void need_length(struct vcpu *v)
{
	if (!v->virt.exit.insn_len)
		vcpu_upcall_length(v);
}

static enum vcpu_action on_cpuid(struct vcpu *v)
{
	need_length(v);
	vcpu_cpuid(v);
	skip(v);
	return VCPU_RESUME;
}

static enum vcpu_action on_hlt(struct vcpu *v)
{
	need_length(v);
	skip(v);
	/* A single step's trap comes after HLT as after any instruction, and ends the halt. */
	if (!machine.virt->injecting(&v->virt))
		v->activity = ACTIVITY_HALT;
	return VCPU_RESUME;
}

static enum vcpu_action on_hypercall(struct vcpu *v)
{
	if (machine.virt->cpl(&v->virt)) {
		vcpu_inject_ud(v);
		return VCPU_RESUME;
	}
	need_length(v);
	v->virt.gpr[GPR_RAX] = (uint64_t)HYPERCALL_ENOSYS;
	skip(v);
	return VCPU_RESUME;
}

static enum vcpu_action on_xsetbv(struct vcpu *v)
{
	uint64_t value = v->virt.gpr[GPR_RDX] << 32 | (uint32_t)v->virt.gpr[GPR_RAX];

	if (!(machine.virt->cr4(&v->virt) & CR4_OSXSAVE)) {
		vcpu_inject_ud(v);
		return VCPU_RESUME;
	}
	if (machine.virt->cpl(&v->virt) || (uint32_t)v->virt.gpr[GPR_RCX] ||
	    !xcr0_valid(value, cpu_features.xcr0_host)) {
		vcpu_inject_gp(v);
		return VCPU_RESUME;
	}
	need_length(v);
	v->xcr0 = value;
	xcr0_write(value);
	skip(v);
	return VCPU_RESUME;
}

/* INVD must not throw away other guests' data, WBINVD must not cost them theirs; memory is coherent. */
static enum vcpu_action on_cache(struct vcpu *v)
{
	need_length(v);
	skip(v);
	return VCPU_RESUME;
}

static enum vcpu_action on_io(struct vcpu *v)
{
	vcpu_upcall_io(v);
}

static enum vcpu_action on_io_string(struct vcpu *v)
{
	vcpu_upcall(v, EXIT_IO_STRING);
}

/*
 * While an event was being delivered: the instruction at RIP did not cause it, so nothing can be
 * emulated, and delivering it again would end here again.
 */
static enum vcpu_action delivery_outside_ram(struct vcpu *v)
{
	part_end(v->part, REASON_EMULATION, 0,
		 "vcpu %u: vector %u was delivered through memory that is not there: gpa 0x%lx, rip 0x%lx",
		 v->index, v->virt.reinject.vector, v->virt.exit.mmio.gpa,
		 machine.virt->rip(&v->virt));
	return VCPU_LEAVE;
}

static enum vcpu_action on_nested(struct vcpu *v)
{
	if (v->virt.reinject_valid)
		return delivery_outside_ram(v);
	vcpu_upcall_mmio(v);
}

static enum vcpu_action on_cr(struct vcpu *v)
{
	vcpu_upcall(v, EXIT_CR);
}

static enum vcpu_action on_exception(struct vcpu *v)
{
	vcpu_inject(v, &v->virt.exit.event);
	return VCPU_RESUME;
}

/* Delivering #DF through an IDT that ends before it is the triple fault, which one bed would not survive. */
static enum vcpu_action on_double_fault(struct vcpu *v)
{
	static const struct frame_event double_fault = {
		.type = INJECT_EXCEPTION,
		.vector = EXCEPTION_DF,
		.has_error = 1,
	};

	v->virt.reinject_valid = false;
	if (!machine.virt->idt_reaches(&v->virt, EXCEPTION_DF))
		vcpu_upcall(v, EXIT_TRIPLE_FAULT);
	machine.virt->inject(&v->virt, &double_fault);
	return VCPU_RESUME;
}

static enum vcpu_action on_undefined(struct vcpu *v)
{
	vcpu_inject_ud(v);
	return VCPU_RESUME;
}

static enum vcpu_action on_protection(struct vcpu *v)
{
	vcpu_inject_gp(v);
	return VCPU_RESUME;
}

static enum vcpu_action on_task_switch(struct vcpu *v)
{
	vcpu_upcall(v, EXIT_TASK_SWITCH);
}

static enum vcpu_action on_triple_fault(struct vcpu *v)
{
	vcpu_upcall(v, EXIT_TRIPLE_FAULT);
}

static enum vcpu_action on_refused(struct vcpu *v)
{
	struct frame state;

	machine.virt->get(&v->virt, GROUP_IP | GROUP_CONTROL | GROUP_CS, &state);
	part_end(v->part, v->virt.exit.kind == VM_EXIT_INVALID ? REASON_ENTRY : REASON_KERNEL,
		 (uint32_t)v->virt.exit.code,
		 "vcpu %u: %s%s%s, code 0x%lx info 0x%lx\nrip %04x:%016lx rflags 0x%lx\n"
		 "cr0 0x%lx cr3 0x%lx cr4 0x%lx efer 0x%lx",
		 v->index,
		 v->virt.exit.kind == VM_EXIT_INVALID ? "the processor refuses the guest's state"
						      : "an exit that nobody asked for",
		 v->virt.exit.refused ? ": " : "", v->virt.exit.refused ? v->virt.exit.refused : "",
		 v->virt.exit.code, v->virt.exit.info, state.seg[SEG_CS].selector, state.rip,
		 state.rflags, state.control.cr0, state.control.cr3, state.control.cr4,
		 state.control.efer);
	return VCPU_LEAVE;
}

static const exit_handler_fn handlers[VM_EXIT_KINDS] = {
	[VM_EXIT_INTERRUPT] = on_interrupt,
	[VM_EXIT_NMI] = on_nothing,
	[VM_EXIT_MACHINE_CHECK] = on_machine_check,
	[VM_EXIT_WINDOW] = on_window,
	[VM_EXIT_NMI_WINDOW] = on_nothing,
	[VM_EXIT_PREEMPT] = on_interrupt,
	[VM_EXIT_CPUID] = on_cpuid,
	[VM_EXIT_MSR_READ] = vcpu_msr_read,
	[VM_EXIT_MSR_WRITE] = vcpu_msr_write,
	[VM_EXIT_HLT] = on_hlt,
	[VM_EXIT_HYPERCALL] = on_hypercall,
	[VM_EXIT_XSETBV] = on_xsetbv,
	[VM_EXIT_CACHE] = on_cache,
	[VM_EXIT_IO] = on_io,
	[VM_EXIT_IO_STRING] = on_io_string,
	[VM_EXIT_NESTED] = on_nested,
	[VM_EXIT_CR] = on_cr,
	[VM_EXIT_EXCEPTION] = on_exception,
	[VM_EXIT_DOUBLE_FAULT] = on_double_fault,
	[VM_EXIT_UNDEFINED] = on_undefined,
	[VM_EXIT_PROTECTION] = on_protection,
	[VM_EXIT_TASK_SWITCH] = on_task_switch,
	[VM_EXIT_TRIPLE_FAULT] = on_triple_fault,
	[VM_EXIT_INVALID] = on_refused,
	[VM_EXIT_UNKNOWN] = on_refused,
};

enum vcpu_action vcpu_handle_exit(struct vcpu *v)
{
	return handlers[v->virt.exit.kind](v);
}

/* For `stats`: the order of enum vm_exit_kind. */
static const char *const names[VM_EXIT_KINDS] = {
	[VM_EXIT_INTERRUPT] = "interrupt",
	[VM_EXIT_NMI] = "nmi",
	[VM_EXIT_MACHINE_CHECK] = "machine-check",
	[VM_EXIT_WINDOW] = "interrupt-window",
	[VM_EXIT_NMI_WINDOW] = "nmi-window",
	[VM_EXIT_PREEMPT] = "preempt",
	[VM_EXIT_CPUID] = "cpuid",
	[VM_EXIT_MSR_READ] = "rdmsr",
	[VM_EXIT_MSR_WRITE] = "wrmsr",
	[VM_EXIT_HLT] = "hlt",
	[VM_EXIT_HYPERCALL] = "hypercall",
	[VM_EXIT_XSETBV] = "xsetbv",
	[VM_EXIT_CACHE] = "cache",
	[VM_EXIT_IO] = "port",
	[VM_EXIT_IO_STRING] = "port-string",
	[VM_EXIT_NESTED] = "mmio",
	[VM_EXIT_CR] = "control-register",
	[VM_EXIT_EXCEPTION] = "exception",
	[VM_EXIT_DOUBLE_FAULT] = "double-fault",
	[VM_EXIT_UNDEFINED] = "undefined",
	[VM_EXIT_PROTECTION] = "protection",
	[VM_EXIT_TASK_SWITCH] = "task-switch",
	[VM_EXIT_TRIPLE_FAULT] = "triple-fault",
	[VM_EXIT_INVALID] = "invalid-state",
	[VM_EXIT_UNKNOWN] = "unknown",
};

const char *vm_exit_name(unsigned kind)
{
	return kind < VM_EXIT_KINDS ? names[kind] : NULL;
}
