/* SPDX-License-Identifier: BSD-2-Clause */
/* What trap.c and traps.S share. */
#pragma once

#include "arch/x86_64/descriptors.h"
#include "arch/x86_64/trap.h"

enum { TRAP_VECTORS = 256, TRAP_STUB_SIZE = 16 };

/* In .rodata: written before that becomes read-only. */
extern struct gate trap_idt[TRAP_VECTORS];
extern const uint8_t trap_stubs[];

/* Addresses of the IRETQs that may go to ring 3: SITE. call_gate.S need not have one. */
extern const uint64_t trap_iret, ring3_return_iret, ring3_enter_iret;
extern const uint64_t call_gate_iret __attribute__((weak));

void trap_dispatch(struct trap_frame *frame);
noreturn void ring3_return(const struct ring3_state *state, uint64_t rflags);
