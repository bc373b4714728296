/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls of ring 3: one table, each row says who may call. Numbers and arguments: abi/calls.h. */
#pragma once

#include "kernel/vcpu.h"

struct trap_frame;

/* From call_gate.S, on the top of the main stack. kernel_resume is in upcall.c. */
noreturn void kernel_resume(struct resume answer);
void kernel_call(struct trap_frame *frame);

struct call_args {
	uint64_t arg[4];
	struct vcpu *v; /* a VMM's call: its vCPU; NULL: the console's */
	struct trap_frame *frame;
};

typedef int64_t (*call_fn)(const struct call_args *args);

/* Bounds of text that comes with a call. */
enum { CALL_TEXT_MAX = 768 };

/* calls_vmm.c and calls_console.c: indexed by enum call; NULL: no such call. */
extern const call_fn vmm_calls[];
extern const unsigned vmm_call_count;
extern const call_fn console_calls[];
extern const unsigned console_call_count;
