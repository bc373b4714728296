/* SPDX-License-Identifier: BSD-2-Clause */
/* Dispatch of calls. Who calls is known from the CPU's state, not from anything ring 3 says. */
#include "kernel/calls.h"

#include "abi/calls.h"
#include "arch/x86_64/trap.h"
#include "kernel/console.h"
#include "kernel/cpu.h"
#include "kernel/partition.h"
#include "kernel/upcall.h"

static int64_t dispatch(const call_fn *table, unsigned count, uint64_t number,
			const struct call_args *args)
{
	if (number >= count || !table[number])
		return ERR_NOSYS;
	return table[number](args);
}

void kernel_call(struct trap_frame *frame)
{
	struct cpu *cpu = this_cpu();
	struct call_args args = {
		.arg = {frame->gprs.rdi, frame->gprs.rsi, frame->gprs.rdx, frame->gprs.rcx},
		.v = cpu->in_console ? NULL : cpu->loaded,
		.frame = frame,
	};
	uint32_t number = (uint32_t)frame->gprs.rax;
	int64_t answer;

	if (cpu->in_console) {
		answer = dispatch(console_calls, console_call_count, number, &args);
		console_alive(); /* what the kernel did is no loop of the console's */
	} else {
		answer = dispatch(vmm_calls, vmm_call_count, number, &args);
		/* The call may have ended its own partition. */
		if (!part_may_run(args.v->part) &&
		    __atomic_load_n(&args.v->part->ended, __ATOMIC_RELAXED))
			vcpu_abandon(args.v);
	}
	frame->gprs.rax = (uint64_t)answer;
}
