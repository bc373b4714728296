/* SPDX-License-Identifier: BSD-2-Clause */
/* A hardware task switch that exited: the switch itself, and what it does to the debug registers. */
#include "vmm/upcall.h"

#include "vmm/call.h"
#include "vmm/emulate_fault.h"
#include "vmm/report.h"
#include "vmm/task.h"
#include "vmm/upcall_emulate.h"

#define DR6_BT	  BIT(15)
#define DR7_LOCAL (BIT(0) | BIT(2) | BIT(4) | BIT(6) | BIT(8)) /* L0 to L3, LE */

/*
 * SDM 3B 17.2 "Debug Registers": local breakpoints end with the task, also where the new one begins with a
 * fault; a T bit traps at its start.
 */
static uint32_t switch_debug(struct frame *frame, bool trap)
{
	uint64_t dr7;

	call_frame(GROUP_SYSTEM);
	dr7 = frame->system.dr7;
	frame->system.dr7 &= ~DR7_LOCAL;
	if (!trap)
		return dr7 & DR7_LOCAL ? GROUP_SYSTEM : 0;
	frame->system.dr6 |= DR6_BT;
	frame->event = fault_without_error(VECTOR_DB);
	return GROUP_SYSTEM | GROUP_EVENT;
}

struct resume upcall_task_switch(struct frame *frame)
{
	enum emulate_result result;
	UPCALL_EMULATOR e;
	bool trap;

	upcall_emulator_init(&e, frame);
	result = task_switch(&e, &trap);
	if (result == EMULATE_UNSUPPORTED)
		report_end(frame, REASON_EMULATION,
			   "task switch to %04x, and its page tables are not in RAM or never rest",
			   frame->task.selector);
	if (e.changed & GROUP_SEGMENT)
		e.changed |= switch_debug(frame, trap);
	return (struct resume){.groups = e.changed};
}
