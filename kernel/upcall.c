/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaving for the VMM with an exit or an event, and coming back with its answer. */
#include "kernel/upcall.h"

#include "abi/layout.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/trap.h"
#include "kernel/cpu.h"
#include "kernel/inject.h"
#include "kernel/machine.h"
#include "kernel/partition.h"
#include "kernel/sched.h"

/* What each kind of upcall finds in its frame page. */
static const uint16_t upcall_groups[EXIT_REASONS] = {
	[EXIT_IO_STRING] = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT,
	[EXIT_MMIO] = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_MEMORY,
	[EXIT_LENGTH] = GROUPS_FETCH,
	[EXIT_CR] = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT,
	[EXIT_TASK_SWITCH] = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT,
	[EXIT_TRIPLE_FAULT] = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT | GROUP_SYSTEM,
};

/* Inlined where the reason is known: then little of it is left. */
static inline __attribute__((always_inline)) uint32_t frame_fill(struct vcpu *v,
								 enum exit_reason reason)
{
	struct frame *frame = v->frame;
	const struct vm_exit *exit = &v->virt.exit;
	uint32_t groups = upcall_groups[reason];

	frame->reason = reason;
	frame->exit_code = (uint32_t)exit->code;
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
	case EXIT_EVENT:
	case EXIT_LENGTH:
	case EXIT_INTA:
	case EXIT_TASK_SWITCH:
	case EXIT_TRIPLE_FAULT:
	case EXIT_REASONS:
		break;
	}
	return groups;
}

static inline __attribute__((always_inline)) noreturn void leave(struct vcpu *v,
								 enum exit_reason reason)
{
	uint32_t groups = frame_fill(v, reason);

	v->upcall = reason;
	v->upcall_ticks = 0;
	v->upcalls++;
	v->frame->groups = groups;
	if (groups)
		machine.virt->get(&v->virt, groups, v->frame);
	if (this_cpu()->space != &v->part->space)
		cpu_use_space(&v->part->space);
	__atomic_store_n(&v->state, VCPU_RING3, __ATOMIC_RELAXED);
	percpu_restore_gdt();
	ring3_enter(machine.vmm_entry, v->user_stack, v->user_frame, v->index);
}

noreturn void vcpu_upcall(struct vcpu *v, enum exit_reason reason)
{
	leave(v, reason);
}

noreturn __attribute__((hot)) void vcpu_upcall_length(struct vcpu *v)
{
	leave(v, EXIT_LENGTH);
}

noreturn __attribute__((hot)) void vcpu_upcall_io(struct vcpu *v)
{
	leave(v, EXIT_IO);
}

noreturn __attribute__((hot)) void vcpu_upcall_mmio(struct vcpu *v)
{
	leave(v, EXIT_MMIO);
}

noreturn void vcpu_upcall_events(struct vcpu *v, uint32_t events)
{
	struct frame *frame = v->frame;

	frame->events = events;
	frame->vcpu = v->index;
	frame->sipi_vector = __atomic_load_n(&v->sipi_vector, __ATOMIC_ACQUIRE);
	if (events & EVENT_EOI)
		for (unsigned i = 0; i < 4; i++) {
			frame->eoi_vectors[i] = v->eoi_vectors[i];
			v->eoi_vectors[i] = 0;
		}
	vcpu_upcall(v, EXIT_EVENT);
}

/* A register as an instruction of that operand size writes it. */
static void reply_apply(struct vcpu *v, const struct frame_reply *reply)
{
	uint64_t *reg = &v->virt.gpr[reply->gpr % GPR_COUNT];

	switch (reply->size) {
	case 1:
		if (reply->high_byte)
			*reg = (*reg & ~0xff00ULL) | (reply->value & 0xff) << 8;
		else
			*reg = (*reg & ~0xffULL) | (reply->value & 0xff);
		break;
	case 2:
		*reg = (*reg & ~0xffffULL) | (reply->value & 0xffff);
		break;
	case 4:
		*reg = (uint32_t)reply->value;
		break;
	default:
		*reg = reply->value;
		break;
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

static enum vcpu_action answer_apply(struct vcpu *v, uint32_t groups, uint32_t insn_len)
{
	uint32_t upcall = v->upcall;

	v->upcall = EXIT_REASONS;
	if (groups & GROUP_REPLY) {
		struct frame_reply reply = v->frame->reply;

		compiler_barrier();
		reply_apply(v, &reply);
	}
	if (groups & ~(uint32_t)(GROUP_REPLY | GROUP_EVENT) &&
	    !machine.virt->put(&v->virt, groups, v->frame))
		part_end(v->part, REASON_ENTRY, 0, "vcpu %u: the VMM resumes with an illegal state",
			 v->index);
	if (insn_len)
		machine.virt->skip(&v->virt, insn_len);
	if (upcall == EXIT_MSR)
		msr_answer(v, insn_len != 0);
	if (upcall == EXIT_INTA)
		inta_answer(v);
	if (groups & GROUP_EVENT)
		event_answer(v);
	return VCPU_RESUME;
}

noreturn void vcpu_resume(struct vcpu *v, uint64_t groups, uint64_t insn_len)
{
	__atomic_store_n(&v->state, VCPU_OUT, __ATOMIC_RELAXED);
	if (v->upcall == EXIT_LENGTH && insn_len - 1 < 15) {
		v->upcall = EXIT_REASONS;
		v->virt.exit.insn_len = (uint32_t)insn_len;
		if (vcpu_handle_exit(v) == VCPU_LEAVE)
			cpu_loop();
		cpu_continue(v);
	}
	if (insn_len > 15)
		part_end(v->part, REASON_VMM_FAULT, 0, "vcpu %u: the VMM skips %lu bytes", v->index,
			 insn_len);
	else if (answer_apply(v, (uint32_t)groups, (uint32_t)insn_len) == VCPU_LEAVE)
		cpu_loop();
	cpu_continue(v);
}

noreturn void vcpu_abandon(struct vcpu *v)
{
	__atomic_store_n(&v->state, VCPU_OUT, __ATOMIC_RELAXED);
	cpu_loop();
}
