/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names a CPU that takes no interrupts any more: the kernel is stuck there, or the hardware is. CPU 0 watches
 * all others, and the first of these CPU 0. An exit costs nothing: what is looked at is counted at each
 * physical interrupt, and a CPU that had none is sent a kick.
 */
#pragma once

#include "lib/types.h"

struct trap_frame;

/* On CPU 0 when the others run, and on each of these. */
void watchdog_start(void);

/* kernel_nmi calls this: tells where this CPU is, if the watchdog asked. */
void watchdog_check_nmi(const struct trap_frame *frame);

/* For how many seconds a CPU has been stuck, 0 if it is not. For a panic: takes no lock. */
unsigned watchdog_stuck(unsigned cpu);
