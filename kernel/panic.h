/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end: stops all CPUs and tells the story on the serial line, without a lock, whatever state
 * the machine is in. Also defines assert_failed (lib/assert.h) and panic_trap (arch/x86_64/trap.h).
 */
#pragma once

#include "lib/types.h"

noreturn void panic(const char *text, ...) printf_like(1, 2);

struct trap_frame;

/*
 * kernel_nmi calls this first: while another CPU panics it parks this one for good, else it
 * returns.
 */
void panic_check_nmi(const struct trap_frame *frame);

bool panic_in_progress(void);

/* What the hook below prints with; a line at most, no newline at the end: it is added. */
typedef void panic_print_fn(const char *text, ...) printf_like(1, 2);

/*
 * Defined by the vCPU code: the last exits that this CPU saw. Takes no lock and believes nothing.
 */
void panic_show_exits(unsigned cpu, panic_print_fn *print);
