/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handlers of upcalls, one for each reason in abi/frame.h. Each answers with how the guest goes
 * on, so that none can forget to skip the instruction. They run on the vCPU's own stack, on its own
 * CPU; other vCPUs' handlers run at the same time.
 */
#pragma once

#include "abi/frame.h"
#include "lib/types.h"

typedef struct resume (*upcall_t)(struct frame *frame);

struct resume upcall_event(struct frame *frame);
struct resume upcall_io(struct frame *frame);
struct resume upcall_io_string(struct frame *frame);
struct resume upcall_mmio(struct frame *frame);
struct resume upcall_length(struct frame *frame);
struct resume upcall_msr(struct frame *frame);
struct resume upcall_cr(struct frame *frame);
struct resume upcall_inta(struct frame *frame);
struct resume upcall_task_switch(struct frame *frame);
struct resume upcall_triple_fault(struct frame *frame);
