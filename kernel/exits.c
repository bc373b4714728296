/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel does about each kind of exit: a table. What is not hot or scheduling goes to the VMM. */
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "kernel/cpu.h"
#include "kernel/cpuid_table.h"
#include "kernel/machine.h"
#include "kernel/machine_check.h"
#include "kernel/partition.h"
#include "kernel/stats.h"

/* The answer to any hypercall: there are none. Linux's number for "no such function". */
#define HYPERCALL_ENOSYS (-38LL)

/* Answers as kernel_exit: the length of what was carried out, or VIRT_LEAVE. */
typedef int64_t (*exit_handler_fn)(struct vcpu *v);

static int64_t on_interrupt(struct vcpu *v)
{
	(void)v;
	interrupts_window();
	return 0;
}

/* A physical NMI is taken by the host as soon as it can be; a window needs a look at what waits. */
static int64_t on_nothing(struct vcpu *v)
{
	(void)v;
	return 0;
}

/* The guest can take an interrupt now, or (VMX) has lowered its TPR: look at what waits. */
static int64_t on_window(struct vcpu *v)
{
	vcpu_pend_local(v, PEND_INTERRUPT);
	return 0;
}

static int64_t on_machine_check(struct vcpu *v)
{
	machine_check_in_guest(v);
	return 0;
}

/* Where the hardware tells no length the VMM finds it, and the exit is handled anew. */
static inline bool lacks_length(const struct vcpu *v)
{
	return __builtin_expect(!v->virt.exit.insn_len, 0);
}

static int64_t on_undefined(struct vcpu *v)
{
	vcpu_inject_ud(v);
	return 0;
}

static int64_t on_protection(struct vcpu *v)
{
	vcpu_inject_gp(v);
	return 0;
}

static int64_t on_cpuid(struct vcpu *v)
{
	uint64_t *gpr = v->virt.gpr;

	if (lacks_length(v))
		return vcpu_upcall_length(v);
	if (__builtin_expect(!cpuid_plain(v->part, (uint32_t)gpr[GPR_RAX], gpr), 0))
		return vcpu_cpuid(v);
	return v->virt.exit.insn_len;
}

static int64_t on_hlt(struct vcpu *v)
{
	if (lacks_length(v))
		return vcpu_upcall_length(v);
	machine.virt->skip(&v->virt, v->virt.exit.insn_len);
	/* A single step's trap comes after HLT as after any instruction, and ends the halt. */
	if (!machine.virt->injecting(&v->virt))
		v->virt.activity = ACTIVITY_HALT;
	v->halt_open = machine.virt->rflags(&v->virt) & RFLAGS_IF;
	/* What waited for a window ends the halt, whenever its turn comes again. */
	if (v->virt.recheck & RECHECK_WINDOW)
		vcpu_pend_local(v, PEND_INTERRUPT);
	return 0;
}

/* In 32-bit code it writes EAX, and so, as all that do, zeros above it. */
static int64_t on_hypercall(struct vcpu *v)
{
	if (machine.virt->cpl(&v->virt))
		return on_undefined(v);
	if (lacks_length(v))
		return vcpu_upcall_length(v);
	v->virt.gpr[GPR_RAX] = machine.virt->in_64_bit_code(&v->virt) ? (uint64_t)HYPERCALL_ENOSYS
								      : (uint32_t)HYPERCALL_ENOSYS;
	return v->virt.exit.insn_len;
}

static int64_t on_xsetbv(struct vcpu *v)
{
	uint64_t value = v->virt.gpr[GPR_RDX] << 32 | (uint32_t)v->virt.gpr[GPR_RAX];

	if (!(machine.virt->cr4(&v->virt) & CR4_OSXSAVE))
		return on_undefined(v);
	if (machine.virt->cpl(&v->virt) || (uint32_t)v->virt.gpr[GPR_RCX] ||
	    !xcr0_valid(value, cpu_features.xcr0_host))
		return on_protection(v);
	if (lacks_length(v))
		return vcpu_upcall_length(v);
	v->xcr0 = value;
	xcr0_write(value);
	return v->virt.exit.insn_len;
}

