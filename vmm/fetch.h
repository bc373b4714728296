/* SPDX-License-Identifier: BSD-2-Clause */
/* What the upcalls that fetch an instruction do when that fails. */
#pragma once

#include "vmm/insn_fetch.h"
#include "vmm/upcall.h"

/*
 * FETCH_FAULT: the event in frame->event is injected. FETCH_RETRY and FETCH_UNKNOWN: the guest runs
 * again, and if the instruction exits once more, that is at its own expense. FETCH_NO_RAM ends the
 * partition.
 */
struct resume fetch_failed(struct frame *frame, enum fetch_status status);
