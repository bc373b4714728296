/* SPDX-License-Identifier: BSD-2-Clause */
/* What the upcalls that need the instruction emulator share. */
#pragma once

#include "vmm/emulate.h"
#include "vmm/upcall.h"

/*
 * Sets up an emulator for the frame. A caller has it on its stack, and the compiler should not
 * clear its buffer for each exit: declare it with UPCALL_EMULATOR.
 */
void upcall_emulator_init(struct emulate *e, struct frame *frame);

#define UPCALL_EMULATOR __attribute__((uninitialized)) struct emulate

/* How the guest goes on after that result; EMULATE_UNSUPPORTED ends the partition with a report. */
struct resume upcall_emulated(struct emulate *e, enum emulate_result result);