/* INVD must not throw away other guests' data, WBINVD must not cost them theirs; memory is coherent. */
static int64_t on_cache(struct vcpu *v)
{
	return lacks_length(v) ? vcpu_upcall_length(v) : v->virt.exit.insn_len;
}

static int64_t on_io_string(struct vcpu *v)
{
	vcpu_upcall(v, EXIT_IO_STRING);
}

/*
 * While an event was being delivered: the instruction at RIP did not cause it, so nothing can be
 * emulated, and delivering it again would end here again.
 */
static int64_t delivery_outside_ram(struct vcpu *v)
{
	part_end(v->part, REASON_EMULATION, 0,
		 "vcpu %u: vector %u was delivered through memory that is not there: gpa 0x%lx, rip 0x%lx",
		 v->index, v->virt.reinject.vector, v->virt.exit.mmio.gpa,
		 machine.virt->rip(&v->virt));
	return VIRT_LEAVE;
}

static int64_t on_nested(struct vcpu *v)
{
	if (v->virt.reinject_valid)
		return delivery_outside_ram(v);
	return vcpu_upcall_mmio(v);
}

static int64_t on_cr(struct vcpu *v)
{
	vcpu_upcall(v, EXIT_CR);
}

static int64_t on_exception(struct vcpu *v)
{
	vcpu_inject(v, &v->virt.exit.event);
	return 0;
}

/* Delivering #DF through an IDT that ends before it is the triple fault, which one bed would not survive. */
static int64_t on_double_fault(struct vcpu *v)
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
	return 0;
}

static int64_t on_task_switch(struct vcpu *v)
{
	vcpu_upcall(v, EXIT_TASK_SWITCH);
}

static int64_t on_triple_fault(struct vcpu *v)
{
	vcpu_upcall(v, EXIT_TRIPLE_FAULT);
}

static int64_t on_refused(struct vcpu *v)
{
	const struct exit_record *exit = recorder_last(&v->recorder);
	struct frame state;

	machine.virt->get(&v->virt, GROUP_IP | GROUP_CONTROL | GROUP_CS, &state);
	part_end(v->part, v->virt.exit.kind == VM_EXIT_INVALID ? REASON_ENTRY : REASON_KERNEL,
		 exit->code,
		 "vcpu %u: %s%s%s, code 0x%x info 0x%lx\nrip %04x:%016lx rflags 0x%lx\n"
		 "cr0 0x%lx cr3 0x%lx cr4 0x%lx efer 0x%lx",
		 v->index,
		 v->virt.exit.kind == VM_EXIT_INVALID ? "the processor refuses the guest's state"
						      : "an exit that nobody asked for",
		 v->virt.exit.refused ? ": " : "", v->virt.exit.refused ? v->virt.exit.refused : "",
		 exit->code, exit->info, state.seg[SEG_CS].selector, state.rip, state.rflags,
		 state.control.cr0, state.control.cr3, state.control.cr4, state.control.efer);
	return VIRT_LEAVE;
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
	[VM_EXIT_IO] = vcpu_upcall_io,
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

int64_t vcpu_handle_exit(struct vcpu *v)
{
	return handlers[v->virt.exit.kind](v);
}

/* Out of line, so that the usual way needs no stack frame. */
static __attribute__((noinline)) int64_t timer_is_due(struct vcpu *v)
{
	cpu_timer_interrupt(this_cpu());
	return vcpu_handle_exit(v);
}

int64_t kernel_exit(struct virt_vcpu *virt, uint64_t rip, uint64_t code, uint64_t info)
{
	struct vcpu *v = vcpu_of(virt);
	uint32_t kind = virt->exit.kind;
	uint64_t now = tsc_read();

	__atomic_store_n(&virt->state, VIRT_OUT, __ATOMIC_RELAXED);
	recorder_add(&v->recorder, rip, code, info, now, kind);
	v->exits[kind]++;
	if (cpu_timer_overdue(this_cpu(), now))
		return timer_is_due(v);
	return handlers[kind](v);
}

/* For `stats`: the order of enum vm_exit_kind. */
static const char *const names[] = {
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
	[RECORD_INJECTED] = "injected",
};

const char *vm_exit_name(unsigned kind)
{
	return kind < ARRAY_SIZE(names) ? names[kind] : NULL;
}
