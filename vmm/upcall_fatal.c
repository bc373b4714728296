/* SPDX-License-Identifier: BSD-2-Clause */
/* The exit after which the guest cannot go on. */
#include "vmm/upcall.h"

#include "vmm/report.h"

struct resume upcall_triple_fault(struct frame *frame)
{
	report_end(frame, REASON_TRIPLE, "triple fault");
}
