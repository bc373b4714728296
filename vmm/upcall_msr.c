/* SPDX-License-Identifier: BSD-2-Clause */
/* RDMSR and WRMSR that the kernel's policy leaves to the VMM. */
#include "vmm/upcall.h"

#include "lib/format.h"
#include "vmm/call.h"
#include "vmm/fetch.h"
#include "vmm/guest_features.h"
#include "vmm/msr.h"

/* The kernel limits how many of these lines reach the log. */
static void log_refusal(const struct frame_msr *msr)
{
	char text[80];

	call_log(text, msr->write
			       ? format(text, sizeof(text), "fault #GP(0) wrmsr 0x%x = 0x%lx",
					msr->index, msr->value)
			       : format(text, sizeof(text), "fault #GP(0) rdmsr 0x%x", msr->index));
}

struct resume upcall_msr(struct frame *frame)
{
	struct frame_msr *msr = &frame->msr;
	unsigned length = msr->insn_len;

	/* Before the access: a fetch that fails means that it did not happen. */
	if (!length) {
		enum insn_op op = INSN_NONE;
		struct walk_context context;
		enum fetch_status status;

		walk_context_init(&context, frame, &guest_features.cpu);
		status = insn_fetch_length(frame, &context, &length, &op, &frame->event);
		if (status != FETCH_OK)
			return fetch_failed(frame, status);
		if (op != (msr->write ? INSN_WRMSR : INSN_RDMSR))
			return (struct resume){0};
	}
	msr->fault = msr->write ? !msr_write(frame->vcpu, msr->index, msr->value)
				: !msr_read(frame->vcpu, msr->index, &msr->value);
	if (msr->fault) {
		log_refusal(msr);
		length = 0; /* the exception is raised at the instruction */
	}
	return (struct resume){.insn_len = (uint8_t)length};
}
