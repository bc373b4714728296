/* SPDX-License-Identifier: BSD-2-Clause */
/* The exit after which the guest cannot go on. */
#include "vmm/upcall.h"

#include "vmm/post_mortem.h"
#include "vmm/report.h"

struct resume upcall_triple_fault(struct frame *frame)
{
	char found[POST_MORTEM_SIZE];

	post_mortem(frame, found);
	report_end(frame, REASON_TRIPLE, "triple fault%s%s", found[0] ? "\n" : "", found);
}
