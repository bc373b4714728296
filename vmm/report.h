/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends the partition with a text that tells the operator why: what `show` prints. */
#pragma once

#include "abi/frame.h"
#include "abi/info.h"
#include "lib/types.h"
#include "vmm/insn.h"

/* The reason's text alone: for a partition that could not start, or that ended by its own wish. */
noreturn void report_refuse(const char *text, ...) printf_like(1, 2);

/*
 * The text, then those of the guest's registers that the kernel filled in. The text may hold
 * several lines; it must not end with one.
 */
noreturn void report_end(const struct frame *frame, enum part_reason reason, const char *text, ...)
	printf_like(3, 4);

/*
 * For an instruction that cannot be emulated: names its bytes and, for an MMIO exit, the address.
 */
noreturn void report_instruction(const struct frame *frame);

/* The text of report_end. Returns its length, below size. */
size_t report_registers(const struct frame *frame, char *to, size_t size);

/* The bytes at CS:RIP in hexadecimal, as far as they can be read. Needs what an instruction fetch does. */
enum { REPORT_BYTES = 2 * INSN_MAX_LENGTH + 1 };
void report_bytes(const struct frame *frame, char text[REPORT_BYTES]);
