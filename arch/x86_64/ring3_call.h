/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code of somebody else's, run in ring 3 for its answer: the one crossing after which the caller goes on.
 * It runs on a stack of its own; the caller's stays as it is, with RSP0 below it. It may use all ports,
 * which its TSS opens, but IF stays set, and no gate is its to use: INT is #GP.
 */
#pragma once

#include "arch/x86_64/descriptors.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/trap_asm.h"

enum { PORT_MAP_SIZE = 65536 / 8 };

/* Page-aligned; RING3_CALL_PAGES of them. */
struct ring3_call {
	struct gate idt[TRAP_VECTORS];
	struct tss tss;
	/* The last byte is all ones: SDM 1 19.5.2 "I/O Permission Bit Map". */
	uint8_t port_map[PORT_MAP_SIZE + 1];
};

enum { RING3_CALL_PAGES = (sizeof(struct ring3_call) + PAGE_SIZE - 1) / PAGE_SIZE };

/* Once, zeroed. */
void ring3_call_init(struct ring3_call *call);

/*
 * Runs state until ring3_call_end, and answers what that is given. IF=0, on a main stack, the right CR3
 * loaded; the caller's traps must lead to ring3_call_end in the end. The x87's and SSE's control registers
 * are as UEFI 2.10 2.3.4 "x64 Platforms" has them; their state is lost.
 */
uint64_t ring3_call(struct ring3_call *call, const struct ring3_state *state);

/* In a trap of that code, on the same CPU. */
noreturn void ring3_call_end(struct ring3_call *call, uint64_t answer);
