/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaving for the VMM with an exit or an event, and coming back with its answer. */
#include "kernel/upcall.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/trap.h"
#include "kernel/calls.h"
#include "kernel/console.h"
#include "kernel/cpu.h"
#include "kernel/inject.h"
#include "kernel/machine.h"
#include "kernel/partition.h"

/* What each kind of upcall finds in its frame page. */
static const uint16_t upcall_groups[EXIT_REASONS] = {
	[EXIT_IO_STRING] = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT,
	[EXIT_MMIO] = GROUP_GPR | GROUPS_FETCH,
	[EXIT_LENGTH] = GROUPS_FETCH,
	[EXIT_CR] = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT,
	[EXIT_TASK_SWITCH] = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT,
	[EXIT_TRIPLE_FAULT] = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT | GROUP_SYSTEM,
};

/* What the VMM has to find at RIP, else the exit is not to be handled: see enum length_of. */
static const uint8_t length_of[VM_EXIT_KINDS] = {
	[VM_EXIT_CPUID] = LENGTH_OF_CPUID,	   [VM_EXIT_MSR_READ] = LENGTH_OF_RDMSR,
	[VM_EXIT_MSR_WRITE] = LENGTH_OF_WRMSR,	   [VM_EXIT_HLT] = LENGTH_OF_HLT,
	[VM_EXIT_HYPERCALL] = LENGTH_OF_HYPERCALL, [VM_EXIT_XSETBV] = LENGTH_OF_XSETBV,
	[VM_EXIT_CACHE] = LENGTH_OF_CACHE,
};

/* Inlined where the reason is known: then little of it is left. */
static inline __attribute__((always_inline)) uint32_t frame_fill(struct vcpu *v,
								 enum exit_reason reason)
{
	struct frame *frame = v->frame;
	const struct vm_exit *exit = &v->virt.exit;
	uint32_t groups = upcall_groups[reason];

	frame->reason = reason;
	if (reason != EXIT_IO && reason != EXIT_MMIO && reason != EXIT_LENGTH)
		frame->exit_code = recorder_last(&v->recorder)->code;
	switch (reason) {
	case EXIT_IO:
	case EXIT_IO_STRING:
		frame->io = exit->io;
		break;
	case EXIT_MMIO:
		frame->mmio = exit->mmio;
		break;
	case EXIT_MSR:
		frame->msr.index = (uint32_t)v->virt.gpr[GPR_RCX];
		frame->msr.write = exit->kind == VM_EXIT_MSR_WRITE;
		frame->msr.value = v->virt.gpr[GPR_RDX] << 32 | (uint32_t)v->virt.gpr[GPR_RAX];
		frame->msr.insn_len = exit->insn_len;
		frame->msr.fault = 0;
		groups = exit->insn_len ? 0 : upcall_groups[EXIT_LENGTH];
		break;
	case EXIT_CR:
		frame->cr = exit->cr;
		break;
	case EXIT_TASK_SWITCH:
		frame->task = exit->task;
		break;
	case EXIT_LENGTH:
		frame->length_of = length_of[exit->kind];
		break;
	case EXIT_EVENT:
	case EXIT_INTA:
	case EXIT_TRIPLE_FAULT:
	case EXIT_REASONS:
		break;
	}
	return groups;
}

static noreturn void enter_vmm(const struct vcpu *v)
{
	percpu_restore_gdt();
	ring3_enter(machine.vmm_entry, v->user_stack, v->user_frame, v->index);
}

/* Out of line, so that the usual way needs no stack frame. */
static noreturn __attribute__((noinline)) void enter_vmm_elsewhere(struct vcpu *v)
{
	cpu_use_space(&v->part->space);
	enter_vmm(v);
}

static inline __attribute__((always_inline)) noreturn void leave(struct vcpu *v,
								 enum exit_reason reason)
{
	uint32_t groups = frame_fill(v, reason);

	v->upcall = reason;
	v->upcall_ticks = 0;
	v->upcalls++;
	v->frame->groups = groups;
	__atomic_store_n(&v->virt.state, VIRT_RING3, __ATOMIC_RELAXED);
	if (groups)
		machine.virt->get(&v->virt, groups, v->frame);
	if (__builtin_expect(this_cpu()->space != &v->part->space, 0))
		enter_vmm_elsewhere(v);
	enter_vmm(v);
}

noreturn void vcpu_upcall(struct vcpu *v, enum exit_reason reason)
{
	leave(v, reason);
}

int64_t vcpu_upcall_length(struct vcpu *v)
{
	leave(v, EXIT_LENGTH);
}

int64_t vcpu_upcall_io(struct vcpu *v)
{
	leave(v, EXIT_IO);
}

int64_t vcpu_upcall_mmio(struct vcpu *v)
{
	leave(v, EXIT_MMIO);
}

int64_t vcpu_upcall_msr(struct vcpu *v)
{
	leave(v, EXIT_MSR);
}

noreturn void vcpu_upcall_events(struct vcpu *v, uint32_t events)
{
	struct frame *frame = v->frame;

	frame->events = events;
	frame->vcpu = v->index;
	frame->steal_tsc = v->steal_tsc;
	frame->sipi_vector = __atomic_load_n(&v->sipi_vector, __ATOMIC_ACQUIRE);
	if (events & EVENT_EOI)
		for (unsigned i = 0; i < 4; i++) {
			frame->eoi_vectors[i] = v->eoi_vectors[i];
			v->eoi_vectors[i] = 0;
		}
	vcpu_upcall(v, EXIT_EVENT);
}

