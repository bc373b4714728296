/* SPDX-License-Identifier: BSD-2-Clause */
/* Sends each upcall to its handler and enters the guest again as the handler says. */
#include "vmm/main.h"

#include "vmm/call.h"
#include "vmm/host_end.h"
#include "vmm/report.h"
#include "vmm/upcall.h"

static const upcall_t handlers[EXIT_REASONS] = {
	[EXIT_EVENT] = upcall_event,
	[EXIT_IO] = upcall_io,
	[EXIT_IO_STRING] = upcall_io_string,
	[EXIT_MMIO] = upcall_mmio,
	[EXIT_LENGTH] = upcall_length,
	[EXIT_MSR] = upcall_msr,
	[EXIT_CR] = upcall_cr,
	[EXIT_INTA] = upcall_inta,
	[EXIT_TASK_SWITCH] = upcall_task_switch,
	[EXIT_TRIPLE_FAULT] = upcall_triple_fault,
};

noreturn void vmm_main(struct frame *frame, uint64_t vcpu)
{
	uint32_t reason = frame->reason;
	struct resume resume;

	(void)vcpu; /* the frame page says it too */
	if (reason >= EXIT_REASONS)
		report_end(frame, REASON_VMM_FAULT, "upcall for unknown reason %u", reason);
	resume = handlers[reason](frame);
	host_end_if_asked();
	call_resume(resume);
}
