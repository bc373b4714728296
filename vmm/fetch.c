/* SPDX-License-Identifier: BSD-2-Clause */
/* One outcome for each way in which fetching an instruction can fail. */
#include "vmm/fetch.h"

#include "vmm/report.h"

struct resume fetch_failed(struct frame *frame, enum fetch_status status)
{
	if (status == FETCH_FAULT)
		return (struct resume){.groups = GROUP_EVENT};
	if (status == FETCH_NO_RAM)
		report_end(frame, REASON_EMULATION, "instruction fetch from where no RAM is");
	return (struct resume){0};
}