/* A register as an instruction of that operand size writes it. */
static inline __attribute__((always_inline)) void reply_apply(struct vcpu *v, struct resume answer)
{
	uint64_t *reg = &v->virt.gpr[answer.gpr % GPR_COUNT];
	unsigned shift = answer.high_byte ? 8 : 0;
	uint64_t mask;

	if (__builtin_expect(answer.size == 4, 1)) {
		*reg = (uint32_t)answer.value;
	} else if (answer.size < 4) {
		mask = (answer.size == 1 ? 0xffULL : 0xffffULL) << shift;
		*reg = (*reg & ~mask) | (answer.value << shift & mask);
	} else {
		*reg = answer.value;
	}
}

static void msr_answer(struct vcpu *v, bool skipped)
{
	struct frame_msr msr = v->frame->msr;

	compiler_barrier();
	if (msr.fault) {
		vcpu_inject_gp(v);
		return;
	}
	/* Without a length the instruction is to run again: nothing of it has happened. */
	if (skipped && v->virt.exit.kind == VM_EXIT_MSR_READ) {
		v->virt.gpr[GPR_RAX] = (uint32_t)msr.value;
		v->virt.gpr[GPR_RDX] = msr.value >> 32;
	}
}

static void event_answer(struct vcpu *v)
{
	struct frame_event event = v->frame->event;

	compiler_barrier();
	if (!inject_valid(&event)) {
		part_end(v->part, REASON_VMM_FAULT, 0, "vcpu %u: the VMM injects type %u vector %u",
			 v->index, event.type, event.vector);
		return;
	}
	vcpu_inject(v, &event);
}

static void inta_answer(struct vcpu *v)
{
	const struct frame_event event = {
		.type = INJECT_EXTERNAL,
		.vector = v->frame->inta_vector,
	};

	v->interrupts++;
	machine.virt->inject(&v->virt, &event);
}

/* The answer to EVENT_START, which is told no more: the console's start has waited for it. */
static void note_entry(struct vcpu *v)
{
	vcpu_take(v, EVENT_START);
	__atomic_store_n(&v->part->entered_tsc, tsc_read(), __ATOMIC_RELAXED);
	console_event(CONSOLE_PARTITION);
}

/*
 * What came through a task gate has come once the new task is the current one, though its first steps may
 * fault; but for an exception, of which such a fault makes #DF.
 */
static void task_answer(struct vcpu *v, uint32_t groups)
{
	bool switched = groups & GROUP_SEGMENT && v->virt.reinject.type != INJECT_EXCEPTION;

	if (switched || v->frame->task.delivered)
		v->virt.reinject_valid = false;
}

static void groups_apply(struct vcpu *v, struct resume answer)
{
	uint32_t other = answer.groups & ~(uint32_t)(GROUP_REPLY | GROUP_EVENT | GROUP_STEP);

	if (answer.groups & GROUP_REPLY)
		reply_apply(v, answer);
	if (other && !machine.virt->put(&v->virt, other, v->frame))
		part_end(v->part, REASON_ENTRY, 0, "vcpu %u: the VMM resumes with an illegal state",
			 v->index);
	else if (answer.groups && !v->part->entered_tsc)
		note_entry(v);
	/* A trap of its own comes first; what is injected now comes in its place. */
	if (answer.insn_len || answer.groups & GROUP_STEP)
		machine.virt->skip(&v->virt, answer.insn_len);
	if (v->upcall == EXIT_MSR)
		msr_answer(v, answer.insn_len != 0);
	if (v->upcall == EXIT_INTA)
		inta_answer(v);
	if (v->upcall == EXIT_TASK_SWITCH)
		task_answer(v, answer.groups);
	if (answer.groups & GROUP_EVENT)
		event_answer(v);
}

/* All that is not the plain end of an instruction. */
static noreturn __attribute__((noinline)) void resume_slowly(struct vcpu *v, struct resume answer)
{
	int64_t skip = 0;

	if (answer.insn_len > 15) {
		part_end(v->part, REASON_VMM_FAULT, 0, "vcpu %u: the VMM skips %u bytes", v->index,
			 answer.insn_len);
	} else if (v->upcall == EXIT_LENGTH && answer.insn_len) {
		v->virt.exit.insn_len = answer.insn_len;
		skip = vcpu_handle_exit(v);
	} else {
		groups_apply(v, answer);
	}
	machine.virt->run(&v->virt, skip);
}

noreturn void kernel_resume(struct resume answer)
{
	const struct cpu *cpu = this_cpu();
	struct vcpu *v = cpu->loaded;

	if (__builtin_expect(cpu->in_console, 0))
		console_failed("it called resume", 0, 0);
	if (v->upcall >= EXIT_LENGTH || answer.groups & ~(uint32_t)GROUP_REPLY ||
	    answer.insn_len > 15)
		resume_slowly(v, answer);
	if (answer.groups)
		reply_apply(v, answer);
	machine.virt->run(&v->virt, answer.insn_len);
}

void vcpu_fill_frame(struct vcpu *v, uint32_t groups)
{
	machine.virt->get(&v->virt, groups, v->frame);
	v->frame->groups |= groups;
	v->frame->exit_code = recorder_last(&v->recorder)->code;
}

noreturn void vcpu_abandon(struct vcpu *v)
{
	kernel_leave(&v->virt);
}
